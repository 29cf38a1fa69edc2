import subprocess
import sys

CODE = """
import sys
from pillion.agent.lean import without_tls
with without_tls():
    import asyncio
assert "ssl" not in sys.modules
import ssl
with without_tls():
    assert sys.modules["ssl"] is ssl
print(asyncio.run(asyncio.sleep(0, "works")))
"""


def test_asyncio_without_tls_and_tls_afterwards() -> None:
    done = subprocess.run((sys.executable, "-c", CODE), capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout == "works\n"
