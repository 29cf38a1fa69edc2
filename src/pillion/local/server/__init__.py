"""`pillion up`: the mesh of one machine as a server; every other command is its client, over a Unix socket.

`overlay` joins watched files with what was applied; `desired` says which objects and pods that makes; `mesh` runs them;
`api` answers the commands.
"""
