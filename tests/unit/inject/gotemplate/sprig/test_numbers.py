from support.gotemplate import check, table


@table("sprig/numbers")
def test_answers_as_go_does(row):
    check(row)
