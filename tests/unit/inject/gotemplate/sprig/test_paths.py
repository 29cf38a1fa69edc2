from support.gotemplate import check, table


@table("sprig/paths")
def test_answers_as_go_does(row):
    check(row)
