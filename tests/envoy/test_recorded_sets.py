"""The real Envoy takes every set that is rendered for the recorded meshes."""

from pathlib import Path

import pytest

from conformance import data
from conformance.istiod import rendered
from support.validate import refusal

pytestmark = pytest.mark.envoy

BINARY = Path(pytest.__file__).parents[1] / "envoy" / "_bin" / "envoy"
CASES = sorted(path.parent for path in data.folder().glob("istiod/*/case.yaml"))


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_envoy_takes_what_each_proxy_of_the_mesh_is_told(case: Path, tmp_path: Path) -> None:
    proxies = dict(rendered(case))
    assert proxies
    for told in set(proxies.values()):
        assert refusal(told, BINARY, tmp_path) == "", [name for name, one in proxies.items() if one is told]
