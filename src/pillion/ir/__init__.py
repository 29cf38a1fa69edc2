"""What a proxy must do, in mesh words: a scope and a few facts of the proxy in, a `ProxyIR` out.

- `model/`: the vocabulary (an island: it knows neither Kubernetes nor Envoy)
- `traits`: the few facts of a proxy that change the result
- `memo`: a cache whose key is the input itself
- `policy/`: what rules say: traffic policy, client TLS, peer authentication, access logs, headers
- `outbound/`, `inbound/`: lower a scope into `OutboundIR`, a workload's services into `InboundIR`
"""
