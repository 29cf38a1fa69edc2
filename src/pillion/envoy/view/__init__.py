"""A configuration of any Envoy as small read-only values: what decides where a call goes, and nothing else.

- `listener`: listeners, their filters and filter chains, and what a chain hands a connection to
- `matcher`: how strings, headers and query parameters are matched
- `route`: route tables, virtual hosts, routes and their actions
- `configuration`: all of it together, with the clusters
- `read`: a `Configuration` from JSON, ours or a dump's; `read_listener` and `read_route` read its parts

Nothing here knows protobuf: JSON comes in, in snake case (Envoy's admin port) or camel case (proto3 JSON).
"""
