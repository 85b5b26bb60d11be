"""Description of a dataset and of its audit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ms25_suite.core.findings import Finding
from ms25_suite.core.records.base import Record

__all__ = ["AuditRecord", "DatasetRecord"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord(Record):
    """One question of the audit of a dataset, with its answer.

    Parameters
    ----------
    code
        Short name of the question.
    question
        The question in words.
    status
        ``ok``, or the most severe finding: ``note`` or ``warning``; ``unanswered`` where the data
        alone cannot answer.
    answer
        What was found, with numbers, or why there is no answer.
    findings
        Codes of the findings of this question.
    """

    code: str
    question: str = ""
    status: Literal["ok", "note", "warning", "unanswered"] = "unanswered"
    answer: str = ""
    findings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetRecord(Record):
    """Description of a dataset.

    Parameters
    ----------
    name
        Name of the dataset, unique in a run.
    title
        Title from its card.
    tier
        Tier of the dataset, see `CheckResult`.
    level_of_theory
        Level of theory of the reference labels.
    paper_level_of_theory
        Level of theory of the same system in the MS25 paper; None if it is not in the paper.
    stand_in
        Whether the labels stand in for those of the paper.
    sha256
        SHA-256 of the frames and labels.
    n_frames
        Number of frames.
    n_test
        Number of test frames of the first split.
    splits
        Where the splits come from.
    elements
        Chemical symbols.
    findings
        Findings of the reader and of the audit.
    audit
        Questions of the audit.
    """

    name: str
    title: str = ""
    tier: str = ""
    level_of_theory: str = ""
    paper_level_of_theory: str | None = None
    stand_in: bool = False
    sha256: str = ""
    n_frames: int | None = None
    n_test: int | None = None
    splits: str = ""
    elements: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    audit: tuple[AuditRecord, ...] = ()

    def _nullable(self) -> tuple[str, ...]:
        return ("paper_level_of_theory",)
