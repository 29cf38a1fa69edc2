from support.gotemplate import check, table


@table("sprig/casing")
def test_answers_as_go_does(row):
    check(row)
