from pillion.ir.model.match import HeaderMatch, RouteMatch, StringMatch


def test_only_an_unconditional_match_catches_all() -> None:
    assert RouteMatch().catches_all
    assert RouteMatch(path=StringMatch(kind="regex", value=".*")).catches_all
    assert not RouteMatch(path=StringMatch(kind="prefix", value="/a")).catches_all
    assert not RouteMatch(headers=(HeaderMatch(name="x", match=StringMatch(kind="present")),)).catches_all
