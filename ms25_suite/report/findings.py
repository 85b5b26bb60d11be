"""What the audits of data and predictions found, collected from a run and its results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ms25_suite.core.results import CheckResult
from ms25_suite.report.wording import pair_label

__all__ = ["AuditTable", "Finding", "collect_audits", "collect_findings"]

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
        "ok": "without a finding",
        "unanswered": "without an answer",
    }
    parts = [
        f"{count} {words[outcome]}"
        for outcome in _OUTCOMES
        if (count := sum(other == outcome for other in outcomes))
    ]
    return f"{len(outcomes)} questions: {', '.join(parts)}"


_SEVERITIES = ("error", "warning", "note")


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark of an audit.

    Parameters
    ----------
    severity
        ``error``, ``warning`` or ``note``; ``warning`` where the audit says none.
    where
        Datasets, or potentials and datasets, that it is about.
    code, message
        Short name, and what it means.
    """

    severity: str
    where: tuple[str, ...]
    code: str
    message: str


def collect_findings(run: Mapping[str, Any], results: Sequence[CheckResult]) -> list[Finding]:
    """Findings, the gravest first; the same one of several datasets is told once."""
    found = [
        _finding(entry, f"dataset {item.get('name', '')}")
        for item in run.get("datasets") or []
        for entry in item.get("findings") or []
    ]
    for result in results:
        where = f"{result.potential} on {pair_label(result.dataset, result.test_dataset)}"
        for entry in result.details.get("findings") or []:
            found.append(_finding(entry, where))
    places: dict[tuple[str, str, str], dict[str, None]] = {}
    for severity, code, message, where in found:
        places.setdefault((severity, code, message), {})[where] = None
    findings = [
        Finding(severity, tuple(where), code, message)
        for (severity, code, message), where in places.items()
    ]
    return sorted(findings, key=lambda finding: _SEVERITIES.index(finding.severity))


def _finding(entry: Any, where: str) -> tuple[str, str, str, str]:
    if not isinstance(entry, Mapping):
        return ("warning", "", str(entry), where)
    severity = str(entry.get("severity") or "warning")
    severity = "note" if severity == "info" else severity
    return (
        severity if severity in _SEVERITIES else "warning",
        str(entry.get("code") or ""),
        str(entry.get("message") or ""),
        where,
    )
