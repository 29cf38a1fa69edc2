"""The door: one module a command, each offering a click command named `command`; no logic in here.

`main.py` knows the names and imports a module only when its command is called, so that `pillion --help` stays fast.
"""
