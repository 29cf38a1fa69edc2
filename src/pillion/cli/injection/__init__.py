"""Commands about injection: `kube_inject`, `uninject`, `doctor`, `status`. `texts` and `settings` are read by them."""
