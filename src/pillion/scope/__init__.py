"""What one workload may see of the world, and because of which line: `SidecarScope` and the rules that select it.

`model` holds the values; `hosts` matches egress hosts; `imports` takes services and virtual services into one egress
listener, `merge` makes one of those that meet; `selection` finds the Sidecar in force, `filters`, `policies` and
`attachment` what else selects a workload. `input` cuts out of the world what a scope is made from, `build` makes it,
`scopes` remembers it.
"""
