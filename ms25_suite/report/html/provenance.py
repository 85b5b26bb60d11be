"""Provenance of the numbers, as pairs of a label and a text."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

from ms25_suite.core.records import DatasetRecord, PotentialRecord, RunRecord
from ms25_suite.report.wording import exit_words

__all__ = ["Facts", "command_line", "dataset_facts", "moment", "potential_facts", "run_facts"]

Facts = list[tuple[str, str]]
"""Pairs of a label and a text."""

_RUN: Final = {
    "id": "run",
    "started": "started",
    "finished": "finished",
    "suite_version": "ms25-suite",
    "exit_status": "outcome",
    "device": "device",
    "dtype": "dtype",
    "seed": "seed",
    "strict": "undecided fails",
    "machine": "machine",
    "packages": "packages",
}
_POTENTIAL: Final = {
    "spec": "given as",
    "architecture": "architecture",
    "path": "file",
    "sha256": "sha256",
    "elements": "elements",
    "r_max": "cutoff (Å)",
    "dtype": "dtype",
    "n_parameters": "parameters",
    "acceleration": "accelerated",
    "trained_on": "trained on",
}
_DATASET: Final = {
    "title": "title",
    "tier": "tier",
    "level_of_theory": "level of theory",
    "paper_level_of_theory": "level of theory of the paper",
    "stand_in": "stand-in reference",
    "sha256": "sha256",
    "n_frames": "frames",
    "n_test": "test frames",
    "elements": "elements",
}
_PARTS: Final = {"n_cpu": "cores", "memory_gb": "memory (GB)", "n_train": "training frames"}
_HIDDEN: Final = {
    "name",
    "audit",
    "findings",
    "training_curve",
    "training_units",
    "potentials",
    "datasets",
    "runs",
    "command",
    "docs_url",
}
_LIST_LIMIT: Final = 120
"""Longest list that is written out."""


def run_facts(run: RunRecord) -> Facts:
    """Facts about a run, without its command."""
    record = run.to_dict()
    if run.is_timed:
        record["exit_status"] = exit_words(run.exit_status)
    return _facts(record, _RUN)


def potential_facts(potential: PotentialRecord) -> Facts:
    """Facts about a potential."""
    return _facts(potential.to_dict(), _POTENTIAL)


def dataset_facts(dataset: DatasetRecord) -> Facts:
    """Facts about a dataset."""
    return _facts(dataset.to_dict(), _DATASET)


def command_line(run: RunRecord) -> str:
    """Command that repeats a run, quoted for a shell; empty if it was not recorded."""
    return shlex.join(run.command or ())


def _facts(record: Mapping[str, Any], labels: Mapping[str, str]) -> Facts:
    """Facts with a label first, in the order of the labels, then all others by their names."""
    order = [*labels, *(key for key in record if key not in labels)]
    pairs = (
        (labels.get(key) or _words(key), _text(record.get(key)))
        for key in order
        if key not in _HIDDEN
    )
    return [(label, text) for label, text in pairs if text]


def _words(key: str) -> str:
    return key.replace("_", " ")


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}" if math.isfinite(value) else "not finite"
    if isinstance(value, int):
        # Narrow no-break space between thousands (ISO 80000-1).
        return f"{value:,}".replace(",", "\u202f") if abs(value) >= 10_000 else str(value)
    if isinstance(value, Mapping):
        pairs = ((_PARTS.get(key) or _words(key), _text(item)) for key, item in value.items())
        return " · ".join(f"{key} {text}" for key, text in pairs if text)
    if isinstance(value, Sequence) and not isinstance(value, str):
        if len(value) > _LIST_LIMIT:
            return f"{len(value)} entries"
        return ", ".join(filter(None, map(_text, value)))
    return str(value)


def moment(started: str) -> str:
    """Time of a run for people; a text that is no time, or has no time zone, stays as it is.

    Examples
    --------
    >>> moment("2026-01-02T04:04:05+01:00"), moment("yesterday")
    ('2026-01-02 03:04 UTC', 'yesterday')
    """
    with suppress(ValueError):
        time = datetime.fromisoformat(started)
        if time.tzinfo is not None:
            return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return started
