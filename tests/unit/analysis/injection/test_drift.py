"""What other settings would change."""

import json
from typing import Any

from pillion.analysis.injection.cases import Case
from pillion.analysis.injection.drift import drift
from pillion.inject.documents import place_of
from pillion.inject.injection import Injector, Options
from pillion.inject.settings import Settings
from pillion.value import Origin


def injector(image: str, policy: str = "enabled") -> Injector:
    template = f"spec: {{containers: [{{name: istio-proxy, image: '{image}'}}]}}"
    return Injector(Settings(config=json.dumps({"policy": policy, "templates": {"sidecar": template}})))


def case() -> Case:
    spec = {"containers": [{"name": "app", "image": "a"}]}
    document: dict[str, Any] = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": spec}
    place = place_of(document)
    assert place is not None
    return Case(document, Origin(), place)


def test_another_image() -> None:
    (found,) = drift([case()], (injector("p:1"), injector("p:2")), {}, Options(by_hand=False))
    assert (found.workload, found.before, found.after) == ("Pod default/web", "injected", "injected")
    assert [json.loads(each) for each in found.operations] == [
        {"op": "replace", "path": "/spec/containers/1/image", "value": "p:2"}
    ]


def test_another_verdict() -> None:
    (found,) = drift([case()], (injector("p"), injector("p", "disabled")), {}, Options(by_hand=False))
    assert (found.before, found.after) == ("injected", "skipped")


def test_the_same_settings_change_nothing() -> None:
    assert drift([case()], (injector("p"), injector("p")), {}, Options(by_hand=False)) == ()
