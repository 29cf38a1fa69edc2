"""What a pod asks for, read from its document: pure values.

- `pod.py` the parts of a pod's `spec` that the kubelet acts upon.
- `env.py` a container's environment, and `$(VAR)` in its command.
- `volumes.py` files and folders, and where each container sees them.
- `security.py` the user and capabilities that a container runs with.
"""
