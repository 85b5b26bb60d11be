from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from ms25_suite.core.errors import ReportError
from ms25_suite.core.findings import Finding
from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import SCHEMA, CheckResult, ResultsDocument, Verdict, worst_verdict
from ms25_suite.core.units import DIMENSIONLESS
from tests.helpers.reports import RUN

FULL = CheckResult(
    criterion="error_thresholds",
    dataset="cha",
    test_dataset="fau",
    potential="mace-β",
    quantity="forces",
    metric="mae",
    architecture="mace",
    value=31.5,
    unit="meV/Å",
    interval=(30.0, 33.25),
    threshold=35.0,
    threshold_source="the paper",
    verdict=Verdict.PASS,
    n_frames=80,
    reason="",
    duration_s=1.5,
    tier="mini",
    level_of_theory="Vashishta",
    stand_in=True,
    details={"per_element": {"Si": 40.0, "O": 27.0}},
    artifact="artifacts/a.npz",
)
BARE = CheckResult(
    criterion="throughput",
    dataset="cha",
    test_dataset="cha",
    potential="p",
    quantity="katoms_per_s",
    metric="measurement",
)


@pytest.mark.parametrize("result", [FULL, BARE])
def test_a_result_survives_json(result: CheckResult) -> None:
    text = json.dumps(result.to_dict(), allow_nan=False)
    assert CheckResult.from_dict(json.loads(text)) == result


def test_keys_of_a_later_version_are_ignored() -> None:
    assert CheckResult.from_dict({**BARE.to_dict(), "carbon_footprint": 3}) == BARE


def test_a_missing_key_is_named() -> None:
    record = BARE.to_dict()
    del record["potential"]
    with pytest.raises(ReportError, match=r"line 3: the key `potential` is missing"):
        CheckResult.from_dict(record, "line 3")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("verdict", "maybe", "`verdict`: expected 'pass', 'fail', .* found 'maybe'"),
        ("interval", [1.0], r"the key `interval\[1\]` is missing"),
        ("interval", ["low", 2.0], r"`interval\[0\]`: expected a number, found 'low'"),
        ("interval", 3.0, "`interval`: expected a list, found 3.0"),
        ("value", "1.0", "`value`: expected a number, found '1.0'"),
        ("n_frames", True, "`n_frames`: expected a whole number, found True"),
        ("unit", None, "`unit`: expected a text, found None"),
        ("details", None, "`details`: expected a table, found None"),
        ("details", {"findings": ["odd"]}, "`details.findings` must be a list of tables"),
        ("details", {"findings": [{"code": "x"}]}, "`details.findings` must be a list of tables"),
        ("details", {"findings": "odd"}, "`details.findings` must be a list of tables"),
    ],
)
def test_an_invalid_entry_is_refused(key: str, value: object, message: str) -> None:
    with pytest.raises(ReportError, match=message):
        CheckResult.from_dict({**FULL.to_dict(), key: value})


def test_numbers_of_numpy_in_details_stay_numbers() -> None:
    details = {"n": np.int64(3), "curve": np.array([1.0, 2.5]), "x": np.float32(0.5)}
    record = {**BARE.to_dict(), "details": details}
    assert CheckResult.from_dict(record).details == {"n": 3, "curve": [1.0, 2.5], "x": 0.5}


def test_findings_are_warnings_unless_they_are_notes() -> None:
    entries = [
        {"code": "a", "message": "is far off"},
        {"code": "b", "message": "is small", "severity": "note", "frames": [3]},
        # As the first version wrote a note.
        {"code": "c", "message": "is short", "severity": "info"},
    ]
    result = CheckResult.from_dict({**FULL.to_dict(), "details": {"findings": entries}})
    assert result.findings == (
        Finding("a", "is far off", "warning"),
        Finding("b", "is small", "note", (3,)),
        Finding("c", "is short", "note"),
    )
    assert "  warning:    is far off\n  note:       is small" in result.explain()


def test_an_explanation_has_value_threshold_and_reference() -> None:
    lines = FULL.explain().splitlines()
    assert lines[0] == (
        "pass: forces MAE of mace-β on fau (from cha) is 31.5 (95 % interval 30 to 33.25) meV/Å, "
        "threshold 35 meV/Å"
    )
    assert "  reference:  Vashishta (a stand-in for the paper's)" in lines
    assert lines[-1] == "  how to read this: ms25 docs error_thresholds"
    failed = CheckResult.from_dict(
        {**FULL.to_dict(), "value": None, "verdict": "error", "reason": "it is gone"}
    )
    assert failed.explain() == (
        "error_thresholds: forces of mace-β on fau (from cha): error: it is gone"
    )


