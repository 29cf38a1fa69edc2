from support.gotemplate import check, table


@table("sprig/encoding")
def test_answers_as_go_does(row):
    check(row)
