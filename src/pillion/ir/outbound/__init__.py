"""Lower a scope into what a proxy does with its workload's calls.

- `build`: `lower_outbound`, the whole; it remembers parts by their inputs
- `backends`: services and their rules to backends; `endpoints`: a backend's members as one client sees them
- `listeners`: who listens where, and who wins when two want one place; `entries`: one such place
- `tcp`: chains that copy bytes; `http`: chains that route by a table
- `tables`: route tables; `hosts`: their virtual hosts; `domains`: the names of a service
- `routes`, `matches`, `actions`, `headers`, `hashing`: one HTTP route, part by part
- `unknown`: what happens to traffic for unknown destinations
- `destinations`, `addresses`: small questions that several of them ask
"""
