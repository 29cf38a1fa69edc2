"""How long a connection may be silent, idle or old, and how much it may have at once."""

from pillion.value import Value


class Limits(Value):
    """The limits of each connection; seconds, bytes, counts."""

    streams: int = 100
    """Calls at once."""
    message: int = 16 << 20
    """Bytes of a client's message, and of all its incomplete messages together."""
    first: float = 10.0
    """Until a client has begun to speak HTTP/2."""
    silence: float = 30.0
    """Without a word, until the client is asked whether it is there."""
    answer: float = 10.0
    """For the answer to that."""
    idle: float = 300.0
    """Without a call."""
    age: float = 0.0
    """Until a connection is ended in good order, so that its client comes again, perhaps elsewhere; 0 for never."""
    farewell: float = 10.0
    """For the calls of a connection that is to end, and for what is to be sent on it yet."""
