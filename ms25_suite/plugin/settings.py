"""The options of a run, checked before anything is computed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from ms25_suite.baseline.gate import BaselineGate
from ms25_suite.core.catalogue import catalogue
from ms25_suite.core.documents.files import user_path
from ms25_suite.core.errors import ThresholdError, UsageError, did_you_mean
from ms25_suite.core.fields import ENSEMBLES, Align, Ensemble
from ms25_suite.core.text.folders import folders_that_differ
from ms25_suite.core.thresholds import Threshold, Thresholds, card_thresholds
from ms25_suite.criteria.committee.members import Committee, find_committees
from ms25_suite.criteria.training_rate.series import Series, find_series
from ms25_suite.datasets.dataset import Dataset, open_dataset
from ms25_suite.datasets.registry import expand, not_imported
from ms25_suite.datasets.tiers import MINI, USER, Tier, find_tier
from ms25_suite.environments.gpus import AUTO, may_have_gpu
from ms25_suite.metrics.dynamics.trajectories import MIN_STEPS
from ms25_suite.metrics.throughput import N_BLOCKS
from ms25_suite.plugin.baselines import baseline_gate, save_baseline
from ms25_suite.plugin.options import STAND_IN
from ms25_suite.plugin.pool import use_potential_file
from ms25_suite.plugin.skips import AllowedSkip, allowed_skips
from ms25_suite.plugin.values import (
    MOST,
    NO_PAIR_STYLE,
    atom_numbers,
    ensembles,
    lammps_executable,
    parent_of,
    relative,
    retention_data,
    same_as,
    species,
    train_sizes,
    writable_file,
    writable_folder,
)
from ms25_suite.potentials.potential import PotentialOptions
from ms25_suite.potentials.registry import get_trainer
from ms25_suite.potentials.spec import PotentialSpec, parse_specs
from ms25_suite.training.data import training_request

__all__ = ["SETTINGS", "Settings", "transfer_only"]


@dataclass(frozen=True, slots=True, eq=False)
class Settings:
    """Options of a run, read and checked.

    Parameters
    ----------
    potentials
        Potentials in the order of the command line.
    datasets
        Opened datasets by name, in the order of the command line.
    thresholds
        Thresholds of the checks and of the user's file.
    options
        How potentials are run.
    report_dir
        Folder of the report.
    strict
        Whether an undecided check counts as failed.
    seed
        Seed of molecular dynamics, and of what checks draw at random.
    train_sizes
        Training sizes to compare; empty for those that ``--mlip`` or the card names.
    series
        The potentials, as curves over training sizes.
    committees
        The potentials, as committees.
    eos_relax
        Whether the equation of state is also measured with atoms that the potential relaxes.
    neb_steps, md_steps
        Most steps of a nudged elastic band, time steps of molecular dynamics.
    neb_climb
        Whether the highest image of a relaxed band climbs.
    throughput_steps
        Steps of each timed block of molecular dynamics in LAMMPS; None: as many as take half a
        second.
    throughput_atoms
        Numbers of atoms to time as well, ascending.
    md_ensembles
        Ensembles of molecular dynamics.
    tier
        What names of datasets mean.
    not_imported
        Members of groups of ``--dataset`` that a tier of imported data does not have.
    gate_stand_in
        Whether comparisons with stand-in labels of another level of theory are judged like any
        other.
    align
        Whether energies are judged without a constant for each element; None for what the cards
        say.
    same_as
        Potential that each of `potentials` ought to be; None if none is named.
    parent
        Potential that those of `potentials` were fine-tuned from; None for what sidecars say.
    scratch
        Potential that was trained on the same frames without it; None for none.
    retention_data
        Datasets on which a fine-tuned potential may have lost something; empty for built-in ones.
    markdown
        File to which a summary of the run is added; None for no summary.
    baseline
        Accepted numbers that those of the run are compared with; None for none.
    save_baseline
        File to which the numbers of the run are written as a baseline; None for none.
    baseline_reason
        Why they are accepted.
    errors_fail
        Whether a check that could not be run has the exit code of one that failed.
    allow_skip
        What may stay unjudged.
    """

    potentials: tuple[PotentialSpec, ...]
    datasets: dict[str, Dataset]
    thresholds: Thresholds
    options: PotentialOptions
    report_dir: Path
    strict: bool
    seed: int
    train_sizes: tuple[int, ...] = ()
    series: tuple[Series, ...] = ()
    committees: tuple[Committee, ...] = ()
    eos_relax: bool = False
    neb_steps: int = 200
    md_steps: int = 200
    neb_climb: bool = True
    throughput_steps: int | None = None
    throughput_atoms: tuple[int, ...] = ()
    md_ensembles: tuple[Ensemble, ...] = ENSEMBLES
    tier: Tier = MINI
    not_imported: tuple[str, ...] = ()
    gate_stand_in: bool = False
    align: Align | None = None
    same_as: PotentialSpec | None = None
    parent: PotentialSpec | None = None
    scratch: PotentialSpec | None = None
    retention_data: tuple[str, ...] = ()
    markdown: Path | None = None
    baseline: BaselineGate | None = None
    save_baseline: Path | None = None
    baseline_reason: str = ""
    errors_fail: bool = False
    allow_skip: tuple[AllowedSkip, ...] = ()

    @classmethod
    def from_config(cls, config: pytest.Config) -> Settings:
        """Read and check the command line.

        Raises
        ------
        Ms25Error
            An option has an invalid value, or cannot be met.
        """

        def option(name: str) -> Any:
            return config.getoption(f"ms25_{name}")

        for name in ("workers", "worker_timeout"):
            if not option(name) > 0:
                msg = f"--{name.replace('_', '-')} must be positive, got {option(name)}"
                raise UsageError(msg)
        for name, fewest in (
            ("neb_steps", 1),
            ("batch_atoms", 1),
            ("md_steps", MIN_STEPS),
            ("throughput_steps", -(-MIN_STEPS // N_BLOCKS)),
        ):
            if option(name) is not None and option(name) < fewest:
                msg = f"--{name.replace('_', '-')} must be at least {fewest}, got {option(name)}"
                raise UsageError(msg)
        for name, most in MOST.items():
            if option(name) is not None and option(name) > most:
                shown = "ms25-seed" if name == "seed" else name.replace("_", "-")
                msg = f"--{shown} must be at most {most}, got {option(name)}"
                raise UsageError(msg)
        if option("seed") < 0:
            msg = f"--ms25-seed must not be negative, got {option('seed')}"
            raise UsageError(msg)
        if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", option("device")):
            msg = f"--device={option('device')}: expected auto, cpu, mps, cuda, or cuda:N"
            raise UsageError(msg)
        # Into the environment, before any worker is started.
        use_potential_file(option("potential_file"))
        thresholds = Thresholds.default()
        if option("thresholds"):
            file = user_path(option("thresholds"), "--ms25-thresholds", UsageError)
            thresholds = thresholds.updated(Thresholds.from_file(file))
        tier = find_tier(option("data"))
        if option("data") is not None:
            # Also where no name needs it: a misspelled option is never ignored.
            tier.cards()
        datasets = _named(
            [
                open_dataset(name, tier=tier)
                for given in option("dataset")
                for name in expand(given, tier)
            ]
        )
        _check_thresholds(thresholds, datasets.values())
        potentials = parse_specs(option("mlip"))
        twin = same_as(option("same_as"), potentials)
        parent = parent_of(option("parent"), potentials)
        scratch = relative("--ms25-scratch", option("scratch"))
        _check_trainings(filter(None, (*potentials, twin, scratch)), datasets.values(), tier)
        return cls(
            potentials=potentials,
            datasets=datasets,
            thresholds=thresholds,
            options=PotentialOptions(
                device=_device(option("device")),
                dtype=option("dtype"),
                n_workers=option("workers"),
                timeout_s=option("worker_timeout"),
                batch_atoms=option("batch_atoms"),
                use_cache=not option("no_cache"),
                species=species(option("mlip_species")),
                compiled=option("mlip_compile"),
                lammps=lammps_executable(option("lammps")),
                pair_styles=option("lammps") != NO_PAIR_STYLE,
            ),
            report_dir=writable_folder(option("report_dir")),
            strict=option("strict"),
            seed=option("seed"),
            train_sizes=train_sizes(option("train_sizes")),
            series=find_series(potentials),
            committees=find_committees(potentials),
            eos_relax=option("eos_relax"),
            neb_steps=option("neb_steps"),
            md_steps=option("md_steps"),
            neb_climb=option("neb_climb"),
            throughput_steps=option("throughput_steps"),
            throughput_atoms=atom_numbers(option("throughput_atoms")),
            md_ensembles=ensembles(option("md_ensembles")),
            tier=tier,
            not_imported=tuple(
                dict.fromkeys(
                    name for given in option("dataset") for name in not_imported(given, tier)
                )
            ),
            gate_stand_in=option("stand_in") == STAND_IN[-1],
            align=option("align"),
            same_as=twin,
            parent=parent,
            scratch=scratch,
            retention_data=retention_data(option("retention_data"), tier, datasets.values()),
            markdown=writable_file(option("markdown"), "--ms25-markdown"),
            baseline=baseline_gate(
                option("baseline"),
                option("fail_if"),
                potentials=[spec.name for spec in potentials],
                dtype=option("dtype"),
                device=_device(option("device")),
            ),
            save_baseline=save_baseline(option("save_baseline"), option("baseline_reason")),
            baseline_reason=option("baseline_reason"),
            errors_fail=option("errors_fail"),
            allow_skip=allowed_skips(option("allow_skip")),
        )

    def aligned(self, dataset: Dataset) -> bool:
        """Whether energies are judged without a constant for each element."""
        return (self.align or dataset.card.align) == "element"

    def allows_skip(self, criterion: str, quantity: str, dataset: str) -> str:
        """Option that allows that a quantity stays unjudged on a dataset; empty if none does."""
        found = (one for one in self.allow_skip if one.holds_for(criterion, quantity, dataset))
        return next((f"--ms25-allow-skip={one.text}" for one in found), "")

    def threshold(self, criterion: str, dataset: Dataset, quantity: str) -> Threshold | None:
        """Threshold of a quantity on a dataset: its card's own, or that of its class."""
        own = _own_thresholds(dataset).get((criterion, quantity))
        if own is not None:
            return own
        of_class = dataset.card.threshold_class
        mark = self.thresholds.get(criterion, of_class, quantity)
        measure = catalogue()[criterion].measures.get(quantity)
        if mark is None or measure is None or not measure.part_of:
            return mark
        defaults = Thresholds.default()
        main = self.threshold(criterion, dataset, measure.part_of)
        default = defaults.get(criterion, of_class, measure.part_of)
        if main is None or default is None or mark != defaults.get(criterion, of_class, quantity):
            return mark
        return mark.widened(main, default)


