"""The simulator alone: calls through the very configurations that istiod gave, none of ours between."""

import gzip
import json

from conformance import data
from conformance.istiod_reach import call_of, load_yaml, outcome_of
from pillion.analysis.simulate import simulate
from pillion.envoy.view.read import read_configuration


def test_calls_through_istiods_own_configurations_end_where_istio_says() -> None:
    wrong: dict[str, object] = {}
    count = 0
    for recorded in sorted(data.folder().glob("istiod/*/xds.*.json.gz")):
        proxy = recorded.name.removeprefix("xds.").removesuffix(".json.gz")
        config = read_configuration(json.loads(gzip.decompress(recorded.read_bytes())))
        wanted = json.loads((recorded.parent / "reach.json").read_text())
        for asked in load_yaml(recorded.parent / "calls.yaml"):
            if asked["proxy"] == proxy:
                count += 1
                got = outcome_of(simulate(config, call_of(asked)))
                if got != wanted[asked["id"]]:
                    wrong[f"{recorded.parent.name}/{asked['id']}"] = got
    assert count > 0
    assert wrong == {}
