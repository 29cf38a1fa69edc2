from support.gotemplate import check, table


@table("syntax/literals")
def test_answers_as_go_does(row):
    check(row)
