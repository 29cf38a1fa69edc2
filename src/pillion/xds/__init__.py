"""Serve any named, versioned resources over aggregated xDS: an island that does not know what a service is.

What comes in: a `View` (what one kind of proxy is to see) for each connected node. What goes out: Envoy's xDS, delta
and state of the world, with as few bytes as the protocol allows.

- `type_urls`: Envoy's names for the types, their order, and what waits for what.
- `resource`: the values: `Resource`, `Resources` of one type, `View`.
- `frame`: protobuf framing of responses, by hand, from bytes that are made once per resource.
- `request`: what a client says, parsed: `Node`, `DeltaRequest`, `StateRequest`.
- `subscription`: what one client wants of one type, and what it has.
- `stream`: one ADS stream as a state machine without I/O: requests and views in, responses out.
- `status`: what can be read about a stream while it runs.
- `cache`: which node sees which view; refuses a view that is not consistent.
- `provider`: what the server asks of whoever decides what clients see. `session`: one client's stream while it lasts.
- `server`: gRPC at addresses. `front`: sockets that say who is calling: Unix sockets, or TLS (`tls`).
"""
