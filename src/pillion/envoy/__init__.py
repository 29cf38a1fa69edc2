"""`ProxyIR` to Envoy's v3 messages, one module for each of Envoy's nouns. Nothing is decided here.

- `names`: every name string that Istio gives to a cluster, listener, route table or virtual host
- `clusters`, `upstream`, `endpoints`: where traffic goes
- `listeners`, `filter_chains`, `http_connection_manager`: where it comes in
- `routing/`: what happens in between
- `tls`, `access_log`, `capabilities`, `messages/`: parts of the above
- `render`: the whole of an IR as `rendered` resources, with the names that each `needs`; `text`: the same as JSON
- `bootstrap`: what an Envoy is started with
- `view/`: the way back: a configuration of any Envoy as small values, for questions about it
"""
