"""`names.py ADDRESS FOLDER SERVER`: the names of a cluster's Services, as Kubernetes' DNS specification has them.

Answers for Services with an address of their own; there is no way out, so any other name does not exist.
"""

import json
import socket
import ssl
import sys
import urllib.request
from pathlib import Path
from typing import Any

from dnslib import QTYPE, RCODE, RR, A, DNSRecord

ZONE = "svc.cluster.local"


class Names:
    """Asks the API server each time: a name is there as soon as its Service is."""

    def __init__(self, folder: Path, server: str) -> None:
        self._url = f"{server}/api/v1/services"
        self._tls = ssl.create_default_context(cafile=str(folder / "ca.crt"))
        self._tls.load_cert_chain(folder / "admin.crt", folder / "admin.key")

    def answer(self, question: DNSRecord) -> DNSRecord:
        """Answer one question."""
        reply = question.reply()
        name = str(question.q.qname).rstrip(".").lower()
        address = self._addresses().get(name)
        if address is None:
            reply.header.rcode = RCODE.NXDOMAIN
        elif question.q.qtype == QTYPE.A:
            reply.add_answer(RR(question.q.qname, QTYPE.A, rdata=A(address), ttl=5))
        return reply

    def _addresses(self) -> dict[str, str]:
        with urllib.request.urlopen(self._url, context=self._tls, timeout=10) as answer:
            services: list[dict[str, Any]] = json.load(answer)["items"]
        found = {
            f"{each['metadata']['name']}.{each['metadata']['namespace']}.{ZONE}": each["spec"].get("clusterIP", "")
            for each in services
        }
        return {name: address for name, address in found.items() if address not in {"", "None"}}


def main(address: str, folder: str, server: str) -> None:
    """Answer until killed."""
    names = Names(Path(folder), server)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        door.bind((address, 53))
        while True:
            data, sender = door.recvfrom(4096)
            try:
                door.sendto(names.answer(DNSRecord.parse(data)).pack(), sender)
            except OSError as problem:
                print("names:", problem, flush=True)  # noqa: T201 (its log)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3])
