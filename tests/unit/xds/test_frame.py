from envoy.service.discovery.v3.discovery_pb2 import DeltaDiscoveryResponse, DiscoveryResponse
from hypothesis import given
from hypothesis import strategies as st

from pillion.xds import frame

names = st.text(max_size=200)
resources = st.lists(st.tuples(names, st.text(min_size=1, max_size=8), st.binary(max_size=300)), max_size=5)
URL = "type.googleapis.com/a.B"


@given(resources, st.lists(names, max_size=3))
def test_a_delta_response_reads_back(told: list[tuple[str, str, bytes]], removed: list[str]) -> None:
    frames = [frame.resource_frame(URL, *each)[0] for each in told]
    response = DeltaDiscoveryResponse.FromString(frame.delta_response(URL, frames, removed, "7"))
    assert [(each.name, each.version, each.resource.value) for each in response.resources] == told
    assert {each.resource.type_url for each in response.resources} <= {URL}
    assert (response.type_url, response.nonce, list(response.removed_resources)) == (URL, "7", removed)


@given(resources)
def test_the_tail_of_a_frame_is_the_frame_of_a_state_response(told: list[tuple[str, str, bytes]]) -> None:
    frames = [framed[start:] for framed, start in (frame.resource_frame(URL, *each) for each in told)]
    response = DiscoveryResponse.FromString(frame.state_response(URL, frames, "v", "7"))
    assert [each.value for each in response.resources] == [body for _, _, body in told]
    assert (response.type_url, response.version_info, response.nonce) == (URL, "v", "7")


@given(st.integers(0, 1 << 40))
def test_a_length_is_written_in_groups_of_seven_bits(number: int) -> None:
    written = frame.varint(number)
    assert sum((byte & 0x7F) << 7 * place for place, byte in enumerate(written)) == number
    assert [byte >> 7 for byte in written] == [1] * (len(written) - 1) + [0]
