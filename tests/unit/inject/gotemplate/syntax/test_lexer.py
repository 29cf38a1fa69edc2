from support.gotemplate import check, table


@table("syntax/lexer")
def test_answers_as_go_does(row):
    check(row)