def _device(text: str) -> str:
    """A device; `AUTO` stays where there is a GPU, of which not every PyTorch may know."""
    return "cpu" if text == AUTO and not may_have_gpu() else text


SETTINGS = pytest.StashKey[Settings]()
"""What a run was told to do, in ``config.stash``."""


def _named(datasets: Iterable[Dataset]) -> dict[str, Dataset]:
    """Datasets by name; files of one name are told apart by their folders.

    Raises
    ------
    UsageError
        A dataset is given twice, or two of one name have no folders that differ.
    """
    groups: dict[str, list[Dataset]] = {}
    for dataset in datasets:
        twins = groups.setdefault(dataset.name, [])
        if any(twin.sha256 == dataset.sha256 for twin in twins):
            msg = f"the dataset {dataset.name!r} is given twice"
            raise UsageError(msg)
        twins.append(dataset)
    found: dict[str, Dataset] = {}
    for name, twins in groups.items():
        if len(twins) == 1:
            found[name] = twins[0]
            continue
        folders = folders_that_differ([twin.sources[0].absolute() for twin in twins])
        new = [f"{folder}/{name}".replace("//", "/") for folder in folders]
        if not new or set(new) & {*groups, *found}:
            msg = f"two datasets are called {name!r}: give one a card with another name"
            raise UsageError(msg)
        found |= {
            label: replace(twin, card=replace(twin.card, name=label))
            for label, twin in zip(new, twins, strict=True)
        }
    return found


