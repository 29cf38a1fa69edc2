import pytest

from pillion.agent import probes
from pillion.value import FrozenMap


def test_probers_as_the_injector_writes_them() -> None:
    text = '{"/app-health/web/readyz": {"httpGet": {"path": "/r", "port": 80, "scheme": "HTTPS"}, "timeoutSeconds": 3}}'
    found, problems = probes.decode(text)
    assert problems == ()
    assert found["/app-health/web/readyz"] == probes.Probe(
        http_get=probes.HttpGet(path="/r", port=80, scheme="HTTPS"), timeout_seconds=3
    )
    assert probes.decode("") == (FrozenMap(), ())


@pytest.mark.parametrize("text", ["{", '{"/a": {"httpGet": {"path": "/"}}}', "[]"])
def test_broken_probers_are_told(text: str) -> None:
    _, problems = probes.decode(text)
    assert [found.code for found in problems] == ["invalid-probers"]


@pytest.mark.parametrize(
    ("text", "scrape"),
    [
        ("", None),
        ("no json", None),
        ('{"scrape": "false", "port": "80"}', None),
        ('{"scrape": "true", "port": "9102", "path": "/m"}', probes.Scrape(port=9102, path="/m")),
        ('{"scrape": "true"}', probes.Scrape(port=80)),
        ('{"port": "http"}', None),
    ],
)
def test_where_the_application_s_metrics_are(text: str, scrape: probes.Scrape | None) -> None:
    assert probes.decode_scrape(text) == scrape
