"""The API server of a Kubernetes cluster: what it holds, and every change to it.

`access` says where it is and who we are (a kubeconfig, or a pod's own account), `credentials` gives what proves it,
`client` speaks HTTP, `forward` HTTP with a port of a pod. `watched` names the collections, `decoding` reads their
objects narrowly; `reflector` decides what to ask next, without I/O, and `watcher` asks. `cluster` runs one watcher a
collection and hands changes on.
"""
