"""Questions about a configuration, answered with nothing running. Pure; Envoy's configurations come as `envoy.view`.

- `call`: a connection or request, and what becomes of it (`Call`, `Result`)
- `simulate`: one call through one proxy's configuration, by way of
  `listeners`, `filter_chains`, `virtual_hosts`, `routes` (with `matchers` and `paths`) and `faults`
- `reach`: a pod's call in a world: the name resolved (`destination`), the proxy told, the call simulated
- `injection`: what injection does to workloads, and why
"""
