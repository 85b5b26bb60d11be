"""What a run was, for its header, its journal and ``results.json``."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ms25_suite import __version__
from ms25_suite.core.cache import file_sha256
from ms25_suite.core.machine import machine, packages
from ms25_suite.datasets.dataset import Dataset
from ms25_suite.plugin.settings import Settings

if TYPE_CHECKING:
    import pytest

__all__ = ["describe_dataset", "describe_run", "header_lines", "now"]


def now() -> str:
    """Time in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _potential_line(entry: dict[str, Any]) -> str:
    known = [entry["architecture"] or "unknown architecture"]
    if entry["sha256"]:
        known.append(f"sha256 {entry['sha256'][:12]}")
    elif entry["spec"].startswith("train:"):
        known.append("trained in this run or reused from the cache")
    return f"{entry['name']} ({entry['spec']}), {', '.join(known)}"


def header_lines(run: dict[str, Any]) -> list[str]:
    """State what is judged on what, and how."""
    lines = [f"potential: {_potential_line(entry)}" for entry in run["potentials"]]
    for entry in run["datasets"]:
        stand_in = ", a stand-in for the paper's reference" if entry["stand_in"] else ""
        lines.append(
            f"dataset: {entry['name']}, tier {entry['tier']}, level of theory "
            f"{entry['level_of_theory']}{stand_in}, {entry['n_test']} of {entry['n_frames']} "
            f"frames to judge on, sha256 {entry['sha256'][:12]}"
        )
        lines += [f"  {found['severity']}: {found['message']}" for found in entry["findings"]]
    lines.append(
        f"ms25-suite {run['suite_version']}: device {run['device']}, dtype {run['dtype']}, "
        f"seed {run['seed']}, workers {run['workers']}"
    )
    return lines


def describe_run(config: pytest.Config, settings: Settings) -> dict[str, Any]:
    """Description of a run for the journal and ``results.json``."""
    return {
        "id": uuid.uuid4().hex,
        "started": now(),
        "finished": None,
        "exit_status": None,
        "suite_version": __version__,
        "command": ["pytest", *(str(arg) for arg in config.invocation_params.args)],
        "device": settings.options.device,
        "dtype": settings.options.dtype,
        "workers": settings.options.n_workers,
        "seed": settings.seed,
        "strict": settings.strict,
        "potentials": [
            {
                "name": spec.name,
                "spec": spec.text,
                "architecture": spec.architecture,
                "path": "" if spec.path is None else str(spec.path),
                "sha256": "" if spec.path is None else file_sha256(spec.path),
                # A calculator of ASE chooses its own.
                "dtype": settings.options.dtype if spec.kind in ("model", "train") else "",
                "device": settings.options.device if spec.kind in ("model", "train") else "",
            }
            for spec in settings.potentials
        ],
        "datasets": [describe_dataset(dataset) for dataset in settings.datasets.values()],
        "machine": machine(),
        "packages": packages(),
    }


def describe_dataset(dataset: Dataset) -> dict[str, Any]:
    """What a report says of a dataset."""
    return {
        "name": dataset.name,
        "title": dataset.card.title,
        "tier": dataset.tier,
        "level_of_theory": dataset.card.level_of_theory,
        "paper_level_of_theory": dataset.card.paper_level_of_theory,
        "stand_in": dataset.card.stand_in,
        "sha256": dataset.sha256,
        "n_frames": len(dataset),
        "n_test": len(dataset.splits.test(set=1)),
        "splits": dataset.splits.origin,
        "elements": list(dataset.card.elements),
        "findings": [finding.to_dict() for finding in dataset.findings],
        "audit": [answer.summary() for answer in dataset.audit],
    }
