"""What injection does to every workload of a folder or dump, why, and what to mind: answers without a cluster.

`cases` finds the workloads and their namespaces, `diagnosis` injects each and keeps verdict, rules and patch,
`consequences` says what changes for its containers, `resources` adds up what the sidecar asks for, `drift` compares two
versions of the settings, `blast_radius` says whose pods stop when a webhook is down.
"""
