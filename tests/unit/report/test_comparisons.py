from __future__ import annotations

from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import Verdict
from ms25_suite.report.comparisons import (
    TwoLevels,
    counted,
    mark_notes,
    marked,
    not_counted_line,
    notice,
    two_levels_of,
)
from tests.helpers.reports import RUN, make_result

TWO = make_result(incomparable=True, verdict=Verdict.INCOMPARABLE, level_of_theory="LC-1985")


def test_pairs_are_found_in_results() -> None:
    rmse = make_result(incomparable=True, verdict=None, metric="rmse", level_of_theory="LC-1985")
    (pair,) = two_levels_of(RUN, [TWO, rmse, make_result(quantity="energy")])
    assert pair == TwoLevels("mace-β", "LC-1985", "mgo", "LC-1985", "PBE")
    assert two_levels_of(RunRecord(), [TWO]) == [TwoLevels("mace-β", "", "mgo", "LC-1985", "")]
    assert two_levels_of(RUN, [make_result()]) == []


def test_the_notice_says_what_is_compared_and_what_to_do() -> None:
    pairs = [TwoLevels("p", "", name, "Vashishta", "RPBE") for name in ("cha", "lta")]
    pairs.append(TwoLevels("q", "PBE", "cha", "Vashishta", ""))
    first, second, meaning, scope, source = notice(pairs, counted=False)
    assert first.startswith("≠ two levels of theory: p on cha and lta. The labels are of Vashishta")
    assert first.endswith("stand-in for the paper's RPBE; what p learned is unknown")
    assert second.endswith("stand-in for the paper's reference; q learned PBE")
    assert "do not count for the exit code; --stand-in=gate lets them" in meaning
    assert "-m size_extensivity (supercell_energy and supercell_forces)" in scope
    assert "-m stability, -m throughput" in scope
    assert "eos" not in scope
    assert "--data=published" in source
    assert "--dataset=my.extxyz" in source
    assert "as --stand-in=gate asks" in notice(pairs, counted=True)[2]
    assert notice([], counted=False) == []


def test_what_is_not_counted_is_listed() -> None:
    assert not_counted_line([make_result()]) == ()
    (line,) = not_counted_line([TWO, make_result(quantity="energy")])
    assert line == "not counted: 1 number of two levels of theory (mace-β on mgo)"
    # A user lets it count.
    gated = make_result(incomparable=True, verdict=Verdict.FAIL)
    assert not_counted_line([gated]) == ()
    assert counted([gated])
    assert not counted([TWO])


def test_the_mark_and_its_meaning() -> None:
    assert marked("31.2", TWO) == "31.2 ≠"
    assert marked("", TWO) == ""
    assert marked("31.2", make_result()) == "31.2"
    assert mark_notes([TWO, TWO]) == [
        "≠ two levels of theory, no error of the potential (mace-β on mgo)"
    ]
    assert mark_notes([make_result()]) == []
