"""Commands that inject files: `kube_inject`, `uninject`, and `texts`, the files that they name."""
