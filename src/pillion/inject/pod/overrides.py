"""The user's own settings for an injected container: they win over the template's.

A user customises the proxy by writing a container `istio-proxy` into the pod. What it says is laid over the result,
and remembered in annotation `proxy.istio.io/overrides`, so that a second injection knows it again. The image `auto`
stands for the template's.
"""

from typing import Any, cast

from pillion.inject.merge import merge_pod
from pillion.inject.pod import status
from pillion.inject.pod.containers import (
    INIT,
    PROXY,
    VALIDATION,
    annotations,
    find,
    listed,
    named,
    replace,
    with_annotations,
    with_spec,
)
from pillion.inject.schema.decode import Decoder
from pillion.inject.schema.encode import encoded, go_json, read_json
from pillion.inject.schema.types import Json, section, table

ANNOTATION = "proxy.istio.io/overrides"
AUTO_IMAGE = "auto"


class OverrideError(Exception):
    """The annotation with earlier overrides cannot be read."""


def remembered(pod: Json) -> dict[str, list[Json]]:
    """Return the user's own containers that the pod remembers; raises `OverrideError`."""
    text = annotations(pod).get(ANNOTATION)
    if text is None:
        return {}
    found = read_json(text)
    if not isinstance(found, dict):
        msg = f"annotation {ANNOTATION} is not JSON: {text!r}"
        raise OverrideError(msg)
    groups = cast(Json, found)
    return {group: listed({"spec": groups}, group) for group in ("containers", "initContainers")}


def reinserted(pod: Json) -> Json:
    """Return the pod with the containers that it remembers as the user's own, where they are missing."""
    for group, containers in remembered(pod).items():
        present = listed(pod, group)
        missing = [item for item in containers if named(item.get("name", ""), present) is None]
        if missing:
            pod = with_spec(pod, **{group: present + missing})
    return pod


def reapplied(final: Json, original: Json, template: Json) -> Json:
    """Return the final pod with the user's settings for each container of the template laid over it.

    A container that an earlier injection recorded is the template's and gets the new settings; the user's own part of
    it is what the annotation remembers.
    """
    own = remembered(original)
    earlier = status.read(original)
    was_injected = status.ANNOTATION in annotations(original)
    overrides: dict[str, list[Json]] = {}
    for group in ("containers", "initContainers"):
        injected = status.names(earlier, group)
        for container in listed(template, group):
            name = container.get("name", "")
            match = named(name, own.get(group, []))
            if match is None and name not in injected:
                match = _user_container(name, group, original)
            if match is None:
                continue
            overlay = _without_auto_image(match)
            overrides.setdefault(group, []).append(overlay)
            final = merge_pod(final, {"spec": {group: [_decoded(overlay)]}})
    if overrides and not was_injected:
        final = with_annotations(final, {ANNOTATION: _text(overrides)})
    return final


def _user_container(name: str, group: str, original: Json) -> Json | None:
    return named(name, listed(original, "containers")) if group == "containers" else find(name, original)


def _without_auto_image(container: Json) -> Json:
    if container.get("image") != AUTO_IMAGE:
        return container
    return {key: value for key, value in container.items() if key != "image"}


def _decoded(container: Json) -> Json:
    """The container without the fields that say nothing: those must not take the template's away."""
    kubernetes = table("kubernetes")
    decoded = Decoder(kubernetes).struct(container, kubernetes.structs["Container"])
    return {key: value for key, value in decoded.items() if value is not None}


def _text(overrides: dict[str, list[Json]]) -> str:
    kubernetes = table("kubernetes")
    struct = kubernetes.structs["Container"]
    return go_json({group: [encoded(kubernetes, item, struct) for item in items] for group, items in overrides.items()})


def with_user(final: Json, original: Json, proxy_config: Json) -> Json:
    """Return the pod with its rules set for the user that the user's own `istio-proxy` container runs as.

    The proxy's traffic is known by its user: the rules (`-u`) and the validation container must name the same one. In
    TPROXY mode the proxy must stay root.
    """
    own = section(find(PROXY, original) or {}, "securityContext")
    user, group = own.get("runAsUser"), own.get("runAsGroup")
    init = named(INIT, listed(final, "initContainers")) or named(VALIDATION, listed(final, "initContainers"))
    if (user is None and group is None) or init is None:
        return final
    mode = annotations(final).get("sidecar.istio.io/interceptionMode")
    transparent = "TPROXY" in {mode, proxy_config.get("interceptionMode")}
    if transparent and user is not None:
        proxy = find(PROXY, final)
        if proxy is None:
            return final
        final = replace(final, proxy, proxy | {"securityContext": section(proxy, "securityContext") | {"runAsUser": 0}})
    changed = dict(init)
    if not transparent and init.get("name") == VALIDATION:
        ids = {"runAsUser": user, "runAsGroup": group}
        context = section(init, "securityContext")
        changed["securityContext"] = context | {key: value for key, value in ids.items() if value is not None}
    if user:
        changed["args"] = _with_user_argument(init.get("args") or [], user)
    return replace(final, init, changed) if changed != init else final


def _with_user_argument(arguments: list[Any], user: int) -> list[Any]:
    if "-u" not in arguments[:-1]:
        return arguments
    place = arguments.index("-u") + 1
    return [*arguments[:place], str(user), *arguments[place + 1 :]]
