"""A process that injects: frames come in on standard input, answers go out on standard output, until input ends.

A frame holds a msgpack message. New settings are tried before they are used: templates must
parse, and render for a plain pod.
"""

import os
import sys
import traceback
from typing import Any, BinaryIO

import msgspec

from pillion.controlplane.frames import framed, frames
from pillion.controlplane.webhook import answer
from pillion.inject.injection import Injector, Options
from pillion.inject.policy import Namespace
from pillion.inject.rendering.proxy_configs import Shelves
from pillion.inject.review import Reviewer, variables_in
from pillion.inject.settings import Settings
from pillion.mesh.catalog import Catalog
from pillion.resources.istio.proxy_config import ProxyConfig
from pillion.value import NO_LABELS, FrozenMap, Labels, Value, has_errors

_PLAIN = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "trial", "namespace": "default", "labels": {"sidecar.istio.io/inject": "true"}},
    "spec": {"containers": [{"name": "app", "image": "app"}]},
}


class NamespaceIds(Value):
    """What OpenShift wrote on a namespace: the ids that its pods may use."""

    name: str
    annotations: Labels


class Preparation(msgspec.Struct, frozen=True, tag=True):
    """What injection works with."""

    settings: Settings
    revision: str = ""
    native_sidecars: bool = False
    openshift: bool = False
    compliance_policy: str = ""
    proxy_configs: tuple[ProxyConfig, ...] = ()
    """The resources of the cluster."""
    ids: tuple[NamespaceIds, ...] = ()
    """Of the cluster's namespaces, on OpenShift."""
    must_render: bool = False
    """Whether settings that cannot inject a plain pod are refused; said when there are better ones."""


class Ask(msgspec.Struct, frozen=True, tag=True):
    """A review to answer."""

    body: bytes
    path: str


class Prepared(msgspec.Struct, frozen=True):
    """What is wrong with settings, and whether they are in use now all the same."""

    problems: tuple[str, ...]
    is_used: bool


class Found(msgspec.Struct, frozen=True):
    """What became of a review."""

    verdict: answer.Verdict
    depends_on_name: bool


Order = Preparation | Ask


def written(order: Order) -> bytes:
    """Write an order as `TO_WORKER` reads it."""
    return msgspec.msgpack.encode(order, enc_hook=dict)


def _labels(_: type, value: Any) -> FrozenMap[str]:
    return FrozenMap(value)


TO_WORKER = msgspec.msgpack.Decoder(Order, dec_hook=_labels)


class Bench:
    """Where injecting is done: settings in use, and reviews answered by them."""

    def __init__(self) -> None:
        self._reviewer: Reviewer | None = None
        self._preparation: Preparation | None = None
        self._proxy_configs: Shelves = FrozenMap()
        self._ids: dict[str, Labels] = {}

    def prepare(self, preparation: Preparation) -> Prepared:
        """Use other settings, unless they are unusable."""
        try:
            return self._prepared(preparation)
        except Exception as fault:  # noqa: BLE001 who waits for an answer is told why there is none
            return Prepared((_fault("these settings", fault),), is_used=False)

    def _prepared(self, preparation: Preparation) -> Prepared:
        reviewer, before = self._reviewer, self._preparation
        if reviewer is None or before is None or before.settings != preparation.settings:
            reviewer = Reviewer(Injector(preparation.settings, FrozenMap(os.environ)))
        injector = reviewer.injector
        proxy_configs = Catalog().with_changes(preparation.proxy_configs).shelves(ProxyConfig)
        problems = [str(each) for each in injector.diagnostics]
        is_usable = not has_errors(injector.diagnostics)
        if is_usable:
            trial = injector.inject(_PLAIN, None, _options(preparation, proxy_configs, "/inject"))
            problems += [
                f"a plain pod cannot be injected: {each}" for each in trial.diagnostics if each.severity == "error"
            ]
            is_usable = not (has_errors(trial.diagnostics) and preparation.must_render)
        if is_usable:
            self._reviewer, self._preparation, self._proxy_configs = reviewer, preparation, proxy_configs
            self._ids = {each.name: each.annotations for each in preparation.ids}
        return Prepared(tuple(problems), is_usable)

    def ask(self, asked: Ask) -> Found:
        """Answer a review."""
        if self._reviewer is None or self._preparation is None:
            return Found(answer.failure("there are no settings to inject with"), depends_on_name=True)
        options = _options(self._preparation, self._proxy_configs, asked.path)
        try:
            answered = self._reviewer.respond("application/json", asked.body, options, self._namespace(asked.body))
        except Exception as fault:  # noqa: BLE001 one pod must not end the process that injects the others
            return Found(answer.failure(_fault("this pod", fault)), depends_on_name=True)
        return Found(
            answer.read(answered.body),
            depends_on_name=answered.injection is not None and answered.injection.depends_on_name,
        )

    def _namespace(self, body: bytes) -> Namespace | None:
        """Return what is known of the namespace that a review's pod is in; the server asked its selectors already."""
        if not self._ids:
            return None
        try:
            request = _PLACE.decode(body).request
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return None  # whoever answers says what is wrong with it
        name = request.object.metadata.namespace or request.namespace or ""
        return Namespace(name=name, labels=None, annotations=self._ids.get(name, NO_LABELS))


def _fault(at: str, fault: Exception) -> str:
    """Say that we failed; where, our log tells."""
    traceback.print_exception(fault)
    return f"the injector fails at {at}: {type(fault).__name__}: {fault}"


class _Home(msgspec.Struct, frozen=True):
    namespace: str | None = None


class _Object(msgspec.Struct, frozen=True):
    metadata: _Home = _Home()


class _Request(msgspec.Struct, frozen=True):
    namespace: str | None = None
    object: _Object = _Object()


class _Place(msgspec.Struct, frozen=True):
    request: _Request = _Request()


_PLACE = msgspec.json.Decoder(_Place)


def _options(preparation: Preparation, proxy_configs: Shelves, path: str) -> Options:
    return Options(
        by_hand=False,
        revision=preparation.revision,
        native_sidecars=preparation.native_sidecars,
        openshift=preparation.openshift,
        compliance_policy=preparation.compliance_policy,
        proxy_configs=proxy_configs,
        variables=variables_in(path),
    )


def work(orders: BinaryIO, answers: BinaryIO) -> None:
    """Do what is ordered until there are no more orders."""
    bench = Bench()
    for content in frames(orders):
        order = TO_WORKER.decode(content)
        found = bench.prepare(order) if isinstance(order, Preparation) else bench.ask(order)
        answers.write(framed(msgspec.msgpack.encode(found)))
        answers.flush()


if __name__ == "__main__":
    work(sys.stdin.buffer, sys.stdout.buffer)
