"""TLS over a connection, with no buffer of its own while nothing comes.

asyncio's own TLS keeps 256 kB for each connection, which is several times what all the rest of a proxy's stream costs.
This one gives a protocol what it decrypted as it comes, and begins the protocol when the handshake is done.
"""

import asyncio
import ssl
from contextlib import suppress
from typing import Any, cast, final

HANDSHAKE_TIMEOUT = 10.0
FAREWELL_TIMEOUT = 1.0
MOST_UNSENT = 1 << 20
"""Bytes that may wait to be sent when TLS itself has to answer: a client can make it do so as often as it likes."""
MOST_IGNORED = 1 << 20
"""Bytes that a client may send when we do not listen any more."""
PIECE = 1 << 14
"""Bytes at a time; a record of TLS holds as much."""


@final
class SecureTransport(asyncio.Transport, asyncio.Protocol):
    """The server's side: a protocol to the connection below, a transport to the protocol above."""

    __slots__ = (
        "_above", "_below", "_closing", "_from_below", "_held", "_ignored", "_open", "_timer", "_tls", "_to_below",
    )  # fmt: skip

    def __init__(self, above: asyncio.Protocol, context: ssl.SSLContext) -> None:
        super().__init__()
        self._above = above
        self._from_below = ssl.MemoryBIO()
        self._to_below = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._from_below, self._to_below, server_side=True)
        self._below: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._open = False
        self._held = False
        self._closing = False
        self._ignored = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the client's first words, but not for ever."""
        self._below = cast(asyncio.Transport, transport)
        self._timer = asyncio.get_running_loop().call_later(HANDSHAKE_TIMEOUT, self._below.abort)

    def data_received(self, data: bytes) -> None:
        """Decrypt."""
        if self._closing:
            self._ignored += len(data)
            if self._ignored > MOST_IGNORED:
                self.abort()
            return
        self._from_below.write(data)
        if self._open or self._shook_hands():
            self._deliver()

    def _shook_hands(self) -> bool:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self._flush()
            return False
        except ssl.SSLError:
            self._flush()  # the client is told why
            self._end()
            return False
        self._flush()
        self._still()
        self._open = True
        self._above.connection_made(self)
        return True

    def _deliver(self) -> None:
        try:
            while not self._held and not self._closing:
                data = self._tls.read(PIECE)
                if not data:
                    self._end()
                    return
                self._above.data_received(data)
        except ssl.SSLWantReadError:
            self._flush()
        except ssl.SSLError:
            self._end()

    def _flush(self) -> None:
        if self._below is not None and self._to_below.pending:
            self._below.write(self._to_below.read())
            if self._below.get_write_buffer_size() > MOST_UNSENT:
                self.abort()

    def _still(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _end(self) -> None:
        """Close when all is sent; a client that does not read is not waited for."""
        self._closing = True
        if self._below is not None:
            self._still()
            self._timer = asyncio.get_running_loop().call_later(FAREWELL_TIMEOUT, self._below.abort)
            self._below.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the protocol above, if it ever began."""
        self._still()
        self._below = None
        self._closing = True
        if self._open:
            self._open = False
            self._above.connection_lost(exc)

    def eof_received(self) -> bool:
        """End: a client that closes its half has nothing more to ask."""
        return False

    def pause_writing(self) -> None:
        """Pass on that the connection is slow."""
        if self._open:
            self._above.pause_writing()

    def resume_writing(self) -> None:
        """Pass on that it goes again."""
        if self._open:
            self._above.resume_writing()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Encrypt and send."""
        if self._closing or self._below is None:
            return
        whole = memoryview(data)
        pieces: list[bytes] = []
        try:
            # OpenSSL's buffer keeps the size of the biggest piece that it ever held.
            for start in range(0, len(whole), PIECE):
                self._tls.write(whole[start : start + PIECE])
                pieces.append(self._to_below.read())
        except ssl.SSLError:
            self._end()
            return
        self._below.write(b"".join(pieces))

    def close(self) -> None:
        """Say goodbye and close when all is sent."""
        if not self._closing and self._below is not None:
            self._take_leave()
            self._below.close()

    def can_write_eof(self) -> bool:
        """Tell that it can say goodbye and wait for the client to go."""
        return True

    def write_eof(self) -> None:
        """Say goodbye when all is sent. What comes from now on is not listened to, but read: it does no harm."""
        if not self._closing and self._below is not None:
            self._take_leave()
            self._below.write_eof()

    def _take_leave(self) -> None:
        with suppress(ssl.SSLError, ValueError):  # the answer is not waited for
            self._tls.unwrap()
        self._flush()
        self._closing = True

    def abort(self) -> None:
        """Close at once."""
        self._closing = True
        if self._below is not None:
            self._below.abort()

    def is_closing(self) -> bool:
        """Return whether it is closed, or about to be."""
        return self._closing

    def pause_reading(self) -> None:
        """Stop giving data."""
        self._held = True
        if self._below is not None:
            self._below.pause_reading()

    def resume_reading(self) -> None:
        """Give data again; what came meanwhile comes first."""
        self._held = False
        if self._below is not None and not self._closing:
            self._below.resume_reading()
            self._deliver()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Set when `pause_writing` is called."""
        if self._below is not None:
            self._below.set_write_buffer_limits(high, low)

    def get_write_buffer_size(self) -> int:
        """Return how many bytes, encrypted, wait to be sent."""
        return 0 if self._below is None else self._below.get_write_buffer_size()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Tell of the client's certificate (`peercert`, when it is good), else of the connection below."""
        if name == "peercert":
            return self._tls.getpeercert()
        return default if self._below is None else self._below.get_extra_info(name, default)
