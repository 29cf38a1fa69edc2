"""sprig's functions, a module for each noun; `library` has them all."""
