"""Into and out of Kubernetes: what an installation makes, as values; applying it; and taking it away with proof.

Pure: `options` is what can be chosen; `names`, `settings`, `rights`, `workloads`, `webhooks`, `crd` make the objects,
`objects` puts them in order. `ownership` tells what is ours; `plan` compares what is wanted with what is there;
`inventory` lists what we ever made and `removal` decides what becomes of it. Shells: `cluster` reads and writes an API
server, `apply` installs, `authority` keeps the key that vouches for the webhook, `uninstall` removes and proves it.
"""
