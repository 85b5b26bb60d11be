"""The questions of the data audit, and the answers that a dataset gives to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, Self

from ms25_suite.core.findings import Finding
from ms25_suite.core.frames import IntArray

__all__ = [
    "QUESTIONS",
    "Answer",
    "Status",
    "answered",
    "in_order",
    "tally",
    "unanswered",
    "unless_all",
]


def unless_all(frames: IntArray, n_frames: int) -> tuple[int, ...]:
    """Frames of a finding; empty where it concerns all frames."""
    return () if len(frames) == n_frames else tuple(int(index) for index in frames)


Status = Literal["ok", "note", "warning", "unanswered"]

QUESTIONS: Final = {
    "labels": "Which labels are there?",
    "atom-energies": "Which isolated atoms are there, and are the frames bound by their energies?",
    "finite": "Are positions, cells and labels finite numbers?",
    "level-of-theory": "Is the level of theory of the labels stated?",
    "duplicates": "Does a frame occur twice?",
    "leakage": "Are test frames training or validation frames too?",
    "coverage": "Do the training frames cover the elements and compositions of the test frames?",
    "periodicity": "Are all frames periodic in the same directions?",
    "overlap": "Do atoms overlap?",
    "isolation": "Is an atom beyond the cutoff from all others?",
    "cell-size": "Are the periodic cells at least two cutoffs wide?",
    "energies": "Are the energies of one unit, and free of outliers?",
    "forces": "Are the forces of one unit, and free of outliers?",
    "net-force": "Do the forces of each frame add up to zero?",
    "force-work": "Do the forces match the energies, in sign and unit?",
    "stress-scale": "Can the stress be eV/Å^3 with tension positive?",
    "stress-work": "Does the stress match the energies, in sign and unit?",
    "energy-offset": "Do labels and potential differ by a constant for each element?",
}
"""Stable short name of each question and its text, in the order in which they are shown."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one question.

    Parameters
    ----------
    code
        Short name of the question, one of `QUESTIONS`.
    text
        What was found, with numbers; or why there is no answer.
    findings
        Remarks that follow from it.
    known
        Whether the data allow an answer.
    """

    code: str
    text: str
    findings: tuple[Finding, ...] = ()
    known: bool = True

    @property
    def question(self) -> str:
        """Text of the question."""
        return QUESTIONS[self.code]

    @property
    def status(self) -> Status:
        """The most severe of its findings; ``ok`` without any."""
        severities = {finding.severity for finding in self.findings}
        if "warning" in severities:
            return "warning"
        if "note" in severities:
            return "note"
        return "ok" if self.known else "unanswered"

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {
            "code": self.code,
            "text": self.text,
            "findings": [finding.to_dict() for finding in self.findings],
            "known": self.known,
        }

    @classmethod
    def from_dict(cls, entry: Mapping[str, Any]) -> Self:
        """Inverse of `to_dict`."""
        findings = tuple(Finding.from_dict(finding) for finding in entry["findings"])
        return cls(entry["code"], entry["text"], findings, entry["known"])

    def summary(self) -> dict[str, Any]:
        """Entry of a report and of ``--json``; the findings by their codes."""
        return {
            "code": self.code,
            "question": self.question,
            "status": self.status,
            "answer": self.text,
            "findings": [finding.code for finding in self.findings],
        }


def answered(code: str, text: str, *findings: Finding | None) -> Answer:
    """An answer with its findings; ``None`` among them is left out."""
    return Answer(code, text, tuple(finding for finding in findings if finding is not None))


def unanswered(code: str, why: str) -> Answer:
    """An answer that the data do not allow, and why."""
    return Answer(code, why, known=False)


def in_order(answers: Iterable[Answer]) -> tuple[Answer, ...]:
    """Answers in the order of `QUESTIONS`."""
    order = list(QUESTIONS)
    return tuple(sorted(answers, key=lambda answer: order.index(answer.code)))


def tally(answers: Sequence[Answer]) -> str:
    """How many questions have which status, as text."""
    counts = {
        "without a finding": "ok",
        "with a note": "note",
        "with a warning": "warning",
        "unanswered": "unanswered",
    }
    numbers = {
        words: sum(answer.status == status for answer in answers)
        for words, status in counts.items()
    }
    parts = [f"{number} {words}" for words, number in numbers.items() if number]
    return f"{len(answers)} questions: {', '.join(parts)}"
