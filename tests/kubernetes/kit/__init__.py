"""A real Kubernetes for the tests, from its own sources.

`programs` builds it once, `certificates` makes its keys, `control` starts and stops it; `node` plays a kubelet,
`network` the cluster's addresses. `cluster` has a real node instead: a `machine` of namespaces (held by `guard`, its first
process is `init`) in which Debian's containerd (`debian`) runs pods from an `image` of ours.
"""
