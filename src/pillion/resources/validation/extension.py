"""WasmPlugin, TrafficExtension."""

import re

from pillion.resources.istio.extension import (
    LuaConfig,
    TrafficExtension,
    TrafficSelector,
    VmConfig,
    WasmConfig,
    WasmPlugin,
    WasmPluginSpec,
    WasmTrafficSelector,
)
from pillion.resources.validation.names import url_scheme
from pillion.resources.validation.report import Report
from pillion.resources.validation.values import check_port
from pillion.resources.validation.workloads import check_targets

LARGEST_LUA = 64 * 1024

_SCHEMES = frozenset({"", "file", "http", "https", "oci"})
_DIGEST = re.compile(r"[a-f0-9]{64}")


def check_wasm_plugin(plugin: WasmPlugin, report: Report) -> None:
    """Check a WasmPlugin."""
    spec, inside = plugin.spec, report.at("spec")
    check_targets(spec.selector, spec.target_ref, spec.target_refs, inside)
    _check_code(spec, inside)
    _check_match(spec.match, inside.at("match"))


def check_traffic_extension(extension: TrafficExtension, report: Report) -> None:
    """Check a TrafficExtension."""
    spec, inside = extension.spec, report.at("spec")
    if (spec.wasm is None) == (spec.lua is None):
        inside.error("oneof-conflict", "exactly one of wasm and lua must be set")
    check_targets(spec.selector, None, spec.target_refs, inside)
    if spec.lua is not None:
        _check_lua(spec.lua, inside.at("lua"))
    if spec.wasm is not None:
        _check_code(spec.wasm, inside.at("wasm"))
    _check_match(spec.match, inside.at("match"))


def _check_code(code: WasmPluginSpec | WasmConfig, report: Report) -> None:
    _check_url(code.url, report.at("url"))
    if code.sha256 and not _DIGEST.fullmatch(code.sha256):
        report.error("invalid-digest", "expected 64 lower-case hexadecimal digits", "sha256")
    if len(code.image_pull_secret) > 253:
        report.error("too-large", "is longer than 253 letters", "imagePullSecret")
    if len(code.plugin_name) > 256:
        report.error("too-large", "is longer than 256 letters", "pluginName")
    if code.vm_config is not None:
        _check_environment(code.vm_config, report.at("vmConfig", "env"))


def _check_url(url: str, report: Report) -> None:
    if not url:
        report.error("required", "the place of the code is needed")
        return
    scheme = url_scheme(url)
    if scheme is None:
        scheme = url_scheme(f"http://{url}")
    if scheme not in _SCHEMES:
        report.error("invalid-url", f"is {url!r}, expected oci://, https://, http:// or file://")


def _check_environment(config: VmConfig, report: Report) -> None:
    seen: set[str] = set()
    for index, variable in enumerate(config.env):
        inside = report.at(index)
        if not variable.name or len(variable.name) > 256:
            inside.error("invalid-name", "a variable's name has 1 to 256 letters", "name")
        if variable.name in seen:
            inside.error("duplicate", f"variable {variable.name!r} is already there", "name")
        seen.add(variable.name)
        if variable.value_from != "INLINE" and variable.value:
            inside.error("oneof-conflict", f"a value from {variable.value_from} is not given here", "value")


def _check_lua(lua: LuaConfig, report: Report) -> None:
    if not lua.inline_code:
        report.error("required", "the code is needed", "inlineCode")
    if len(lua.inline_code.encode()) > LARGEST_LUA:
        report.error("too-large", "is larger than 64 KiB", "inlineCode")


def _check_match(selectors: tuple[WasmTrafficSelector, ...] | tuple[TrafficSelector, ...], report: Report) -> None:
    for index, selector in enumerate(selectors):
        for place, port in enumerate(selector.ports):
            check_port(port.number, report.at(index, "ports", place, "number"))