def test_a_document_survives_json() -> None:
    document = ResultsDocument(schema=SCHEMA, run=RUN, results=(FULL, BARE))
    text = json.dumps(document.to_dict(), allow_nan=False)
    assert list(json.loads(text)) == ["schema", "run", "results"]
    assert ResultsDocument.from_dict(json.loads(text)) == document


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "r.json: expected results of schema 1, found no table"),
        ({"run": {}, "results": []}, "expected results of schema 1, found schema None"),
        ({"schema": 2}, "expected results of schema 1, found schema 2"),
        ({"schema": 1, "results": []}, "the key `run` is missing"),
        ({"schema": 1, "run": {}, "results": {}}, "`results`: expected a list, found {}"),
        ({"schema": 1, "run": {"seed": "x"}, "results": []}, "`run.seed`: expected a whole number"),
    ],
)
def test_a_document_of_another_layout_is_refused(document: object, message: str) -> None:
    with pytest.raises(ReportError, match=message):
        ResultsDocument.from_dict(document, "r.json")


def test_unknown_keys_of_a_document_are_ignored() -> None:
    document = {"schema": 1, "later": 1, "run": {"later": 2}, "results": []}
    expected = ResultsDocument(schema=SCHEMA, run=RunRecord(), results=())
    assert ResultsDocument.from_dict(document) == expected


def test_key_tells_transfer_from_the_test_at_home() -> None:
    home = CheckResult.from_dict({**FULL.to_dict(), "test_dataset": "cha"})
    other_value = CheckResult.from_dict({**FULL.to_dict(), "value": 1.0})
    assert home.key != FULL.key
    assert other_value.key == FULL.key


def test_worst_verdict() -> None:
    assert worst_verdict([]) is None
    assert worst_verdict([None]) is None
    assert worst_verdict([Verdict.PASS, None, Verdict.SKIP]) is Verdict.PASS
    assert worst_verdict([Verdict.SKIP, None, Verdict.SKIP]) is Verdict.SKIP
    assert worst_verdict([Verdict.UNDECIDED, Verdict.FAIL]) is Verdict.FAIL
    # Where something could not be judged, passes are no approval.
    assert worst_verdict([Verdict.INCOMPARABLE, Verdict.PASS]) is Verdict.INCOMPARABLE
    assert worst_verdict([Verdict.INCOMPARABLE, Verdict.UNDECIDED]) is Verdict.UNDECIDED
    assert worst_verdict([Verdict.ERROR, Verdict.FAIL]) is Verdict.ERROR


@pytest.mark.parametrize(
    ("quantity", "metric", "words"),
    [
        ("energy", "rmse", "energy RMSE of"),
        ("volume", "error", "volume error of"),
        ("energy_p95", "error", "energy p95 error of"),
        ("forces_by_kind", "part", "forces by kind of"),
        ("supercell_energy", "mae", "supercell energy MAE of"),
        ("barrier", "measurement", "barrier of"),
        ("forces", "ratio", "forces ratio of"),
    ],
)
def test_an_explanation_names_the_metric(quantity: str, metric: str, words: str) -> None:
    result = replace(FULL, quantity=quantity, metric=metric)
    assert f": {words} mace-β on fau" in result.explain()


def test_without_a_quantity_an_explanation_has_no_gap() -> None:
    result = replace(FULL, quantity="", value=None, reason="no labels", verdict=Verdict.SKIP)
    assert result.explain().startswith(
        f"{FULL.criterion}: mace-β on fau (from cha): skip: no labels"
    )
    assert result.in_short() == "no labels"


def test_an_explanation_gives_the_error_of_the_baseline() -> None:
    details = {**FULL.details, "without_model": 812.34}
    text = replace(FULL, details=details).explain()
    assert "  baseline:   error 812.3 meV/Å (element energies" in text


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "forces MAE 31.5 ≤ 35 meV/Å"),
        ({"value": 61.234, "verdict": Verdict.FAIL}, "forces MAE 61.23 > 35 meV/Å"),
        # Not 35 > 35.
        ({"value": 35.0004, "verdict": Verdict.FAIL}, "forces MAE 35.0004 > 35 meV/Å"),
        (
            {"verdict": Verdict.UNDECIDED},
            "forces MAE 31.5 (30 to 33.25), threshold 35 meV/Å",
        ),
        # Within its threshold, and not good enough.
        (
            {"verdict": Verdict.FAIL, "interval": None, "reason": "no better than no model"},
            "forces MAE 31.5, threshold 35 meV/Å: no better than no model",
        ),
        (
            {
                "quantity": "energy_p95",
                "metric": "error",
                "value": 0.5,
                "threshold": 1.5,
                "at_least": True,
                "unit": DIMENSIONLESS,
                "verdict": Verdict.FAIL,
            },
            "energy p95 error 0.5 < 1.5",
        ),
        (
            {"value": None, "verdict": Verdict.ERROR, "reason": "it failed:\n  line 1\nValueError"},
            "forces: it failed: ValueError",
        ),
        ({"threshold": None, "verdict": None, "metric": "measurement"}, "forces 31.5 meV/Å"),
    ],
)
def test_in_short(changes: dict[str, object], expected: str) -> None:
    assert replace(FULL, **changes).in_short() == expected
