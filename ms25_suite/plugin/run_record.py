"""Description of a run for its header, its journal and ``results.json``."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from ase.data import chemical_symbols

from ms25_suite import __version__
from ms25_suite.core.cache import file_sha256
from ms25_suite.core.documentation.pages import site_address
from ms25_suite.core.errors import listed
from ms25_suite.core.machine import machine, packages
from ms25_suite.core.records import (
    AuditRecord,
    DatasetRecord,
    PotentialRecord,
    RunRecord,
    TrainedOn,
)
from ms25_suite.core.text.shown import shown
from ms25_suite.criteria.theory import Learned
from ms25_suite.datasets.dataset import Dataset, open_dataset
from ms25_suite.plugin.settings import Settings
from ms25_suite.potentials.potential import Potential

if TYPE_CHECKING:
    import pytest

    from ms25_suite.potentials.spec import PotentialSpec

__all__ = [
    "aligned_lines",
    "chooses_device",
    "describe_dataset",
    "describe_potential",
    "describe_run",
    "header_lines",
    "now",
    "two_levels_lines",
]


def now() -> str:
    """Time in UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def header_lines(run: RunRecord) -> list[str]:
    """Lines for the header of pytest: potentials, datasets and settings of a run."""
    lines = [f"potential: {_potential_line(potential)}" for potential in run.potentials]
    for dataset in run.datasets:
        stand_in = ", a stand-in for the paper's reference" if dataset.stand_in else ""
        lines.append(
            f"dataset: {dataset.name}, tier {dataset.tier}, level of theory "
            f"{dataset.level_of_theory}{stand_in}, {dataset.n_test} test frames of "
            f"{dataset.n_frames}, sha256 {dataset.sha256[:12]}"
        )
        # Which columns were taken, and on how many frames.
        lines += [f"  labels: {entry.answer}" for entry in dataset.audit if entry.code == "labels"]
        lines += [f"  {finding.severity}: {finding.message}" for finding in dataset.findings]
    lines.append(
        f"ms25-suite {run.suite_version}: device {run.device}, dtype {run.dtype}, "
        f"seed {run.seed}, workers {run.workers}"
    )
    return [shown(line) for line in lines]


def aligned_lines(settings: Settings) -> list[str]:
    """A line on the datasets whose energies are judged without constants; empty without any."""
    names = [name for name, dataset in settings.datasets.items() if settings.aligned(dataset)]
    if not names:
        return []
    line = (
        f"aligned energies: those on {listed(names)} are judged without a constant for each "
        "element, fitted to validation or training frames; energy_as_predicted is the whole error"
    )
    return [shown(line)]


def two_levels_lines(settings: Settings) -> list[str]:
    """What a reader has to know before any number, if labels are of another level of theory.

    Raises
    ------
    Ms25Error
        A sidecar or a dataset to train on cannot be read.
    """
    stand_ins = [one for one in settings.datasets.values() if one.card.stand_in]
    source = partial(open_dataset, tier=settings.tier)
    found = []
    for spec in settings.potentials:
        for dataset in stand_ins:
            learned = Learned.as_named(spec, dataset, source)
            if learned.mismatch(dataset):
                card = dataset.card
                theories = (card.level_of_theory, card.paper_level_of_theory or "")
                found.append((spec.name, learned.level_of_theory, dataset.name, *theories))
    if not found:
        return []
    # Only now: the report imports what draws figures.
    from ms25_suite.report.comparisons import TwoLevels, notice

    lines = notice([TwoLevels(*one) for one in found], counted=settings.gate_stand_in)
    return [shown(line) for line in lines]


def _potential_line(potential: PotentialRecord) -> str:
    known = [potential.architecture or "unknown architecture"]
    if potential.sha256:
        known.append(f"sha256 {potential.sha256[:12]}")
    elif (potential.spec or "").startswith("train:"):
        known.append("trained in this run or reused from the cache")
    return f"{potential.name} ({potential.spec}), {', '.join(known)}"


def describe_run(config: pytest.Config, settings: Settings) -> RunRecord:
    """Describe a run at its start."""
    return RunRecord(
        id=uuid.uuid4().hex,
        started=now(),
        suite_version=__version__,
        # As it was typed, before the plugin assigns other arguments.
        command=("pytest", *(str(arg) for arg in config.invocation_params.args)),
        device=settings.options.device,
        dtype=settings.options.dtype,
        workers=settings.options.n_workers,
        seed=settings.seed,
        docs_url=site_address() or None,
        strict=settings.strict,
        potentials=tuple(_describe_spec(spec, settings) for spec in settings.potentials),
        datasets=tuple(describe_dataset(dataset) for dataset in settings.datasets.values()),
        machine=machine(),
        packages=packages(),
    )


def _describe_spec(spec: PotentialSpec, settings: Settings) -> PotentialRecord:
    """Describe a potential of the command line before it is loaded or trained."""
    # A calculator of ASE chooses its own precision and device.
    is_ours = spec.kind in ("model", "train")
    return PotentialRecord(
        name=spec.name,
        spec=spec.text,
        architecture=spec.architecture,
        path="" if spec.path is None else str(spec.path),
        sha256="" if spec.path is None else file_sha256(spec.path),
        dtype=settings.options.dtype if is_ours else "",
        device=settings.options.device if is_ours else "",
    )


def describe_potential(potential: Potential) -> PotentialRecord:
    """Describe a loaded potential: its model file, what it supports, and its training."""
    info = potential.info()
    record = PotentialRecord(
        name=potential.name,
        sha256=potential.sha256,
        # `auto` is decided when it is opened.
        device=potential.options.device if chooses_device(potential) else None,
        elements=tuple(chemical_symbols[z] for z in info.elements or ()),
        r_max=info.r_max,
        n_layers=info.n_layers,
        n_parameters=info.n_parameters,
        acceleration=info.acceleration or None,
    )
    manifest = potential.manifest
    if manifest is None:
        return record
    data, curve = manifest.data, manifest.curve
    return replace(
        record,
        trained_on=TrainedOn(
            dataset=data.name or "",
            n_train=data.n_train,
            n_validation=data.n_validation,
            set=data.set,
            # That of a sidecar without checksum is not believed: see `Learned`.
            level_of_theory=manifest.level_of_head(potential.options.head) or None
            if manifest.sealed
            else None,
            tier=data.tier,
            sha256=data.sha256,
            seed=manifest.seed,
            budget=manifest.budget,
        ),
        training_curve={name: tuple(series) for name, series in curve.items()},
        training_units={name: unit for name, unit in manifest.units.items() if name in curve},
    )


def chooses_device(potential: Potential) -> bool:
    """Whether the suite decides on its device and precision; a calculator does so itself."""
    return potential.architecture not in ("ase", "reference", "baseline")


def describe_dataset(dataset: Dataset) -> DatasetRecord:
    """Describe a dataset, with its audit."""
    card = dataset.card
    return DatasetRecord(
        name=dataset.name,
        title=card.title,
        tier=dataset.tier,
        level_of_theory=card.level_of_theory,
        paper_level_of_theory=card.paper_level_of_theory,
        stand_in=card.stand_in,
        sha256=dataset.sha256,
        n_frames=len(dataset),
        n_test=len(dataset.splits.test(set=1)),
        splits=dataset.splits.origin,
        elements=tuple(card.elements),
        findings=(*dataset.remarks, *dataset.findings),
        audit=tuple(
            AuditRecord(
                code=answer.code,
                question=answer.question,
                status=answer.status,
                answer=answer.text,
                findings=tuple(finding.code for finding in answer.findings),
            )
            for answer in dataset.audit
        ),
    )
