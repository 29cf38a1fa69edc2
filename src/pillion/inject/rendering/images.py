"""The images of the proxy and its init container, from the values: hub, name, tag and variant."""

from typing import Any, cast

from pillion.inject.schema.types import Json

_TYPE_ANNOTATION = "sidecar.istio.io/proxyImageType"
_TYPES = ("distroless", "debug")
_DEFAULT_TYPE = "default"


def inside(document: Any, *path: str) -> Any:
    """Return what stands at a path of maps; `None` where there is nothing."""
    for step in path:
        if not isinstance(document, dict):
            return None
        document = cast(Json, document).get(step)
    return document


def proxy_image(values: Json, proxy_config: Json, annotations: dict[str, str]) -> str:
    """Return the proxy's image; the pod's annotation decides its variant, then the proxy config, then the values."""
    name = inside(values, "global", "proxy", "image") or "proxyv2"
    return _image(values, name, str(inside(proxy_config, "image", "imageType") or ""), annotations)


def init_image(values: Json, annotations: dict[str, str]) -> str:
    """Return the init container's image."""
    return _image(values, inside(values, "global", "proxy_init", "image") or "proxyv2", "", annotations)


def _image(values: Json, name: str, variant: str, annotations: dict[str, str]) -> str:
    variant = annotations.get(_TYPE_ANNOTATION, variant or str(inside(values, "global", "variant") or ""))
    tag = _text(inside(values, "global", "tag"))
    return f"{inside(values, 'global', 'hub') or ''}/{name}:{_tag(tag, variant)}"


def _text(tag: Any) -> str:
    if isinstance(tag, float) and tag.is_integer():
        return str(int(tag))
    return "" if tag is None else str(tag)


def _tag(tag: str, variant: str) -> str:
    if not variant:
        return tag
    for known in _TYPES:
        if tag.endswith(f"-{known}"):
            tag = tag.removesuffix(f"-{known}")
            break
    return tag if variant == _DEFAULT_TYPE else f"{tag}-{variant}"
