"""Go's own rules: `values` (its types), `numbers`, `quote`, `printing`, `printf`, `verbs`, `comparison`, `escape`."""
