"""Replay calls through the real Envoy: what it was told, but for two things, so that all stays on loopback.

A captured connection's original destination comes by the PROXY protocol instead of iptables: Envoy hands it on to the
listener for that address just the same. Clusters have no endpoints, for where a call is sent is all that is asked.
"""

import json
import socket
import ssl
import subprocess
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from envoy.config.bootstrap.v3 import bootstrap_pb2
from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.listener.v3 import listener_pb2
from envoy.config.route.v3 import route_pb2
from envoy.extensions.access_loggers.stream.v3 import stream_pb2
from envoy.extensions.filters.listener.proxy_protocol.v3 import proxy_protocol_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2
from envoy.extensions.filters.network.tcp_proxy.v3 import tcp_proxy_pb2
from google.protobuf import json_format

from pillion.analysis.call import Call
from pillion.analysis.filter_chains import OFFERED
from pillion.envoy.rendered import CLUSTER, LISTENER, ROUTES, Rendered
from support.ports import free_ports

MANAGER = "envoy.filters.network.http_connection_manager"
PROXY = "envoy.filters.network.tcp_proxy"
ENDS = {"virtualOutbound", "virtualInbound"}
"""The listeners at which captured connections arrive."""
SOURCE = "198.51.100.1"
Seen = dict[str, str]
"""What Envoy said about a call: listener, chain, route_config, route, cluster, status, location, flags."""


