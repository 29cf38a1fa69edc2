"""A mesh on one Linux host: pods as network namespaces, a small kubelet, a network, and a teardown that proves itself.

- `fabric/` the pods' network: routing, cluster IPs and DNS, in a network namespace of its own
- `kubelet/` runs pods: namespaces, init containers, containers, probes, logs
- `addresses` which pod and which Service has which IP address (pure)
- `endpoints` Services and Pods to EndpointSlices (pure); `deployments` workload controllers: documents to pods (pure)
- `state` where a mesh keeps what it must remember, and the lock that keeps it single
- `journal` what was made on this machine, and how it is taken away again
- `inventory` what there is on this machine, for the proof that nothing was left
- `watch` follows files
"""
