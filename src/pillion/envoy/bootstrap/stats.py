"""Which statistics Envoy keeps, and which parts of their names become tags: Istio's lists, and what a user adds."""

from pillion.envoy.bootstrap.document import Json, given
from pillion.envoy.bootstrap.model import Bootstrap

TAGS: tuple[tuple[str, str], ...] = (
    ("cluster_name", r"^cluster(\.(.+);)"),
    ("http_conn_manager_prefix", r"^http\.(((?:[_.[:digit:]\w]*|[_\[\]aAbBcCdDeEfF[:digit:]\w\:]*));\.)"),
    ("thread_name", r"^server(\.(.+))\.watchdog"),
    ("tcp_prefix", r"^tcp\.((.*?)\.)\w+?$"),
    ("response_code", r"_rq(_(\d{3}))$"),
    ("response_code_class", r"_rq(_(\dxx))$"),
    (
        "http_conn_manager_listener_prefix",
        r"^listener(?=\.).*?\.http\.(((?:[_.[:digit:]]*|[_\[\]aAbBcCdDeEfF[:digit:]]*))\.)",
    ),
    ("listener_address", r"^listener\.(((?:[_.[:digit:]]*|[_\[\]aAbBcCdDeEfF[:digit:]]*))\.)"),
    ("mongo_prefix", r"^mongo\.(.+?)\.(collection|cmd|cx_|op_|delays_|decoding_)(.*?)$"),
)
LATER_TAGS: tuple[tuple[str, str], ...] = (
    ("cache", r"(cache\.(.+?)\.)"),
    ("component", r"(component\.(.+?)\.)"),
    ("tag", r"(tag\.(.+?);\.)"),
    ("wasm_filter", r"(wasm_filter\.(.+?)\.)"),
    ("authz_enforce_result", r"rbac(\.(allowed|denied))"),
    ("authz_dry_run_action", r"(\.istio_dry_run_(allow|deny)_)"),
    ("authz_dry_run_result", r"(\.shadow_(allowed|denied))"),
)
"""Tags after the ones that a user adds."""


def stats_config(bootstrap: Bootstrap) -> Json:
    """Return the `StatsConfig`."""
    kept = bootstrap.stats
    added = tuple((tag, rf"({tag}=\.=(.*?);\.;)") for tag in kept.tags)
    patterns: list[Json] = [{"prefix": "reporter="}]
    if bootstrap.metadata_discovery:
        patterns.append({"prefix": "workload_discovery"})
    patterns += ({"prefix": prefix} for prefix in kept.prefixes)
    patterns += ({"suffix": suffix} for suffix in kept.suffixes)
    patterns += ({"safe_regex": {"regex": regexp}} for regexp in kept.regexps)
    patterns += ({"prefix": "component"}, {"prefix": "istio"})
    buckets = [{"match": {"prefix": prefix}, "buckets": list(values)} for prefix, values in kept.buckets]
    return {
        "use_all_default_tags": False,
        "stats_tags": [{"tag_name": name, "regex": regex} for name, regex in (*TAGS, *added, *LATER_TAGS)],
        **given("histogram_bucket_settings", buckets),
        "stats_matcher": {"inclusion_list": {"patterns": patterns}},
    }
