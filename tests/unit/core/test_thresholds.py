from __future__ import annotations

from pathlib import Path

import pytest

from ms25_suite.core.catalogue import built_in
from ms25_suite.core.errors import ThresholdError
from ms25_suite.core.fields import QUANTITIES
from ms25_suite.core.results import Verdict, worst_verdict
from ms25_suite.core.thresholds import Threshold, Thresholds, card_thresholds, judge
from ms25_suite.core.units import QUANTITY_UNITS

VOLUME = "[eos.b.volume]"
REST = "unit='%'\nmetric='error'\nsource='s'"

MARK = Threshold(5.0, "meV/atom", "mae", "somewhere")


@pytest.mark.parametrize(
    ("value", "interval", "verdict"),
    [
        (4.0, (3.0, 4.9), Verdict.PASS),
        (5.0, None, Verdict.PASS),
        (4.0, (3.0, 5.0), Verdict.PASS),
        (4.0, (3.0, 5.1), Verdict.UNDECIDED),
        (5.5, (4.9, 6.0), Verdict.UNDECIDED),
        (6.0, (5.1, 7.0), Verdict.FAIL),
        (5.1, None, Verdict.FAIL),
        (0.0, (0.0, 0.0), Verdict.PASS),
    ],
)
def test_the_interval_decides(
    value: float, interval: tuple[float, float] | None, verdict: Verdict
) -> None:
    assert judge(value, interval, MARK) is verdict


@pytest.mark.parametrize(
    ("value", "interval", "verdict"),
    [
        (0.3, (0.2, 0.4), Verdict.PASS),
        (0.2, None, Verdict.PASS),
        (0.3, (0.19, 0.4), Verdict.UNDECIDED),
        (0.1, (0.0, 0.2), Verdict.UNDECIDED),
        (0.1, (0.0, 0.19), Verdict.FAIL),
        (-0.1, None, Verdict.FAIL),
    ],
)
def test_a_lower_limit_is_the_other_way_round(
    value: float, interval: tuple[float, float] | None, verdict: Verdict
) -> None:
    mark = Threshold(0.2, "1", "rate", "somewhere", at_least=True)
    assert judge(value, interval, mark) is verdict


def test_the_criterion_says_which_way_a_limit_goes() -> None:
    entry = {"value": 0.2, "unit": "1", "metric": "rate", "source": "somewhere"}
    marks = Thresholds({"training_rate": {"standard": {"forces": entry}}}, "here")
    assert marks.get("training_rate", "standard", "forces").at_least
    assert not Thresholds.default().get("size_extensivity", "standard", "forces").at_least


def test_every_shipped_mark_is_for_what_its_criterion_measures() -> None:
    for (criterion, _, quantity), mark in Thresholds.default().items():
        measure = built_in()[criterion].measures[quantity]
        assert (mark.metric, mark.unit) == (measure.metric, measure.unit)


@pytest.mark.parametrize("criterion", ["size_extensivity", "framework_transfer"])
def test_other_cells_and_frameworks_have_the_marks_of_the_own_frames(criterion: str) -> None:
    marks = Thresholds.default()
    for name in marks.classes():
        for quantity in QUANTITIES:
            own = marks.get("error_thresholds", name, quantity)
            assert marks.get(criterion, name, quantity).value == own.value


@pytest.mark.parametrize(
    ("value", "interval"), [(float("nan"), None), (1.0, (0.0, float("nan"))), (float("inf"), None)]
)
def test_what_is_not_finite_is_never_judged(
    value: float, interval: tuple[float, float] | None
) -> None:
    with pytest.raises(ValueError, match="finite"):
        judge(value, interval, MARK)


def test_the_papers_marks() -> None:
    marks = Thresholds.default()
    found = {
        (name, quantity): marks.get("error_thresholds", name, quantity).value
        for name in ("standard", "complex")
        for quantity in ("energy", "forces")
    }
    assert found == {
        ("standard", "energy"): 2.5,
        ("standard", "forces"): 35.0,
        ("complex", "energy"): 5.0,
        ("complex", "forces"): 50.0,
    }


def test_every_shipped_mark_has_the_shown_unit_and_a_source() -> None:
    marks = Thresholds.default()
    for name in marks.classes():
        for quantity in QUANTITIES:
            mark = marks.get("error_thresholds", name, quantity)
            assert mark.unit == QUANTITY_UNITS[quantity]
            assert len(mark.source) > 20


