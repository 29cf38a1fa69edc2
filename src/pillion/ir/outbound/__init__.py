"""Lower a scope into what a proxy does with its workload's calls.

- `build`: `lower_outbound`, the whole; it remembers parts by their inputs
- `all_backends`, `backends`: services and their rules to backends; `endpoints`: members as one client sees them
- `listener_slice`, `listeners`: who listens where, and who wins when two want one place; `entries`: one such place
- `tcp`: chains that copy bytes
- `routing/`: HTTP: tables, virtual hosts, routes
- `unknown`: what happens to traffic for unknown destinations; `shadowed`: VirtualServices that never count
- `destinations`, `addresses`: small questions that several of them ask
"""
