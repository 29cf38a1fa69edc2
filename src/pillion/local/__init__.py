"""A mesh on one Linux host: pods as network namespaces, a small kubelet, a network, and a teardown that proves itself.

- `fabric/` the pods' network: routing, cluster IPs and DNS, in a network namespace of its own
- `kubelet/` runs pods: namespaces, init containers, containers, probes, logs
- `addresses` which pod and which Service has which IP address (pure)
- `services` Services with their cluster IPs, as the fabric carries them (pure)
- `endpoints` Services and Pods to EndpointSlices (pure)
- `workloads` workload documents to pods, `rollout` the next step from the pods that are to those that are wanted (pure)
- `state` where a mesh keeps what it must remember, and the lock that keeps it single
- `journal` what was made on this machine; `undo` takes it away again
- `inventory` what there is on this machine, for the proof that nothing was left; `proc` what the kernel says
- `server/` `pillion up`: files in, a running mesh out; `client` and `requester` speak to it
- `watch` follows files
"""
