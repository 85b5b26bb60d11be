from __future__ import annotations

from ms25_suite.campaign.paper.readings import NOT_RUN, Reading, merged, reading_of
from ms25_suite.core.results import Verdict
from tests.helpers.reports import make_result


def one(value: float) -> Reading:
    return Reading(value, "eV", (value - 1, value + 1), (value,))


def test_a_number_keeps_its_interval_and_marks() -> None:
    reading = reading_of(make_result(stand_in=True, incomparable=True))
    assert (reading.value, reading.interval) == (31.25, (30.5, 32.0))
    assert reading.stand_in
    assert reading.incomparable
    assert not reading.of_several


def test_what_has_no_number_has_a_sign_and_a_reason() -> None:
    failed = make_result(value=None, interval=None, verdict=Verdict.FAIL, reason="collapsed")
    assert (reading_of(failed).sign, reading_of(failed).reason) == ("✗", "collapsed")
    skipped = make_result(value=None, interval=None, verdict=Verdict.SKIP)
    assert reading_of(skipped).sign == "–"
    assert reading_of(skipped).reason == "no reason was recorded"


def test_several_are_their_mean_and_range() -> None:
    reading = merged([one(1.0), one(2.0), one(6.0)])
    assert (reading.value, reading.interval, reading.values) == (3.0, (1.0, 6.0), (1.0, 2.0, 6.0))
    assert reading.of_several
    assert not reading.missing


def test_a_single_one_among_lost_ones_keeps_its_interval() -> None:
    lost = Reading(None, sign="!", reason="training failed: no memory")
    reading = merged([one(2.0), lost])
    assert (reading.value, reading.interval, reading.missing) == (2.0, (1.0, 3.0), 1)
    assert reading.reason == "without 1 of 2: training failed: no memory"


def test_a_failure_says_more_than_what_was_not_run() -> None:
    missing = Reading(None, sign=NOT_RUN, reason="not run")
    failed = Reading(None, sign="!", reason="no memory")
    reading = merged([missing, missing, failed])
    assert (reading.value, reading.sign) == (None, "!")
    assert reading.reason == "2 of 3: not run; 1 of 3: no memory"
