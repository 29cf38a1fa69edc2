"""From template text to a tree: `lexer` (tokens), `literals` (numbers), `parser`, `nodes` (the tree)."""
