from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.report import write_report
from ms25_suite.report.findings import collect_audits


def entry(code: str, status: str, answer: str) -> dict[str, Any]:
    question = f"what of {code}?"
    return {"code": code, "question": question, "status": status, "answer": answer, "findings": []}


OFFSET = entry("energy-offset", "unanswered", "asked when a potential is judged")
RUN: dict[str, Any] = {
    "datasets": [
        {"name": "mgo", "audit": [entry("net-force", "ok", "0.1 meV/Å"), OFFSET]},
        {"name": "hea", "audit": [entry("net-force", "warning", "9 meV/Å"), OFFSET]},
        {"name": "of an older version"},
    ]
}


def energy(potential: str, *codes: str, value: float | None = 1.0) -> CheckResult:
    return CheckResult(
        criterion="error_thresholds",
        dataset="mgo",
        test_dataset="mgo",
        potential=potential,
        quantity="energy",
        metric="mae",
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
        ([], ("unanswered", "asked when a potential is judged")),
        ([energy("a", value=None)], ("unanswered", "asked when a potential is judged")),
        ([energy("a"), energy("b")], ("ok", "no, with a, b")),
        ([energy("a"), energy("b", "energy-offset")], ("warning", "yes, with b: see the findings")),
    ],
)
def test_predictions_answer_the_question_of_an_offset(
    results: list[CheckResult], row: tuple[str, str]
) -> None:
    outcome, _, answer = collect_audits(RUN, results)[0].rows[1]
    assert (outcome, answer) == row


@pytest.mark.parametrize("audit", [None, [], ["odd"], {"a": 1}, [{}], [{"status": 3}]])
def test_another_layout_does_no_harm(tmp_path: Path, audit: Any) -> None:
    run = {"datasets": [{"name": "mgo", "audit": audit}]}
    assert write_report(tmp_path, run, [energy("a")]).html.is_file()


def test_the_page_shows_them(tmp_path: Path) -> None:
    source = write_report(tmp_path, RUN, [energy("a", "energy-offset")]).html.read_text("utf-8")
    assert "Audit of the data" in source
    assert "what of net-force?" in source
    assert "9 meV/Å" in source
    # With several datasets only those with a warning are open.
    assert source.count('<details class="audit" open>') == 2
    assert "yes, with a: see the findings" in source


def test_a_single_audit_is_open(tmp_path: Path) -> None:
    run = {"datasets": RUN["datasets"][:1]}
    source = write_report(tmp_path, run, [energy("a")]).html.read_text("utf-8")
    assert source.count('<details class="audit" open>') == 1


def test_a_note_is_no_warning(tmp_path: Path) -> None:
    finding = {"severity": "note", "code": "small-cells", "message": "the cells are small"}
    run = {"datasets": [{"name": "mgo", "findings": [finding]}]}
    source = write_report(tmp_path, run, [energy("a")]).html.read_text("utf-8")
    assert "note: small-cells" in source
    assert "warning: small-cells" not in source
