from pillion.http2.errors import ConnectionFault, ErrorCode, StreamFault


def test_a_fault_names_its_code() -> None:
    assert str(ConnectionFault(ErrorCode.PROTOCOL_ERROR, "why")) == "PROTOCOL_ERROR: why"
    assert str(StreamFault(3, ErrorCode.CANCEL, "why")) == "stream 3: CANCEL: why"
