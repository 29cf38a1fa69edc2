from pillion.xds.status import StreamStatus, TypeStatus
from support.xds import SHORT


def test_a_type_is_found_by_its_url() -> None:
    clusters = TypeStatus(type_url=SHORT["CDS"], wildcard=True, names=0)
    status = StreamStatus(dialect="delta", types=(clusters,))
    assert status.of(SHORT["CDS"]) is clusters
    assert status.of(SHORT["EDS"]) is None
