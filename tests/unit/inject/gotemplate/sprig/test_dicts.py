from support.gotemplate import check, table


@table("sprig/dicts")
def test_answers_as_go_does(row):
    check(row)
