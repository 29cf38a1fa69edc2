"""How much one request may ask for, and how much all of them together."""

from typing import Literal

from pillion.value import Value

OnError = Literal["refuse", "allow"]
"""What becomes of a pod that cannot be injected: the API server is told to refuse it, or to take it as it is."""


class Limits(Value):
    """The webhook's limits."""

    body: int = 6 * 1024 * 1024
    """Bytes of a body, after decompression. Istio's limit; the API server's own objects are smaller."""
    seconds: float = 9.0
    """For a whole request, from its first byte to the answer. Below the ten seconds that an API server waits."""
    waiting: int = 512
    """Reviews that are being answered or wait for it, at a time."""
    held: int = 64 * 1024 * 1024
    """Bytes of bodies, received and not answered yet, of all connections together."""
    connections: int = 2048
    head_seconds: float = 10.0
    """For the TLS handshake, and then for the first request's headers."""
