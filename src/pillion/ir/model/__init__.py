"""The vocabulary of what a proxy must do, one noun a module; imports nothing of the mesh.

- `key`: names of backends, listeners and route tables, as values
- `backend`: where traffic goes: discovery, balancing, limits; `tls`: how it is secured on the way
- `assignment`: the members of one backend as one client sees them
- `match`, `action`, `route`: HTTP routing; `table`: virtual hosts
- `listener`: where traffic comes in: chains, what they match and what they do
- `access_log`, `connection`: what a connection manager logs and how it treats connections
- `proxy`: the two halves, `OutboundIR` and `InboundIR`

Lengths of time are nanoseconds (`int`), `None` where not given.
"""
