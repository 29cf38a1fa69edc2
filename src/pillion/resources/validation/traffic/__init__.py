"""What a traffic policy holds: `policy` around `pool`, `load_balancer` and `locality`."""
