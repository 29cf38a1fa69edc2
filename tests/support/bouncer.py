"""A control plane that lets nobody in but the holder of one token: `bouncer.py ADDRESS FOLDER TOKEN`.

Prints `refused` or `let in` for every stream. FOLDER holds its tls.crt and tls.key.
"""

import sys
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc


class Bouncer(grpc.GenericRpcHandler):
    """Looks at the token of a stream."""

    def __init__(self, token: str) -> None:
        self.wanted = f"Bearer {token}"

    def service(self, handler_call_details: Any) -> Any:
        shown = dict(handler_call_details.invocation_metadata).get("authorization")

        def answer(requests: Iterator[bytes], context: Any) -> Iterator[bytes]:
            if shown != self.wanted:
                print("refused", flush=True)  # noqa: T201 (the test reads it)
                context.abort(grpc.StatusCode.UNAUTHENTICATED, "not you")
            print("let in", flush=True)  # noqa: T201 (the test reads it)
            for _ in requests:
                pass
            yield from ()

        return grpc.stream_stream_rpc_method_handler(answer)


def main(address: str, folder: Path, token: str) -> None:
    """Stand there until killed."""
    server = grpc.server(futures.ThreadPoolExecutor(8))
    server.add_generic_rpc_handlers((Bouncer(token),))
    proof = [((folder / "tls.key").read_bytes(), (folder / "tls.crt").read_bytes())]
    assert server.add_secure_port(address, grpc.ssl_server_credentials(proof))
    server.start()
    print("listening", flush=True)  # noqa: T201 (the test waits for it)
    server.wait_for_termination()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
