from datetime import UTC, datetime, timedelta, timezone

from pillion.inject.gotemplate.sprig.dates import functions
from pillion.inject.gotemplate.sprig.library import FUNCTIONS
from pillion.inject.gotemplate.template import parse
from support.gotemplate import check, table


@table("sprig/dates")
def test_answers_as_go_does(row):
    check(row)


def test_a_clock_and_zones_can_be_brought():
    zones = {"Fixed/East": timezone(timedelta(hours=2))}
    library = {**FUNCTIONS, **functions(lambda: datetime(2020, 1, 1, 23, tzinfo=UTC), zones.get)}
    text = '{{now | date "15:04"}} {{htmlDateInZone now "Fixed/East"}} {{ago (now | dateModify "-90s")}}'
    assert parse("t", text, library).render(None) == "23:00 2020-01-02 1m30s"
