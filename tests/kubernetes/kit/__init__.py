"""A real Kubernetes for the tests, from its own sources.

`programs` builds it once, `certificates` makes its keys, `control` starts and stops it; `node` plays a kubelet,
`network` the cluster's addresses.
"""
