from pillion.inject.gotemplate.errors import TemplateError


def test_an_error_is_its_message_and_knows_its_place():
    error = TemplateError("template: t:1: wrong", template="t", line=1)
    assert str(error) == "template: t:1: wrong"
    assert (error.template, error.line, error.column) == ("t", 1, None)
