"""What the client asks of us by SETTINGS (RFC 9113, 6.5), checked."""

import struct

from pillion.http2.errors import ConnectionFault, ErrorCode

HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE, MAX_HEADER_LIST_SIZE = (
    range(1, 7)
)
DEFAULT_WINDOW = 65_535
MAX_WINDOW = (1 << 31) - 1
_PARAMETER = struct.Struct(">HL")


def parse(payload: bytes) -> dict[int, int]:
    """Read a SETTINGS frame; of a parameter that comes twice, the last counts. Raises `ConnectionFault`."""
    if len(payload) % _PARAMETER.size:
        raise ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, "SETTINGS that end in the middle of a parameter")
    found: dict[int, int] = {}
    for key, value in _PARAMETER.iter_unpack(payload):
        _check(key, value)
        found[key] = value
    return found


def _check(key: int, value: int) -> None:
    if key == ENABLE_PUSH and value > 1:
        raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, f"ENABLE_PUSH {value}")
    if key == INITIAL_WINDOW_SIZE and value > MAX_WINDOW:
        raise ConnectionFault(ErrorCode.FLOW_CONTROL_ERROR, f"INITIAL_WINDOW_SIZE {value}")
    if key == MAX_FRAME_SIZE and not 1 << 14 <= value < 1 << 24:
        raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, f"MAX_FRAME_SIZE {value}")
