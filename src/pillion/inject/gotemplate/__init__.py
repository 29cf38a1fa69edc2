"""Go's text/template and sprig, pure and bounded; knows nothing of meshes and could be a package of its own.

`template` is the door: `parse`, `parse_set`, `Template`. A text goes through `syntax` (tokens, tree) and is compiled to
closures: `actions` > `operands` > `fields` > `calls`, with what they share in `scope`. `functions` says what a
template function is, `builtins` has Go's own, `sprig.library` the others. `golang` knows Go's values and how it prints,
compares, quotes and reads them, `re2` its regular expressions. `limits` bounds what a rendering may cost; `errors` are
in Go's words.
"""
