"""What can be read about a stream while it runs: enough to say whether a proxy has what it ought to have."""

from pillion.value import Value


class TypeStatus(Value):
    """One type on one stream."""

    type_url: str
    wildcard: bool
    names: int
    """How many names the client asked for by name."""
    sent_nonce: str = ""
    sent_version: str = ""
    """The version of all resources of the type when the last response was made."""
    acked_nonce: str = ""
    acked_version: str = ""
    nack_nonce: str = ""
    """Of the last refused response, until a later one is acknowledged."""
    nack: str = ""
    """The client's words about it."""
    nacked_names: tuple[str, ...] = ()
    pending: bool = False
    """Something is yet to be sent or acknowledged."""


class StreamStatus(Value):
    """One stream."""

    dialect: str
    node: str = ""
    peer: str = ""
    types: tuple[TypeStatus, ...] = ()
    """In the order of a push."""
    responses: int = 0
    resources: int = 0
    removed: int = 0
    bytes: int = 0
    """How much was sent since the stream began."""

    def of(self, type_url: str) -> TypeStatus | None:
        """Return the status of one type; None when the client never asked for it."""
        return next((each for each in self.types if each.type_url == type_url), None)
