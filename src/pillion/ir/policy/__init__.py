"""What rules say about one thing, each answered by a function of values.

- `traffic`: DestinationRule levels merged: mesh, rule, port, subset
- `pool`, `balancing`, `client_tls`: the parts of a traffic policy, in words of the IR; `retries`: of HTTP routes
- `peer`: PeerAuthentication merged: mesh, namespace, workload, port
- `cluster_local`: services whose members stay within their cluster
- `logging`: access logs from MeshConfig and Telemetry
- `connection`: headers and limits of HTTP connections, from MeshConfig and ProxyConfig
"""
