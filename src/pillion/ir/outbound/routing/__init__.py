"""HTTP routing of a workload's calls: route tables, their virtual hosts, the routes of VirtualServices.

- `tables`: the table behind a chain; `hosts`: its virtual hosts; `defaults`: those that services have by themselves
- `domains`: the names of a service
- `routes`: the routes of a VirtualService; `matches`, `actions`, `headers`, `hashing`: their parts
"""
