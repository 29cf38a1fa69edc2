"""Telemetry."""

from pillion.resources import cel
from pillion.resources.istio.telemetry import CustomTag, Metrics, ProviderRef, TagOverride, Telemetry, Tracing
from pillion.resources.validation.report import Report
from pillion.resources.validation.workloads import check_targets


def check_telemetry(telemetry: Telemetry, report: Report) -> None:
    """Check a Telemetry."""
    spec, inside = telemetry.spec, report.at("spec")
    check_targets(spec.selector, spec.target_ref, spec.target_refs, inside)
    for index, metrics in enumerate(spec.metrics):
        _check_metrics(metrics, inside.at("metrics", index))
    if len(spec.tracing) > 1:
        inside.warn("too-many", "only the first entry counts", "tracing")
    for index, tracing in enumerate(spec.tracing):
        _check_tracing(tracing, inside.at("tracing", index))
    for index, logging in enumerate(spec.access_logging):
        part = inside.at("accessLogging", index)
        if logging.filter is not None:
            check_filter(logging.filter.expression, part.at("filter", "expression"))
        _check_providers(logging.providers, part.at("providers"))


def check_filter(expression: str, report: Report) -> None:
    """Refuse what is no CEL expression."""
    if problem := cel.problem_of(expression):
        report.error("invalid-expression", problem, hint="filters are CEL expressions")


def _check_metrics(metrics: Metrics, report: Report) -> None:
    _check_providers(metrics.providers, report.at("providers"))
    for index, override in enumerate(metrics.overrides):
        inside = report.at("overrides", index)
        for name, tag in override.tag_overrides.items():
            _check_tag(name, tag, inside.at("tagOverrides", name))
        if override.match is not None and override.match.custom_metric == "":
            inside.error("required", "customMetric needs a name", "match", "customMetric")


def _check_tag(name: str, tag: TagOverride, report: Report) -> None:
    if not name:
        report.warn("required", "a tag needs a name")
    if tag.operation == "UPSERT" and not tag.value:
        report.error("required", "UPSERT needs a value", "value")
    if tag.operation == "REMOVE" and tag.value:
        report.error("oneof-conflict", "REMOVE has no value", "value")


def _check_tracing(tracing: Tracing, report: Report) -> None:
    if len(tracing.providers) > 1:
        report.warn("too-many", "only the first provider counts", "providers")
    _check_providers(tracing.providers, report.at("providers"))
    if not 0 <= (tracing.random_sampling_percentage or 0) <= 100:
        message = f"is {tracing.random_sampling_percentage}, expected a percentage from 0 to 100"
        report.error("out-of-range", message, "randomSamplingPercentage")
    for name, tag in tracing.custom_tags.items():
        if not name:
            report.error("required", "a tag needs a name", "customTags")
        _check_custom_tag(tag, report.at("customTags", name))


def _check_custom_tag(tag: CustomTag, report: Report) -> None:
    if tag.literal is not None and not tag.literal.value:
        report.error("required", "a literal needs a value", "literal", "value")
    if tag.header is not None and not tag.header.name:
        report.error("required", "a header needs a name", "header", "name")
    if tag.environment is not None and not tag.environment.name:
        report.error("required", "an environment variable needs a name", "environment", "name")


def _check_providers(providers: tuple[ProviderRef, ...], report: Report) -> None:
    for index, provider in enumerate(providers):
        if not provider.name:
            report.error("required", "a provider needs a name", index, "name")
