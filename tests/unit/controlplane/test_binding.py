"""What is said of an address that cannot be listened at."""

import socket

import pytest

from pillion.controlplane.binding import BindingError, binding


def said(host: str, port: int) -> str:
    with pytest.raises(BindingError) as problem, binding(host, port):
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    return str(problem.value)


def test_a_taken_address_is_named_with_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert said("127.0.0.1", port) == (
            f"cannot listen at 127.0.0.1:{port}: another process listens there; end that one, or choose another port"
        )


def test_an_address_of_another_machine_is_told() -> None:
    assert said("192.0.2.1", 0).startswith("cannot listen at 192.0.2.1:0: this machine does not have that address; ")


def test_whatever_else_is_wrong_names_the_address_too() -> None:
    with pytest.raises(BindingError, match=r"cannot listen at \[::1\]:80: out of it"), binding("::1", 80):
        raise OSError("out of it")
    with pytest.raises(BindingError, match=r"there is no host nowhere$"), binding("nowhere", 80):
        raise socket.gaierror(socket.EAI_NONAME, "unknown")


def test_what_listens_is_left_alone() -> None:
    with binding("127.0.0.1", 0), socket.create_server(("127.0.0.1", 0)) as server:
        assert server.getsockname()[1]
