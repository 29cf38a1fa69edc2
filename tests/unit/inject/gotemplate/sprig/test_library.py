import pytest

from pillion.inject.gotemplate.errors import TemplateError
from pillion.inject.gotemplate.sprig.library import FUNCTIONS
from pillion.inject.gotemplate.template import parse


def test_every_function_of_sprig_is_there():
    assert len(FUNCTIONS) == 211


def test_changing_a_map_leaves_the_data_alone():
    data = {"m": {"k": "v"}, "l": [{"x": 1}]}
    template = parse("t", '{{$_ := set .m "k" "new"}}{{$_ := unset (index .l 0) "x"}}{{.}}', FUNCTIONS)
    assert template.render(data) == "map[l:[map[]] m:map[k:new]]"
    assert data == {"m": {"k": "v"}, "l": [{"x": 1}]}


@pytest.mark.parametrize("text", ["{{uuidv4}}", "{{randAlpha 3}}", "{{genCA `a` 1}}", "{{now}}"])
def test_what_a_pure_engine_cannot_have_is_refused_when_called(text):
    with pytest.raises(TemplateError, match="is not available here"):
        parse("t", text, FUNCTIONS).render(None)
    assert parse("t", f"{{{{if false}}}}{text}{{{{end}}}}", FUNCTIONS).render(None) == ""
