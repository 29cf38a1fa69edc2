"""Images of the proxy and the init container."""

import pytest

from pillion.inject.rendering.images import init_image, inside, proxy_image

VALUES = {"global": {"hub": "h", "tag": "1.2", "proxy": {"image": "p"}, "proxy_init": {"image": "i"}}}


def test_images_come_from_the_values() -> None:
    assert proxy_image(VALUES, {}, {}) == "h/p:1.2"
    assert init_image(VALUES, {}) == "h/i:1.2"
    assert proxy_image({"global": {"hub": "h", "tag": 3}}, {}, {}) == "h/proxyv2:3"


@pytest.mark.parametrize(
    ("tag", "variant", "config", "annotation", "wanted"),
    [
        ("1.2", "", "", None, "1.2"),
        ("1.2", "debug", "", None, "1.2-debug"),
        ("1.2", "debug", "distroless", None, "1.2-distroless"),
        ("1.2-debug", "", "distroless", "default", "1.2"),
        ("1.2-distroless", "", "debug", None, "1.2-debug"),
    ],
)
def test_the_nearest_word_decides_the_variant(
    tag: str, variant: str, config: str, annotation: str | None, wanted: str
) -> None:
    values = {"global": {"hub": "h", "tag": tag, "variant": variant}}
    proxy_config = {"image": {"imageType": config}} if config else {}
    annotations = {"sidecar.istio.io/proxyImageType": annotation} if annotation else {}
    assert proxy_image(values, proxy_config, annotations) == f"h/proxyv2:{wanted}"


def test_nothing_stands_where_there_is_no_map() -> None:
    assert inside({"a": {"b": 1}}, "a", "b") == 1
    assert inside({"a": 1}, "a", "b") is None
