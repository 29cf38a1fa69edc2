"""Random worlds of services, rules and Sidecars, and random calls in them: the same seed gives the same world."""

import random
from typing import Any

from pillion.analysis.call import Call
from pillion.value import FrozenMap

NAMESPACES = ("shop", "pay", "ops")
NAMES = ("web", "cart", "ledger", "db")
PORTS = (("http", 80), ("http-alt", 8080), ("grpc", 8081), ("tcp", 9000), ("tls", 8443), ("", 7000), ("https", 443))
PATHS = ("/", "/v1/x", "/v2", "/v2/x?q=1", "/item/7", "/item/seven", "/A", "/a/../v2/x", "/v1?q=2")
METHODS = ("GET", "POST", "DELETE")
UNKNOWN = "203.0.113.10"
CLIENT = ("web", "shop", "10.1.0.1")


class World:
    """A world, and what may be called in it."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)
        self.mesh = {"outboundTrafficPolicy": {"mode": self._dice.choice(["ALLOW_ANY", "REGISTRY_ONLY"])}}
        self.documents: list[dict[str, Any]] = []
        self._targets: list[tuple[str, str, int, str]] = []
        """(host, address, port, protocol)"""
        for place, namespace in enumerate(NAMESPACES):
            for number, name in enumerate(NAMES):
                if self._dice.random() < 0.7:
                    self._service(namespace, name, f"10.96.{place}.{number + 1}")
        self._entries()
        for host, *_ in {(host,) for host, *_ in self._targets}:
            if self._dice.random() < 0.5:
                self._virtual_service(host)
        self._sidecar()
        self._peer_authentication()

    def calls(self, count: int) -> list[Call]:
        """Give random calls of the client."""
        return [self._inbound() if self._dice.random() < 0.2 else self._outbound() for _ in range(count)]

    def _add(self, api: str, kind: str, namespace: str, name: str, spec: dict[str, Any]) -> None:
        metadata = {"name": name, "namespace": namespace}
        self.documents.append({"apiVersion": api, "kind": kind, "metadata": metadata, "spec": spec})

    def _service(self, namespace: str, name: str, address: str) -> None:
        ports = self._dice.sample(PORTS, self._dice.randint(1, 4))
        host = f"{name}.{namespace}.svc.cluster.local"
        self._targets.extend((host, address, number, port.partition("-")[0]) for port, number in ports)
        spec: dict[str, Any] = {
            "clusterIP": address,
            "selector": {"app": name},
            "ports": [{"name": port or "x", "port": number} for port, number in ports],
        }
        self._add("v1", "Service", namespace, name, spec)
        if self._dice.random() < 0.5:
            subsets = [{"name": each, "labels": {"version": each}} for each in ("v1", "v2")]
            self._add("networking.istio.io/v1", "DestinationRule", namespace, name, {"host": host, "subsets": subsets})

    def _entries(self) -> None:
        hosts = {"api.example": "192.0.2.1", "*.wild.example": "", "db.example": "192.0.2.2"}
        for place, (host, address) in enumerate(hosts.items()):
            port = self._dice.choice([("HTTP", 80), ("TLS", 443), ("TCP", 9000), ("HTTP", 8080)])
            number = {"number": port[1], "name": port[0].lower(), "protocol": port[0]}
            spec: dict[str, Any] = {"hosts": [host], "ports": [number], "resolution": "NONE"}
            if address:
                spec |= {"addresses": [address], "resolution": "STATIC", "endpoints": [{"address": "192.0.2.99"}]}
            self._add("networking.istio.io/v1", "ServiceEntry", self._dice.choice(NAMESPACES), f"entry-{place}", spec)
            called = host.replace("*", "deep.wild")
            self._targets.append((called, address or UNKNOWN, port[1], port[0].lower()))

    def _virtual_service(self, host: str) -> None:
        routes = [self._route(host, place) for place in range(self._dice.randint(1, 4))]
        if self._dice.random() < 0.7:
            routes.append({"name": "last", "route": [{"destination": {"host": host}}]})
        namespace = host.split(".")[1] if host.endswith(".local") else "shop"
        wanted = host if host.endswith(".local") or host.count(".") == 1 else "*.wild.example"
        name = wanted.replace("*", "any")
        self._add("networking.istio.io/v1", "VirtualService", namespace, name, {"hosts": [wanted], "http": routes})

    def _route(self, host: str, place: int) -> dict[str, Any]:
        dice = self._dice
        matches: list[dict[str, Any]] = [
            {"uri": {"prefix": "/v1"}},
            {"uri": {"exact": "/v2/x"}, "ignoreUriCase": dice.random() < 0.5},
            {"uri": {"regex": "/item/[0-9]+"}},
            {"uri": {"prefix": "/a"}, "ignoreUriCase": True},
            {"headers": {"x-user": {"exact": "ann"}}},
            {"headers": {"x-user": {"prefix": "b"}, "x-other": {}}},
            {"headers": {"x-user": {"regex": "[a-z]{3}"}}},
            {"withoutHeaders": {"x-user": {"exact": "ann"}}, "uri": {"prefix": "/v2"}},
            {"method": {"exact": dice.choice(METHODS)}},
            {"queryParams": {"q": {"exact": "1"}}},
            {"queryParams": {"q": {"regex": "[2-9]"}}},
        ]
        actions: list[dict[str, Any]] = [
            {"route": [{"destination": {"host": host, "subset": "v1"}}]},
            {"route": [{"destination": {"host": host}, "weight": 30}, {"destination": {"host": "cart"}, "weight": 70}]},
            {"route": [{"destination": {"host": f"ledger.{dice.choice(NAMESPACES)}.svc.cluster.local"}}]},
            {"redirect": {"uri": "/new", "authority": "other.example", "redirectCode": 302}},
            {"directResponse": {"status": dice.choice([204, 404, 503])}},
        ]
        chosen = dice.sample(matches, dice.randint(1, 2))
        return {"name": f"r{place}", "match": chosen, **dice.choice(actions)}

    def _sidecar(self) -> None:
        choices = ["./*", "shop/*", "pay/*", "*/ledger.ops.svc.cluster.local", "*/api.example", "ops/*", "*/*"]
        hosts = self._dice.sample(choices, self._dice.randint(1, 3))
        spec: dict[str, Any] = {"egress": [{"hosts": hosts}]}
        if self._dice.random() < 0.3:
            port = {"number": 80, "protocol": "HTTP", "name": "http"}
            spec["egress"].insert(0, {"port": port, "hosts": [self._dice.choice(choices)]})
        if self._dice.random() < 0.7:
            self._add("networking.istio.io/v1", "Sidecar", "shop", "default", spec)

    def _peer_authentication(self) -> None:
        mode = self._dice.choice(["STRICT", "PERMISSIVE", "DISABLE"])
        self._add("security.istio.io/v1", "PeerAuthentication", "istio-system", "default", {"mtls": {"mode": mode}})

    def _outbound(self) -> Call:
        dice = self._dice
        host, address, port, protocol = dice.choice(self._targets)
        if dice.random() < 0.15:
            host, address = "www.unknown.example", UNKNOWN
        if dice.random() < 0.15:
            protocol = dice.choice(["http", "grpc", "tcp", "tls"])
        return self._call(host, address, port, protocol)

    def _inbound(self) -> Call:
        protocol = self._dice.choice(["http", "grpc", "tcp"])
        port = self._dice.choice([80, 8080, 9000, 7000, 12345])
        return self._call("web.shop", CLIENT[2], port, protocol, "inbound")

    def _call(self, host: str, address: str, port: int, protocol: str, direction: Any = "outbound") -> Call:
        dice = self._dice
        if protocol in {"tls", "https"}:
            alpn = dice.choice([None, ("h2", "http/1.1"), ()])
            return Call(
                direction=direction, address=address, port=port, protocol="tcp", encryption="tls", sni=host, alpn=alpn
            )
        if protocol == "tcp":
            return Call(direction=direction, address=address, port=port, protocol="tcp")
        sent = {"x-user": dice.choice(["ann", "bob", "anna"]), "x-other": "1"}
        return Call(
            direction=direction,
            address=address,
            port=port,
            protocol="http2" if protocol == "grpc" else "http",
            host=dice.choice([host, f"{host}:{port}", host.upper()]),
            path=dice.choice(PATHS),
            method=dice.choice(METHODS),
            headers=FrozenMap({name: value for name, value in sent.items() if dice.random() < 0.6}),
        )
