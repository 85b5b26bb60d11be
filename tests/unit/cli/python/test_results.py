from __future__ import annotations

import html
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ms25_suite.cli.python.results import Results
from ms25_suite.core.errors import UsageError
from ms25_suite.core.records import DatasetRecord, PotentialRecord
from ms25_suite.core.records.run import RunRecord
from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.report.tables import CSV_COLUMNS
from tests.helpers.reports import make_result


def result(**changes: Any) -> CheckResult:
    values = {"potential": "p", "value": 1.25, "unit": "meV/Å^3", "interval": (1.125, 1.5)}
    return make_result(**(values | {"threshold": 2.5} | changes))


RUN = RunRecord(
    exit_status=0,
    potentials=(PotentialRecord(name="p"),),
    datasets=(DatasetRecord(name="mgo"),),
)


def results(*verdicts: Verdict | None, **run: Any) -> Results:
    names = [("energy", "forces", "stress")[index % 3] for index in range(len(verdicts))]
    return Results(
        replace(RUN, **run),
        [result(quantity=n, verdict=v) for n, v in zip(names, verdicts, strict=True)],
    )


EOS = result(criterion="eos", quantity="volume", metric="error", unit="%", verdict=Verdict.FAIL)


def test_it_is_a_sequence_in_the_order_of_the_report() -> None:
    found = Results(RUN, [EOS, result(quantity="forces"), result(quantity="energy")])
    assert [each.quantity for each in found] == ["energy", "forces", "volume"]
    assert len(found) == 3
    assert found[2] == found[-1] == EOS
    assert EOS in found
    assert isinstance(found[:2], Results)
    assert [each.quantity for each in found[:2]] == ["energy", "forces"]


def test_a_name_selects_a_criterion() -> None:
    found = Results(RUN, [EOS, result(quantity="forces")])
    assert list(found["eos"]) == [EOS]
    with pytest.raises(KeyError, match=r"no results of 'eso'. Did you mean 'eos'"):
        found["eso"]


def test_fields_select() -> None:
    found = Results(RUN, [EOS, result(dataset="cha"), result(quantity="energy")])
    assert len(found.where(dataset="mgo")) == 2
    assert list(found.where(verdict="fail")) == [EOS]
    assert list(found.where(verdict=Verdict.FAIL, criterion="eos")) == [EOS]
    assert len(found.where(potential="q")) == 0
    assert len(found.where()) == 3


@pytest.mark.parametrize(
    ("verdicts", "status", "strict", "worst", "passed"),
    [
        ([Verdict.PASS, None], 0, False, Verdict.PASS, True),
        ([Verdict.PASS, Verdict.UNDECIDED], 0, False, Verdict.UNDECIDED, True),
        ([Verdict.PASS, Verdict.UNDECIDED], 1, True, Verdict.UNDECIDED, False),
        ([Verdict.PASS, Verdict.FAIL], 1, False, Verdict.FAIL, False),
        ([Verdict.FAIL, Verdict.ERROR], 1, False, Verdict.ERROR, False),
        ([Verdict.SKIP], 5, False, Verdict.SKIP, False),
        ([Verdict.PASS, Verdict.SKIP], 0, False, Verdict.PASS, True),
        ([], 5, False, None, False),
        # Something went wrong that no result tells of.
        ([Verdict.PASS], 1, False, Verdict.PASS, False),
        ([Verdict.PASS], 2, False, Verdict.PASS, False),
        ([Verdict.PASS], None, False, Verdict.PASS, False),
    ],
)
def test_it_passes_as_the_run_does(
    verdicts: list[Verdict | None],
    status: int | None,
    strict: bool,
    worst: Verdict | None,
    passed: bool,
) -> None:
    found = results(*verdicts, exit_status=status, strict=strict)
    assert (found.verdict, found.passed) == (worst, passed)


def test_a_part_passes_by_itself() -> None:
    found = results(Verdict.PASS, Verdict.FAIL, exit_status=1)
    assert found.where(quantity="energy").passed
    assert not found.where(quantity="forces").passed
    assert not found.where(quantity="stress").passed
    assert not results(Verdict.PASS, exit_status=2)[:1].passed


def test_it_prints_as_the_table_of_the_terminal() -> None:
    text = str(results(Verdict.PASS, Verdict.FAIL))
    assert text == repr(results(Verdict.PASS, Verdict.FAIL))
    assert "error_thresholds: mgo" in text
    assert "✗ fail" in text
    assert str(results()) == "no results"


def test_it_becomes_a_table_of_pandas() -> None:
    pandas = pytest.importorskip("pandas")
    frame = Results(RUN, [EOS, result(value=None, interval=None, verdict=Verdict.ERROR)]).to_frame()
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame.columns) == list(CSV_COLUMNS)
    assert list(frame["verdict"]) == ["error", "fail"]
    assert frame["value"].isna().tolist() == [True, False]
    assert frame["interval_high"][1] == 1.5
    assert list(results().to_frame().columns) == list(CSV_COLUMNS)


def test_without_pandas_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(UsageError, match="pip install pandas"):
        results(Verdict.PASS).to_frame()


def test_it_saves_the_whole_report(tmp_path: Path) -> None:
    files = results(Verdict.PASS, Verdict.FAIL, exit_status=1).save(tmp_path / "report")
    document = json.loads(files.json.read_text(encoding="utf-8"))
    assert [each["verdict"] for each in document["results"]] == ["pass", "fail"]
    assert document["run"]["exit_status"] == 1
    assert files.html.stat().st_size > 1000


def test_a_notebook_shows_a_table() -> None:
    shown = Results(
        RUN, [EOS, result(value=None, interval=None, verdict=Verdict.ERROR, reason="no luck")]
    )._repr_html_()
    assert "<table>" in shown
    for words in (
        "volume",
        "≤ 2.5",
        "95 % interval",
        "[1.12, 1.50]",
        "✗ fail",
        "! error",
        "no luck",
    ):
        assert words in shown
    assert "<table>" not in results()._repr_html_()


def test_in_a_notebook_the_text_is_text(monkeypatch: pytest.MonkeyPatch) -> None:
    text = repr(Results(RunRecord(), [make_result()]))
    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)
    assert repr(Results(RunRecord(), [make_result()])) == text != ""


def test_a_notebook_runs_no_code_of_names() -> None:
    hostile = '<script>alert("1")</script>'
    every = dict.fromkeys(
        ("criterion", "dataset", "test_dataset", "potential", "quantity", "unit", "reason"), hostile
    )
    shown = Results(RUN, [result(**every)])._repr_html_()
    assert "<script" not in shown
    assert html.escape(hostile, quote=False)[:20] in shown
    assert 'title="<' not in shown


def test_a_temporary_folder_lives_as_long_as_its_results() -> None:
    class Owner:
        gone = False

        def __del__(self) -> None:
            Owner.gone = True

    found: Any = Results(RUN, [EOS], owner=Owner())
    part = found["eos"]
    del found
    assert not Owner.gone
    del part
    assert Owner.gone


def test_one_result_is_a_check_result() -> None:
    assert isinstance(results(Verdict.PASS)[0], CheckResult)
