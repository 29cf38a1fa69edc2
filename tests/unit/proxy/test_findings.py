"""A security policy that is not evaluated is an error wherever it is shown."""

import pytest

from pillion.mesh.catalog import Catalog
from pillion.proxy.settings import mesh_settings
from pillion.proxy.telling import Teller
from pillion.resources.decode import decode
from pillion.resources.documents import read
from pillion.value import Diagnostics
from support.proxies import sidecar

POD = """
apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: {namespace}, labels: {{app: {app}}}}}
spec: {{containers: [{{name: app, image: app}}]}}
status: {{podIP: 10.1.0.{number}, phase: Running}}
---
"""
POLICY = """
apiVersion: security.istio.io/v1
kind: {kind}
metadata: {{name: rule, namespace: {namespace}}}
spec: {spec}
---
"""


def world_of(*documents: str) -> tuple[Teller, Catalog]:
    found = (decode(each.content)[0] for each in read("".join(documents)).documents)
    return Teller(), Catalog().with_changes(each for each in found if each is not None)


def told(*documents: str) -> tuple[Diagnostics, Diagnostics, Diagnostics]:
    """Give what is told of a world, of a proxy of `shop/web`, and of one of `shop/cart`."""
    teller, catalog = world_of(*documents)
    world, found = teller.build(catalog, mesh_settings({})[0])
    web, cart = (teller.told(world, sidecar(name, "shop", f"10.1.0.{n}")) for n, name in ((1, "web"), (2, "cart")))
    return found, web.diagnostics, cart.diagnostics


PODS = [POD.format(name=f"web-{n}", namespace="shop", app="web", number=n) for n in range(1, 8)]
SELECTING = "{selector: {matchLabels: {app: web}}}"


def test_the_policy_and_what_it_selects_are_named() -> None:
    found, web, cart = told(*PODS, POLICY.format(kind="AuthorizationPolicy", namespace="shop", spec=SELECTING))
    assert [(each.code, each.severity, each.where.resource) for each in found] == [
        ("policy-not-evaluated", "error", "AuthorizationPolicy shop/rule")
    ]
    assert "shop/web-1, shop/web-2, shop/web-3, shop/web-4, shop/web-5 and 2 more" in found[0].message
    assert "no request is refused" in found[0].message
    assert [each.code for each in web] == ["policy-not-evaluated"]
    assert cart == ()


def test_in_the_root_namespace_it_selects_in_all() -> None:
    policy = POLICY.format(kind="RequestAuthentication", namespace="istio-system", spec="{}")
    found, web, cart = told(PODS[0], POD.format(name="db-0", namespace="pay", app="db", number=9), policy)
    assert "pay/db-0, shop/web-1" in found[0].message
    assert [each.code for each in (*web, *cart)] == ["policy-not-evaluated"] * 2


def test_a_policy_that_selects_nothing_yet_is_told_too() -> None:
    found, web, _ = told(POLICY.format(kind="AuthorizationPolicy", namespace="pay", spec="{}"))
    assert "no workload that is there now" in found[0].message
    assert web == ()


def test_a_world_without_policies_has_nothing_to_tell() -> None:
    assert told(*PODS) == ((), (), ())


SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}, {name: admin, port: 9090}]}
---
"""


def levels(*ports: int, selected: str = "web", namespace: str = "shop") -> str:
    modes = ", ".join(f"{port}: {{mode: DISABLE}}" for port in ports)
    spec = f"{{selector: {{matchLabels: {{app: {selected}}}}}, portLevelMtls: {{{modes}}}}}"
    return POLICY.format(kind="PeerAuthentication", namespace=namespace, spec=spec)


def test_a_mode_for_the_port_of_a_service_names_the_port_that_is_meant() -> None:
    found, *_ = told(*PODS, SERVICE, levels(80, 8080, 9090, 7))
    assert [(each.code, each.severity, str(each.where)) for each in found] == [
        ("port-of-service", "warning", "PeerAuthentication shop/rule: spec.portLevelMtls.80")
    ]
    assert "80 is a port of Service shop/web" in found[0].message
    assert found[0].hint == "name the workload's port, 8080"


@pytest.mark.parametrize(
    "documents",
    [
        [*PODS, SERVICE, levels(80, selected="other")],
        [SERVICE, levels(80)],
        [*PODS, levels(80)],
        [*PODS, SERVICE, levels(80, namespace="istio-system")],
        [*PODS, SERVICE.replace("targetPort: 8080", "targetPort: 80"), levels(80)],
        [POD.replace("image: app}", "image: app, ports: [{{containerPort: 80}}]}").format(
            name="web-1", namespace="shop", app="web", number=1
        ), SERVICE, levels(80)],
    ],
    ids=["other workloads", "no workloads", "no service", "root namespace", "same port", "a port of the pod"],
)  # fmt: skip
def test_a_mode_for_another_port_is_nothing_to_tell(documents: list[str]) -> None:
    assert told(*documents)[0] == ()


def test_workloads_that_listen_on_different_ports_are_told_of_all_of_them() -> None:
    named = SERVICE.replace("targetPort: 8080", "targetPort: main")
    pods = [
        POD.replace("image: app}", f"image: app, ports: [{{{{name: main, containerPort: {port}}}}}]}}").format(
            name=f"web-{port}", namespace="shop", app="web", number=number
        )
        for number, port in enumerate((9191, 8181), 1)
    ]
    (found,), *_ = told(*pods, named, levels(80))
    assert "listen on 8181 or 9191: this decides nothing" in found.message
