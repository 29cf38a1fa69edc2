"""Scripts that run inside a pod's namespaces, before the process that they become.

- `sandbox.py` makes the pod's view of the file system, then becomes the pod's PID 1.
- `container.py` makes one container's view, gives up rights, then becomes the container's command.
- `syscalls.py` the few system calls that Python 3.11 does not offer.

They are started as files by `python -S -E`, import the standard library only, and leave nothing of Python in memory:
each ends in an `exec`. Their plans come marshalled in a memory file: the same interpreter reads and writes them, and
`json` would cost a third of the start-up time.
"""
