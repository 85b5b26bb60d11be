"""What was asked of each dataset before anything was judged on it, and the answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ms25_suite.results import CheckResult

__all__ = ["AuditTable", "collect_audits"]

_OUTCOMES: Final = ("warning", "note", "ok", "unanswered")
"""Possible outcomes of a question, the gravest first."""

_OFFSET: Final = "energy-offset"
"""The question that takes predictions; and the code of the finding that answers it."""


@dataclass(frozen=True, slots=True)
class AuditTable:
    """Questions to one dataset.

    Parameters
    ----------
    dataset
        Its name.
    summary
        How many questions had which outcome.
    remarked
        Whether there is more than a note.
    rows
        Outcome, question and answer.
    """

    dataset: str
    summary: str
    remarked: bool
    rows: tuple[tuple[str, str, str], ...]


def collect_audits(run: Mapping[str, Any], results: Sequence[CheckResult]) -> list[AuditTable]:
    """Audits of the datasets of a run; those of results of older versions have none."""
    tables = []
    for item in run.get("datasets") or []:
        name = str(item.get("name", ""))
        entries = item.get("audit")
        known = [entry for entry in entries or () if isinstance(entry, Mapping)]
        rows = tuple(_row(entry, name, results) for entry in known)
        if rows:
            outcomes = [outcome for outcome, _, _ in rows]
            tables.append(AuditTable(name, _summary(outcomes), "warning" in outcomes, rows))
    return tables


def _row(
    entry: Mapping[str, Any], dataset: str, results: Iterable[CheckResult]
) -> tuple[str, str, str]:
    outcome = str(entry.get("status") or "")
    answer = str(entry.get("answer") or "")
    if entry.get("code") == _OFFSET:
        outcome, answer = _offset(dataset, results) or (outcome, answer)
    return (
        outcome if outcome in _OUTCOMES else "unanswered",
        str(entry.get("question") or entry.get("code") or ""),
        answer,
    )


def _offset(dataset: str, results: Iterable[CheckResult]) -> tuple[str, str] | None:
    """Outcome of the question that only predictions answer; None if there are none."""
    potentials: dict[str, bool] = {}
    for result in results:
        judged = result.test_dataset == dataset and result.quantity == "energy"
        if judged and result.value is not None:
            found = result.details.get("findings")
            codes = [entry.get("code") for entry in found or () if isinstance(entry, Mapping)]
            potentials[result.potential] = _OFFSET in codes or potentials.get(
                result.potential, False
            )
    off = [name for name, is_off in potentials.items() if is_off]
    if off:
        return "warning", f"yes, with {', '.join(off)}: see the findings"
    if potentials:
        return "ok", f"no, with {', '.join(potentials)}"
    return None


def _summary(outcomes: Sequence[str]) -> str:
    words = {
        "warning": "with a warning",
        "note": "with a note",
        "ok": "without a remark",
        "unanswered": "without an answer",
    }
    parts = [
        f"{count} {words[outcome]}"
        for outcome in _OUTCOMES
        if (count := sum(other == outcome for other in outcomes))
    ]
    return f"{len(outcomes)} questions: {', '.join(parts)}"
