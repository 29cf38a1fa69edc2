from support.gotemplate import check, table


@table("sprig/strings")
def test_answers_as_go_does(row):
    check(row)
