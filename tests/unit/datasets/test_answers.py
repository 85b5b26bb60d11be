from __future__ import annotations

import pytest

from ms25_suite.core.findings import Finding
from ms25_suite.datasets.answers import (
    QUESTIONS,
    Answer,
    answered,
    in_order,
    tally,
    unanswered,
)

NOTE = Finding("small-cells", "small", "note", (1, 2))


WARNING = Finding("net-force", "not zero")


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (answered("forces", "fine"), "ok"),
        (answered("forces", "fine", None), "ok"),
        (answered("cell-size", "small", NOTE), "note"),
        (answered("net-force", "both", NOTE, WARNING), "warning"),
        (unanswered("forces", "there are none"), "unanswered"),
    ],
)
def test_the_most_severe_finding_is_the_status(answer: Answer, status: str) -> None:
    assert answer.status == status
    assert answer.summary()["status"] == status


def test_an_answer_survives_the_store() -> None:
    for answer in (answered("net-force", "both", NOTE, WARNING), unanswered("forces", "none")):
        assert Answer.from_dict(answer.to_dict()) == answer


def test_a_summary_has_the_words_of_the_question() -> None:
    summary = answered("net-force", "0.1 meV/Å", WARNING).summary()
    assert summary == {
        "code": "net-force",
        "question": QUESTIONS["net-force"],
        "status": "warning",
        "answer": "0.1 meV/Å",
        "findings": ["net-force"],
    }


def test_answers_are_put_in_the_order_of_questions() -> None:
    answers = in_order([unanswered("energy-offset", ""), answered("labels", "")])
    assert [answer.code for answer in answers] == ["labels", "energy-offset"]


def test_tally() -> None:
    answers = [answered("labels", ""), answered("net-force", "", WARNING), unanswered("forces", "")]
    assert tally(answers) == "3 questions: 1 without a finding, 1 with a warning, 1 unanswered"
