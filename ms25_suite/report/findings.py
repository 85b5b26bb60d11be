"""What the audits of data and predictions found, collected from a run and its results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ms25_suite.report.wording import pair_label
from ms25_suite.results import CheckResult

__all__ = ["Finding", "collect_findings"]

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
