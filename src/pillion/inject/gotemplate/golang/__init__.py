"""Go's own rules: `values` (its types), how it reads and writes them, and how it compares them.

Reading and writing: `numbers`, `quote`, `json`, `times`, `durations`, `escape`; `printing` and `printf` over `verbs`.
"""
