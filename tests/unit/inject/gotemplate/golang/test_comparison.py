from support.gotemplate import check, table


@table("golang/comparison")
def test_answers_as_go_does(row):
    check(row)
