from support.gotemplate import check, table


@table("golang/printf")
def test_answers_as_go_does(row):
    check(row)


def test_errors_cannot_be_wrapped():
    check({"template": '{{printf "%w %w" .l 1}}', "output": "%!w([]interface {}=[a b c]) %!w(int=1)"})
