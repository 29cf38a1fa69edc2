from support.gotemplate import check, table


@table("builtins")
def test_answers_as_go_does(row):
    check(row)
