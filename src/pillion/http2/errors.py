"""HTTP/2's error codes, and the faults of a peer that end a stream or the whole connection (RFC 9113, 5.4 and 7)."""

from enum import IntEnum


class ErrorCode(IntEnum):
    """Why a stream or a connection ends."""

    NO_ERROR = 0x0
    PROTOCOL_ERROR = 0x1
    INTERNAL_ERROR = 0x2
    FLOW_CONTROL_ERROR = 0x3
    SETTINGS_TIMEOUT = 0x4
    STREAM_CLOSED = 0x5
    FRAME_SIZE_ERROR = 0x6
    REFUSED_STREAM = 0x7
    CANCEL = 0x8
    COMPRESSION_ERROR = 0x9
    CONNECT_ERROR = 0xA
    ENHANCE_YOUR_CALM = 0xB
    INADEQUATE_SECURITY = 0xC
    HTTP_1_1_REQUIRED = 0xD


class ConnectionFault(Exception):  # noqa: N818 (a fault of the peer, caught where frames are read)
    """The peer broke the protocol so that the connection cannot go on."""

    def __init__(self, code: ErrorCode, text: str) -> None:
        super().__init__(f"{code.name}: {text}")
        self.code = code
        self.text = text


class StreamFault(Exception):  # noqa: N818 (as above)
    """The peer broke the protocol on one stream; the others go on."""

    def __init__(self, stream: int, code: ErrorCode, text: str) -> None:
        super().__init__(f"stream {stream}: {code.name}: {text}")
        self.stream = stream
        self.code = code
        self.text = text
