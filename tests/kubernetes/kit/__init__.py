"""A real Kubernetes for the tests, from its own sources.

`programs` builds it once, `certificates` makes its keys, `control` starts and stops it; `node` plays a kubelet,
`network` the cluster's addresses, `kubelet` a node's door.

`cluster` has a real node instead: a `machine` of namespaces (`guard` holds it, `init` is its first process, `forward`
its way in, `names` its DNS) in which Debian's containerd (`debian`) runs pods from an `image` of ours.
"""
