"""Findings about data and predictions, and the audits of the datasets, for the report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ms25_suite.core.findings import Finding
from ms25_suite.core.records import AuditRecord, RunRecord
from ms25_suite.core.results import CheckResult
from ms25_suite.report.wording import pair_label

__all__ = [
    "AuditTable",
    "FindingGroup",
    "PlacedFinding",
    "collect_audits",
    "collect_findings",
    "group_findings",
]

_OUTCOMES: Final = ("warning", "note", "ok", "unanswered")
"""Possible outcomes of a question, the most severe first."""

_OFFSET: Final = "energy-offset"
"""Code of the only question that needs predictions, and of the finding that answers it."""


@dataclass(frozen=True, slots=True)
class AuditTable:
    """Audit of one dataset.

    Parameters
    ----------
    dataset
        Name of the dataset.
    summary
        How many questions had which outcome.
    remarked
        Whether a question ended with a warning.
    rows
        Outcome, question and answer.
    """

    dataset: str
    summary: str
    remarked: bool
    rows: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class PlacedFinding:
    """A finding, and all datasets and predictions with the same one.

    Parameters
    ----------
    finding
        The finding, without frames.
    places
        Names of a potential and a dataset that it is about; the potential is empty where it is
        about the data alone.
    """

    finding: Finding
    places: tuple[tuple[str, str], ...]

    @property
    def where(self) -> tuple[str, ...]:
        """The places in words."""
        return tuple(
            f"{potential} on {dataset}" if potential else f"dataset {dataset}"
            for potential, dataset in self.places
        )


@dataclass(frozen=True, slots=True)
class FindingGroup:
    """All findings of one code.

    Parameters
    ----------
    severity, code
        ``warning`` or ``note``, and the code that they share.
    where
        How many potentials and datasets they are about, in words.
    entries
        The findings.
    """

    severity: str
    code: str
    where: str
    entries: tuple[PlacedFinding, ...]


def group_findings(placed: Iterable[PlacedFinding]) -> list[FindingGroup]:
    """One group for each code, warnings first."""
    groups: dict[tuple[str, str], list[PlacedFinding]] = {}
    for entry in placed:
        groups.setdefault((entry.finding.severity, entry.finding.code), []).append(entry)
    return [
        FindingGroup(severity, code, _count(entries), tuple(entries))
        for (severity, code), entries in groups.items()
    ]


def _count(entries: Iterable[PlacedFinding]) -> str:
    places = dict.fromkeys(place for entry in entries for place in entry.places)
    found = {
        "potential": dict.fromkeys(potential for potential, _ in places if potential),
        "dataset": dict.fromkeys(dataset for _, dataset in places),
    }
    parts = []
    for noun, names in found.items():
        if len(names) == 1:
            parts.append(next(iter(names)))
        elif names:
            parts.append(f"{len(names)} {noun}s")
    return " on ".join(parts)


def collect_audits(run: RunRecord, results: Sequence[CheckResult]) -> list[AuditTable]:
    """Audits of the datasets of a run; a dataset without an audit is left out."""
    tables = []
    for dataset in run.datasets:
        rows = tuple(_row(entry, dataset.name, results) for entry in dataset.audit)
        if rows:
            outcomes = [outcome for outcome, _, _ in rows]
            warned = "warning" in outcomes
            tables.append(AuditTable(dataset.name, _summary(outcomes), warned, rows))
    return tables


def collect_findings(run: RunRecord, results: Sequence[CheckResult]) -> list[PlacedFinding]:
    """Findings, warnings first; the same finding in several places is listed once."""
    found = [
        (finding, ("", dataset.name)) for dataset in run.datasets for finding in dataset.findings
    ]
    for result in results:
        where = (result.potential, pair_label(result.dataset, result.test_dataset))
        found += [(finding, where) for finding in result.findings]
    places: dict[Finding, dict[tuple[str, str], None]] = {}
    for finding, where in found:
        # Without frames, which differ between datasets, equal findings are equal.
        places.setdefault(replace(finding, frames=()), {})[where] = None
    placed = [PlacedFinding(finding, tuple(where)) for finding, where in places.items()]
    return sorted(placed, key=lambda entry: _OUTCOMES.index(entry.finding.severity))


def _row(entry: AuditRecord, dataset: str, results: Iterable[CheckResult]) -> tuple[str, str, str]:
    outcome: tuple[str, str] = (entry.status, entry.answer)
    if entry.code == _OFFSET:
        outcome = _offset(dataset, results) or outcome
    status, answer = outcome
    return status, entry.question or entry.code, answer


def _offset(dataset: str, results: Iterable[CheckResult]) -> tuple[str, str] | None:
    """Outcome of the question about an offset of energies; None without predictions."""
    has_offset: dict[str, bool] = {}
    for result in results:
        if (
            result.test_dataset == dataset
            and result.quantity == "energy"
            and result.value is not None
        ):
            # The only question whose answer needs a potential: it compares two methods.
            found = any(finding.code == _OFFSET for finding in result.findings)
            has_offset[result.potential] = found or has_offset.get(result.potential, False)
    off = [name for name, found in has_offset.items() if found]
    if off:
        return "warning", f"yes, with {', '.join(off)}: see the findings"
    return ("ok", f"no, with {', '.join(has_offset)}") if has_offset else None


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
