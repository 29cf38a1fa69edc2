"""Commands about injection: `kube_inject`, `uninject`, and `texts`, the files that they name; `doctor` and `status`."""
