from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from ms25_suite.core.findings import Finding
from ms25_suite.core.records import AuditRecord, DatasetRecord, RunRecord
from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.report import write_report
from ms25_suite.report.findings import (
    PlacedFinding,
    collect_audits,
    collect_findings,
    group_findings,
)
from tests.helpers.reports import make_result


def entry(
    code: str, status: Literal["ok", "note", "warning", "unanswered"], answer: str
) -> AuditRecord:
    return AuditRecord(code=code, question=f"what of {code}?", status=status, answer=answer)


OFFSET = entry("energy-offset", "unanswered", "needs predictions")
RUN = RunRecord(
    datasets=(
        DatasetRecord(name="mgo", audit=(entry("net-force", "ok", "0.1 meV/Å"), OFFSET)),
        DatasetRecord(name="hea", audit=(entry("net-force", "warning", "9 meV/Å"), OFFSET)),
        DatasetRecord(name="of an older version"),
    )
)


def energy(potential: str, *codes: str, value: float | None = 1.0) -> CheckResult:
    return make_result(
        potential=potential,
        quantity="energy",
        value=value,
        unit="meV/atom",
        verdict=Verdict.PASS if value is not None else Verdict.ERROR,
        details={"findings": [{"code": code, "message": "it is off"} for code in codes]},
    )


def test_questions_by_dataset() -> None:
    mgo, hea = collect_audits(RUN, [])
    assert (mgo.dataset, mgo.remarked) == ("mgo", False)
    assert mgo.summary == "2 questions: 1 without a finding, 1 without an answer"
    assert (hea.dataset, hea.remarked) == ("hea", True)
    assert hea.rows[0] == ("warning", "what of net-force?", "9 meV/Å")


@pytest.mark.parametrize(
    ("results", "row"),
    [
        ([], ("unanswered", "needs predictions")),
        ([energy("a", value=None)], ("unanswered", "needs predictions")),
        ([energy("a"), energy("b")], ("ok", "no, with a, b")),
        ([energy("a"), energy("b", "energy-offset")], ("warning", "yes, with b: see the findings")),
    ],
)
def test_predictions_answer_the_question_of_an_offset(
    results: list[CheckResult], row: tuple[str, str]
) -> None:
    outcome, _, answer = collect_audits(RUN, results)[0].rows[1]
    assert (outcome, answer) == row


def test_the_same_finding_is_listed_once_and_warnings_first() -> None:
    note, warning = (
        Finding("small-cells", "small", "note"),
        Finding("overlap", "close", frames=(1,)),
    )
    datasets = (
        DatasetRecord(name="a", findings=(note, warning)),
        DatasetRecord(name="b", findings=(replace(warning, frames=(4, 5)),)),
    )
    transfer = make_result(test_dataset="hea", details={"findings": [warning.to_dict()]})
    assert collect_findings(RunRecord(datasets=datasets), [transfer]) == [
        PlacedFinding(Finding("overlap", "close"), (("", "a"), ("", "b"), ("mace-β", "mgo → hea"))),
        PlacedFinding(note, (("", "a"),)),
    ]


def test_one_line_for_each_kind_with_a_count() -> None:
    note, warning = Finding("small-cells", "small", "note"), Finding("leakage", "1 %")
    placed = [
        PlacedFinding(warning, (("a", "mgo"), ("b", "mgo"))),
        PlacedFinding(replace(warning, message="2 %"), (("a", "hea"),)),
        PlacedFinding(note, (("", "mgo"),)),
    ]
    first, second = group_findings(placed)
    assert (first.severity, first.code) == ("warning", "leakage")
    assert first.where == "2 potentials on 2 datasets"
    assert len(first.entries) == 2
    assert (second.code, second.where) == ("small-cells", "mgo")


def test_the_page_shows_them(tmp_path: Path) -> None:
    source = write_report(tmp_path, RUN, [energy("a", "energy-offset")]).html.read_text("utf-8")
    assert "Audit of the data" in source
    assert "what of net-force?" in source
    assert "9 meV/Å" in source
    # With several datasets only those with a warning are open.
    assert source.count('<details class="audit" open>') == 2
    assert "yes, with a: see the findings" in source


def test_a_single_audit_is_open(tmp_path: Path) -> None:
    run = RunRecord(datasets=RUN.datasets[:1])
    source = write_report(tmp_path, run, [energy("a")]).html.read_text("utf-8")
    assert source.count('<details class="audit" open>') == 1


def test_a_note_is_no_warning(tmp_path: Path) -> None:
    finding = Finding("small-cells", "the cells are small", "note")
    run = RunRecord(datasets=(DatasetRecord(name="mgo", findings=(finding,)),))
    source = write_report(tmp_path, run, [energy("a")]).html.read_text("utf-8")
    assert "note: small-cells" in source
    assert "warning: small-cells" not in source
