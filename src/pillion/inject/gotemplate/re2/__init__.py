"""Go's regular expressions: linear in the text whatever the pattern, where Python's own can take for ever.

A pattern goes through `syntax` (a tree of `nodes`, with the sets of `classes`) and `program` (instructions) to
`pattern`, which runs them and is the door.
"""
