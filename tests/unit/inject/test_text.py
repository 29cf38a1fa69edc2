"""Texts of settings and annotations."""

from pillion.inject.text import read_text, write_text


def test_json_and_yaml_are_read_alike() -> None:
    assert read_text('{"a": [1, null]}') == ({"a": [1, None]}, "")
    assert read_text("a: [1, null]") == ({"a": [1, None]}, "")
    assert read_text("{a: yes}") == ({"a": True}, "")
    assert read_text("# nothing") == (None, "")


def test_a_broken_text_names_its_line() -> None:
    value, problem = read_text("a: 1\nb: [\n")
    assert value is None
    assert "line" in problem


def test_what_is_written_reads_back() -> None:
    value = {"b": "yes", "a": ["1", 1, None]}
    assert read_text(write_text(value)) == (value, "")