def test_a_users_file_replaces_only_what_it_names(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        '[error_thresholds.complex.energy]\nvalue = 1\nunit = "meV/atom"\n'
        'metric = "mae"\nsource = "our own demand"\n'
    )
    marks = Thresholds.default().updated(Thresholds.from_file(path))
    assert marks.get("error_thresholds", "complex", "energy").value == 1.0
    assert marks.get("error_thresholds", "complex", "forces").value == 50.0
    assert marks.get("no_such_criterion", "complex", "forces") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = ", "cannot read"),
        ("eos = 1", r"\[eos\] must be a table"),
        ("[eos]\nb = 1", r"\[eos.b\] must be a table"),
        ("[eso.b.volume]\nvalue = 1", r"unknown criterion 'eso'\. Did you mean 'eos'\?"),
        ("[eos.b.volum]\nvalue = 1", r"\[eos.b.volum\]: expected one of .*Did you mean 'volume'"),
        (f"{VOLUME}\nvalue = 1", "expected exactly the keys"),
        (f"{VOLUME}\nvalue = -1\n{REST}", "positive number, found -1"),
        (f"{VOLUME}\nvalue = true\n{REST}", "positive number"),
        (f"{VOLUME}\nvalue = 1\nunit=''\nmetric='error'\nsource='s'", "`unit` must be"),
        (f"{VOLUME}\nvalue = 1\nunit='%'\nmetric='error'\nsource=''", "`source` must be"),
        (f"{VOLUME}\nvalue = 1\nunit='Å'\nmetric='error'\nsource='s'", "in 'Å', expected .* '%'"),
    ],
)
def test_a_bad_thresholds_file_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(ThresholdError, match=message):
        Thresholds.from_file(path)


def test_a_missing_thresholds_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ThresholdError, match=r"absent\.toml"):
        Thresholds.from_file(tmp_path / "absent.toml")


def test_the_gravest_verdict() -> None:
    assert worst_verdict([Verdict.PASS, Verdict.ERROR, Verdict.FAIL]) is Verdict.ERROR
    assert worst_verdict([Verdict.PASS, None, Verdict.UNDECIDED]) is Verdict.UNDECIDED
    assert worst_verdict([None]) is None


def test_a_card_sets_a_threshold_for_all_criteria_that_measure_the_same_number() -> None:
    found = card_thresholds({"energy": {"value": 1.0}}, "card")
    assert {criterion for criterion, _ in found} == {
        "error_thresholds",
        "size_extensivity",
        "framework_transfer",
    }
    mark = found["error_thresholds", "energy"]
    assert (mark.value, mark.unit, mark.metric) == (1.0, "meV/atom", "mae")
    assert mark.source == "card: [thresholds.energy]"


def test_a_card_sets_a_threshold_for_one_criterion() -> None:
    table = {"training_rate": {"forces": {"value": 0.2}}, "forces": {"value": 20}}
    found = card_thresholds(table, "card")
    assert found["training_rate", "forces"].at_least
    assert found["size_extensivity", "forces"].value == 20.0


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            {"heat": {"value": 3}},
            r"card: \[thresholds.heat\]: expected one of energy,",
        ),
        ({"energy": 3}, r"\[thresholds.energy\] must be a table with a `value`, found 3"),
        ({"eos": 3}, r"\[thresholds.eos\] must be a table"),
        ({"eos": {"volume": {"value": 1, "unit": "Å"}}}, "give the error in"),
    ],
)
def test_a_bad_threshold_of_a_card_is_refused(table: dict[str, object], message: str) -> None:
    with pytest.raises(ThresholdError, match=message):
        card_thresholds(table, "card")


def test_a_share_counts_where_it_is_more() -> None:
    mark = Threshold(70.0, "meV/Å", "mae", "somewhere", share=15.0)
    assert mark.against(None).value == 70.0
    assert mark.against(100.0).value == 70.0
    wide = mark.against(1000.0)
    assert (wide.value, wide.share) == (150.0, None)
    assert wide.source == "15 % of 1000 meV/Å, the error without a model; somewhere"


def test_parts_are_as_much_wider_as_the_whole() -> None:
    default, part = Threshold(35.0, "meV/Å", "mae", "the paper"), Threshold(70.0, "", "mae", "x")
    wide = part.widened(Threshold(350.0, "meV/Å", "mae", "mine"), default)
    assert wide.value == 700.0
    assert "mine" in wide.source
    assert part.widened(Threshold(3.5, "meV/Å", "mae", "mine"), default) == part
    relative = Threshold(0.06, "", "mae", "x", share=60.0)
    found = relative.widened(Threshold(9.0, "", "mae", "mine"), relative)
    assert (found.value, found.share) == (9.0, 60.0)
