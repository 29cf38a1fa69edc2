"""What the kubelet does about what happens: pure functions over values, times given.

- `probes.py` what the answers of a probe mean.
- `restart.py` whether an ended container starts again, and when.
- `status.py` the pod's `status` that follows from its containers' states.
"""
