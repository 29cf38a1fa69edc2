"""Lower a workload's services into what its proxy does with calls to it.

- `build`: `lower_inbound`, the whole; `inputs`: what of scope, workload and proxy it depends on
- `ports`: which ports are listened on, and who asked for them
- `chains`: the filter chains of a port, by what peer authentication lets in
- `listeners`: `virtualInbound`, and ports with a socket of their own
- `backends`: where calls end: the workload's ports, or a Sidecar's `defaultEndpoint`
"""
