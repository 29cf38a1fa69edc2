import pytest

from pillion.http2 import settings
from pillion.http2.errors import ConnectionFault, ErrorCode
from support.h2 import parsed
from support.h2 import settings as said


def test_the_last_value_counts_and_unknown_parameters_are_no_fault() -> None:
    (frame,) = parsed(said(window=1, frame=1 << 14))
    payload = frame.payload + b"\0\x04\0\0\0\x05" + b"\xff\xff\0\0\0\x01"
    assert settings.parse(payload) == {4: 5, 5: 1 << 14, 0xFFFF: 1}


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"\0\x04\0\0\0", ErrorCode.FRAME_SIZE_ERROR),
        (b"\0\x02\0\0\0\x02", ErrorCode.PROTOCOL_ERROR),
        (b"\0\x04\x80\0\0\0", ErrorCode.FLOW_CONTROL_ERROR),
        (b"\0\x05\0\0\x3f\xff", ErrorCode.PROTOCOL_ERROR),
        (b"\0\x05\x01\0\0\0", ErrorCode.PROTOCOL_ERROR),
    ],
)
def test_what_no_client_may_ask_is_a_fault(payload: bytes, code: ErrorCode) -> None:
    with pytest.raises(ConnectionFault) as fault:
        settings.parse(payload)
    assert fault.value.code == code
