from typing import Any, cast

from pillion.envoy.bootstrap import model
from pillion.envoy.bootstrap.stats import stats_config
from pillion.value import FrozenMap

NODE = model.Node(id="sidecar~~~", cluster="c", metadata=FrozenMap())


def made(**fields: Any) -> Any:
    return cast(Any, stats_config(model.Bootstrap(node=NODE, xds=model.Pipe(path="/x"), **fields)))


def test_only_what_is_listed_is_kept() -> None:
    stats = model.Stats(prefixes=("a",), suffixes=("b",), regexps=("c",))
    assert made(stats=stats)["stats_matcher"]["inclusion_list"]["patterns"] == [
        {"prefix": "reporter="},
        {"prefix": "a"},
        {"suffix": "b"},
        {"safe_regex": {"regex": "c"}},
        {"prefix": "component"},
        {"prefix": "istio"},
    ]


def test_a_user_s_tags_come_between_istio_s() -> None:
    names = [tag["tag_name"] for tag in made(stats=model.Stats(tags=("canary",)))["stats_tags"]]
    assert names[names.index("mongo_prefix") + 1] == "canary"
    assert names[-1] == "authz_dry_run_result"


def test_buckets_by_prefix() -> None:
    stats = model.Stats(buckets=(("cluster.", (1.0, 2.0)),))
    assert made(stats=stats)["histogram_bucket_settings"] == [{"match": {"prefix": "cluster."}, "buckets": [1.0, 2.0]}]
    assert "histogram_bucket_settings" not in made()
