import pytest

from pillion.resources.validation import names


@pytest.mark.parametrize("host", ["a", "a.b.com", "istio.io.", "A-1.b", "xn--a"])
def test_host_names(host: str) -> None:
    assert names.fqdn_problem(host) is None
    assert names.host_problem(host) is None


@pytest.mark.parametrize("host", ["*", "*.a.com", "*-a.com", "*a.com"])
def test_wildcards(host: str) -> None:
    assert names.fqdn_problem(host)
    assert names.host_problem(host) is None


@pytest.mark.parametrize("host", ["", "-a", "a..b", "a_b", "a.*.b", "1.2.3.4", "a" * 64, "a." * 128 + "a", "**.a"])
def test_what_is_no_host_name(host: str) -> None:
    assert names.fqdn_problem(host)
    assert names.host_problem(host)


@pytest.mark.parametrize("text", ["1.2.3.4", "::1", "10.0.0.0/8", "10.1.2.3/8", "2001:db8::/32", "fe80::1%eth0"])
def test_addresses(text: str) -> None:
    assert names.subnet_problem(text) is None


@pytest.mark.parametrize(
    "text", ["", "1.2.3", "1.2.3.4/33", "1.2.3.4/255.0.0.0", "1.2.3.4/08", "a/8", "::/129", "1/2/3"]
)
def test_what_is_no_address(text: str) -> None:
    assert names.subnet_problem(text)


@pytest.mark.parametrize(("path", "is_valid"), [("/a", True), ("@a", True), ("", False), ("a", False), ("/a/", False)])
def test_socket_paths(path: str, is_valid: bool) -> None:
    assert (names.unix_path_problem(path) is None) is is_valid


@pytest.mark.parametrize(
    ("url", "scheme"),
    [
        ("https://a.com/b", "https"),
        ("HTTP://a.com:80", "http"),
        ("/a", ""),
        ("ghcr.io:5000/a", "ghcr.io"),
        ("ghcr.io/a:v1", None),
        ("http://a:b", None),
        ("a\nb", None),
        ("", None),
    ],
)
def test_schemes(url: str, scheme: str | None) -> None:
    assert names.url_scheme(url) == scheme
