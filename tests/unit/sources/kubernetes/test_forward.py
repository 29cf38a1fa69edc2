import pytest

from pillion.sources.kubernetes.client import ApiError
from pillion.sources.kubernetes.forward import Page, Place, is_whole, parsed

PLACE = Place(namespace="istio-system", pod="istiod-1", port=8080)
SIZED = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n"


@pytest.mark.parametrize("answer", [SIZED, CHUNKED])
def test_an_answer_is_whole_at_its_last_byte(answer: bytes) -> None:
    assert is_whole(answer)
    assert not any(is_whole(answer[:length]) for length in range(len(answer)))


def test_an_empty_answer_in_chunks_is_whole() -> None:
    assert is_whole(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")


def test_reads_status_and_body() -> None:
    assert parsed(SIZED, PLACE) == Page(status=200, body=b"ok")
    assert parsed(CHUNKED, PLACE) == Page(status=404, body=b"no")
    until_closed = parsed(b"HTTP/1.1 200 OK\r\n\r\nall of it", PLACE)
    assert (until_closed.body, is_whole(b"HTTP/1.1 200 OK\r\n\r\nall of it")) == (b"all of it", False)


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-OpenSSH\r\n", SIZED[:-1], CHUNKED[:-7]])
def test_says_which_port_answers_something_else(answer: bytes) -> None:
    with pytest.raises(ApiError, match="port 8080 of pod istio-system/istiod-1 answers with something else than HTTP"):
        parsed(answer, PLACE)
