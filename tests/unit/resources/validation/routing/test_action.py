import pytest

from support.verdicts import verdicts

TO = "route: [{destination: {host: a}}]"


@pytest.mark.parametrize(
    ("action", "found"),
    [
        ("redirect: {}", ["error required spec.http[0].redirect"]),
        ("redirect: {uri: a, prefixRewrite: b}", ["error oneof-conflict spec.http[0].redirect.prefixRewrite"]),
        ("redirect: {scheme: ftp}", ["error unknown-value spec.http[0].redirect.scheme"]),
        ("redirect: {uri: a, redirectCode: 200}", ["error out-of-range spec.http[0].redirect.redirectCode"]),
        ("redirect: {port: 70000}", ["error invalid-port spec.http[0].redirect.port"]),
        (
            "match: [{uri: {exact: /a}}], redirect: {prefixRewrite: /b}",
            ["error oneof-conflict spec.http[0].redirect.prefixRewrite"],
        ),
        ("directResponse: {status: 199}", ["error out-of-range spec.http[0].directResponse.status"]),
        (
            f"directResponse: {{status: 200, body: {{string: {'a' * 102401}}}}}",
            ["warning too-large spec.http[0].directResponse.body"],
        ),
        (
            f"directResponse: {{status: 200, body: {{string: {'a' * 1048577}}}}}",
            ["error too-large spec.http[0].directResponse.body"],
        ),
        (f"{TO}, rewrite: {{}}", ["error required spec.http[0].rewrite"]),
        (f"{TO}, rewrite: {{uriRegexRewrite: {{match: a}}}}", ["error required spec.http[0].rewrite.uriRegexRewrite"]),
        (
            f"{TO}, rewrite: {{uri: /a, uriRegexRewrite: {{match: '[', rewrite: b}}}}",
            [
                "error oneof-conflict spec.http[0].rewrite.uriRegexRewrite",
                "error invalid-expression spec.http[0].rewrite.uriRegexRewrite.match",
            ],
        ),
        (f"{TO}, retries: {{attempts: 3, retryOn: '5xx,503,reset'}}", []),
        (
            f"{TO}, retries: {{attempts: 3, retryOn: '5xx, reset'}}",
            ["error unknown-value spec.http[0].retries.retryOn"],
        ),
        (f"{TO}, retries: {{attempts: -1}}", ["error out-of-range spec.http[0].retries.attempts"]),
        (f"{TO}, retries: {{perTryTimeout: 1s}}", ["error ignored-field spec.http[0].retries.attempts"]),
        (f"{TO}, fault: {{}}", ["error required spec.http[0].fault"]),
        (f"{TO}, fault: {{abort: {{}}}}", ["info required spec.http[0].fault.abort"]),
        (f"{TO}, fault: {{abort: {{httpStatus: 700}}}}", ["error out-of-range spec.http[0].fault.abort.httpStatus"]),
        (f"{TO}, fault: {{abort: {{grpcStatus: X}}}}", ["error unknown-value spec.http[0].fault.abort.grpcStatus"]),
        (f"{TO}, fault: {{abort: {{http2Error: X}}}}", ["error unsupported spec.http[0].fault.abort.http2Error"]),
        (
            f"{TO}, fault: {{delay: {{exponentialDelay: 1s, percentage: {{value: 0.00001}}}}}}",
            [
                "error out-of-range spec.http[0].fault.delay.percentage.value",
                "error unsupported spec.http[0].fault.delay.exponentialDelay",
            ],
        ),
        (f"{TO}, mirrors: [{{}}]", ["error required spec.http[0].mirrors[0].destination"]),
        (f"{TO}, corsPolicy: {{allowOrigins: [{{}}]}}", ["error required spec.http[0].corsPolicy.allowOrigins[0]"]),
        (
            f"{TO}, corsPolicy: {{allowMethods: [GET, get]}}",
            ["error unknown-value spec.http[0].corsPolicy.allowMethods[1]"],
        ),
        (
            f"{TO}, corsPolicy: {{exposeHeaders: ['*', 'a b']}}",
            ["error invalid-header spec.http[0].corsPolicy.exposeHeaders[1]"],
        ),
        (f"{TO}, corsPolicy: {{maxAge: 1500ms}}", ["error invalid-duration spec.http[0].corsPolicy.maxAge"]),
    ],
)
def test_actions(action: str, found: list[str]) -> None:
    assert verdicts("VirtualService", f"{{hosts: [a], http: [{{{action}}}]}}") == found