class Replay:
    """An Envoy that runs, and the ports behind which captured connections arrive."""

    def __init__(
        self,
        process: subprocess.Popen[str],
        ports: Mapping[str, int],
        bootstrap: bootstrap_pb2.Bootstrap,
        admin: int,
    ) -> None:
        self.bootstrap: dict[str, Any] = json_format.MessageToDict(bootstrap)
        self._process = process
        self._ports = ports
        self._admin = admin
        self._calls = 0

    def dump(self) -> dict[str, Any]:
        """Give what Envoy says that it is configured with."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self._admin}/config_dump?include_eds", timeout=20) as answer:
            found: dict[str, Any] = json.load(answer)
            return found

    def call(self, call: Call) -> Seen:
        """Make a call and wait for what Envoy logs about it."""
        self._calls += 1
        source = 10_000 + self._calls
        family = "TCP6" if ":" in call.address else "TCP4"
        port = self._ports["virtualInbound" if call.direction == "inbound" else "virtualOutbound"]
        with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
            connection.sendall(f"PROXY {family} {SOURCE} {call.address} {source} {call.port}\r\n".encode())
            connection.sendall(_first_bytes(call))
            answer = _read(connection, call)
        seen: Seen = {}
        assert self._process.stdout
        for line in self._process.stdout:
            if not line.startswith("{"):
                continue
            logged: dict[str, Any] = json.loads(line)
            if str(logged.pop("source")) != str(source):
                continue
            seen |= {name: str(value) for name, value in logged.items() if value not in {None, "-"}}
            if logged.get("last"):
                break
        return seen | answer


@contextmanager
def replaying(rendered: Iterable[Rendered], binary: Path, folder: Path) -> Iterator[Replay]:
    """Start an Envoy with a rendered configuration and end it afterwards."""
    resources = list(rendered)
    present = {each.name for each in resources if each.type_url == LISTENER}
    admin, *others = free_ports(1 + len(present & ENDS))
    ports = dict(zip(sorted(present & ENDS), others, strict=True))
    bootstrap = _bootstrap(resources, ports)
    bootstrap.admin.address.socket_address.address = "127.0.0.1"
    bootstrap.admin.address.socket_address.port_value = admin
    file = folder / "bootstrap.pb"
    file.write_bytes(bootstrap.SerializeToString())
    words = [str(binary), "-c", str(file), "--log-level", "error", "--concurrency", "1", "--disable-hot-restart"]
    with (folder / "envoy.log").open("w") as errors:
        process = subprocess.Popen(
            [*words, "--file-flush-interval-msec", "10"], stdout=subprocess.PIPE, stderr=errors, text=True
        )
    try:
        _await_listening(process, ports, folder / "envoy.log")
        yield Replay(process, ports, bootstrap, admin)
    finally:
        process.terminate()
        process.communicate(timeout=20)


def _await_listening(process: subprocess.Popen[str], ports: Mapping[str, int], log: Path) -> None:
    for port in ports.values():
        while True:
            assert process.poll() is None, log.read_text()[-3000:]
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=1):
                    break
            except OSError:
                continue


def _bootstrap(rendered: list[Rendered], ports: Mapping[str, int]) -> bootstrap_pb2.Bootstrap:
    bootstrap = bootstrap_pb2.Bootstrap()
    bootstrap.node.id, bootstrap.node.cluster = "replay", "replay"
    tables = {
        each.name: route_pb2.RouteConfiguration.FromString(each.body) for each in rendered if each.type_url == ROUTES
    }
    for each in rendered:
        if each.type_url == CLUSTER:
            cluster = cluster_pb2.Cluster(name=each.name)
            cluster.load_assignment.cluster_name = each.name
            cluster.connect_timeout.seconds = 1
            bootstrap.static_resources.clusters.append(cluster)
        elif each.type_url == LISTENER:
            listener = listener_pb2.Listener.FromString(each.body)
            if listener.name in ports or not _bound(listener):
                _instrument(listener, tables, ports)
                bootstrap.static_resources.listeners.append(listener)
    return bootstrap


def _bound(listener: listener_pb2.Listener) -> bool:
    return not listener.HasField("bind_to_port") or listener.bind_to_port.value


def _instrument(
    listener: listener_pb2.Listener, tables: Mapping[str, route_pb2.RouteConfiguration], ports: Mapping[str, int]
) -> None:
    name = listener.name
    del listener.access_log[:]
    ends = {"listener": name, "chain": "%FILTER_CHAIN_NAME%", "tcp_cluster": "%UPSTREAM_CLUSTER_RAW%", "last": True}
    _log(listener, ends | {"connection_flags": "%RESPONSE_FLAGS%"})
    if name in ports:
        listener.address.socket_address.address = "127.0.0.1"
        listener.address.socket_address.port_value = ports[name]
        del listener.additional_addresses[:]
        kept = [each for each in listener.listener_filters if each.name != "envoy.filters.listener.original_dst"]
        del listener.listener_filters[:]
        first = listener.listener_filters.add(name="envoy.filters.listener.proxy_protocol")
        first.typed_config.Pack(proxy_protocol_pb2.ProxyProtocol())
        listener.listener_filters.extend(kept)
    for chain in (*listener.filter_chains, listener.default_filter_chain):
        chain.ClearField("transport_socket")
        for each in chain.filters:
            if each.name == MANAGER:
                _instrument_manager(each, tables)
            elif each.name == PROXY:
                proxy = tcp_proxy_pb2.TcpProxy()
                each.typed_config.Unpack(proxy)
                del proxy.access_log[:]
                each.typed_config.Pack(proxy)


def _instrument_manager(each: Any, tables: Mapping[str, route_pb2.RouteConfiguration]) -> None:
    manager = http_connection_manager_pb2.HttpConnectionManager()
    each.typed_config.Unpack(manager)
    del manager.access_log[:]
    manager.delayed_close_timeout.nanos = 10_000_000
    logged: dict[str, Any] = {
        "route": "%ROUTE_NAME%",
        "cluster": "%UPSTREAM_CLUSTER_RAW%",
        "status": "%RESPONSE_CODE%",
        "flags": "%RESPONSE_FLAGS%",
    }
    if manager.HasField("rds"):
        logged["route_config"] = manager.rds.route_config_name
        manager.route_config.CopyFrom(tables[manager.rds.route_config_name])
    _log(manager, logged)
    each.typed_config.Pack(manager)


def _log(owner: Any, logged: Mapping[str, Any]) -> None:
    config = stream_pb2.StdoutAccessLog()
    config.log_format.json_format.update({"source": "%DOWNSTREAM_REMOTE_PORT%", **logged})
    log = owner.access_log.add(name="envoy.access_loggers.stdout")
    log.typed_config.Pack(config)


def _first_bytes(call: Call) -> bytes:
    if call.encryption != "plaintext":
        return _hello(call)
    match call.protocol:
        case "tcp":
            return b"\x00\x01\x02\x03 neither HTTP nor TLS\r\n"
        case "http":
            headers = "".join(f"{name}: {value}\r\n" for name, value in call.headers.items())
            head = f"{call.method} {call.path} HTTP/1.1\r\nhost: {call.host}\r\nconnection: close\r\n{headers}\r\n"
            return head.encode()
        case "http2":
            return _http2(call)


def _hello(call: Call) -> bytes:
    context = ssl.create_default_context()
    offered = call.alpn if call.alpn is not None else OFFERED.get((call.encryption, call.protocol), ())
    if offered:
        context.set_alpn_protocols(list(offered))
    outgoing = ssl.MemoryBIO()
    name = call.sni if call.sni is not None else call.host
    context.check_hostname = bool(name)
    connection = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=name or None)
    try:
        connection.do_handshake()
    except ssl.SSLWantReadError:
        return outgoing.read()
    raise AssertionError("a handshake needs two")


def _http2(call: Call) -> bytes:
    def text(value: str) -> bytes:
        raw = value.encode()
        assert len(raw) < 127
        return bytes([len(raw)]) + raw

    pairs = {":method": call.method, ":scheme": "http", ":path": call.path, ":authority": call.host, **call.headers}
    block = b"".join(b"\x00" + text(name) + text(value) for name, value in pairs.items())
    settings = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
    header = len(block).to_bytes(3, "big") + b"\x01\x05\x00\x00\x00\x01"
    return b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + settings + header + block


def _read(connection: socket.socket, call: Call) -> Seen:
    """Read until the answer is there or Envoy hangs up; give the location of a redirect."""
    data = b""
    while True:
        try:
            piece = connection.recv(65536)
        except ConnectionResetError:
            break
        data += piece
        if not piece or (call.protocol == "http2" and _ended(data)):
            break
    for line in data.split(b"\r\n") if data.startswith(b"HTTP/1") else ():
        name, _, value = line.partition(b": ")
        if name.lower() == b"location":
            return {"location": value.decode()}
    return {}


def _ended(data: bytes) -> bool:
    """Return whether a frame ended the stream."""
    while len(data) >= 9:
        length = int.from_bytes(data[:3], "big")
        if data[3] in {0, 1} and data[4] & 1:
            return True
        data = data[9 + length :]
    return False