def _check_thresholds(thresholds: Thresholds, datasets: Iterable[Dataset]) -> None:
    """Refuse thresholds of cards that no check would use.

    Raises
    ------
    ThresholdError
        A threshold is invalid, or its class is not known.
    """
    for dataset in datasets:
        _own_thresholds(dataset)
        name = dataset.card.threshold_class
        if name not in thresholds.classes():
            known = thresholds.classes()
            msg = (
                f"card of {dataset.name}: there are no thresholds of the class {name!r}."
                f"{did_you_mean(name, known)} Known: {', '.join(known)}"
            )
            raise ThresholdError(msg)


def _own_thresholds(dataset: Dataset) -> dict[tuple[str, str], Threshold]:
    return card_thresholds(dataset.card.thresholds, f"card of {dataset.name}")


def _check_trainings(
    specs: Iterable[PotentialSpec], datasets: Iterable[Dataset], tier: Tier
) -> None:
    """Refuse trainings that cannot be done, before anything is computed.

    Raises
    ------
    Ms25Error
        There is no such budget or set, or not as many frames.
    """
    for spec in specs:
        if spec.kind != "train":
            continue
        tuning = spec.tuning
        if tuning is not None and tuning.replay:
            # Raises where there is no such dataset, or it has no training frames.
            open_dataset(tuning.replay, tier=tier).divided().train()
        source = [open_dataset(spec.trained_on, tier=tier)] if spec.trained_on else datasets
        for dataset in source:
            if transfer_only(dataset):
                continue
            request = training_request(dataset, get_trainer(spec.architecture), **spec.training)
            # Raises where there are too few frames.
            splits = dataset.divided(request.split)
            splits.train(request.n_train, set=request.set)
            splits.validation(set=request.set)


def transfer_only(dataset: Dataset) -> bool:
    """Whether a built-in dataset has no training frames: potentials of others are judged on it."""
    return dataset.tier != USER and not dataset.splits.train_sizes
