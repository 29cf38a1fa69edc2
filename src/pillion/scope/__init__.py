"""What one workload may see of the world, and because of which line: `SidecarScope` and the rules that select it.

`model` holds the values; `hosts` matches egress hosts; `listener` imports services and virtual services into one egress
listener; `selection` finds the Sidecar in force; `build` puts a scope together.
"""
