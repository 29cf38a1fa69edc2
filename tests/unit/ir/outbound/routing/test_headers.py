from pillion.ir.model.route import NO_CHANGES, HeaderChanges, HeaderValue
from pillion.ir.outbound.routing.headers import authority, changes, joined
from pillion.resources.istio.virtual_service import HeaderOperations, Headers
from pillion.value import FrozenMap

REQUEST = HeaderOperations(set=FrozenMap({"b": "1", "Host": "h"}), add=FrozenMap({"a": "2"}), remove=("x", ":path"))


def test_set_goes_before_add_and_the_host_is_no_header() -> None:
    found = changes(Headers(request=REQUEST))
    assert found.request == (HeaderValue(name="b", value="1"), HeaderValue(name="a", value="2", append=True))
    assert found.request_remove == ("x",)
    assert changes(None) == NO_CHANGES


def test_the_host_that_is_set() -> None:
    assert authority(Headers(request=REQUEST)) == "h"
    assert authority(Headers(request=HeaderOperations(add=FrozenMap({":authority": "g"})))) == "g"
    assert authority(None) == ""


def test_a_destinations_changes_come_after_the_routes() -> None:
    first = HeaderChanges(request=(HeaderValue(name="a", value="1"),))
    second = HeaderChanges(request=(HeaderValue(name="a", value="2"),), response_remove=("y",))
    assert [each.value for each in joined(first, second).request] == ["1", "2"]
    assert joined(first, NO_CHANGES) is first
