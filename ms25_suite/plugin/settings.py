"""The options of a run, checked before anything is computed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ms25_suite.core.errors import ThresholdError, UsageError
from ms25_suite.core.fields import ENSEMBLES, Ensemble
from ms25_suite.core.thresholds import MEASURES, Threshold, Thresholds
from ms25_suite.criteria.training_series import Series, find_series
from ms25_suite.datasets.dataset import Dataset, open_dataset
from ms25_suite.datasets.registry import expand
from ms25_suite.metrics.dynamics import MIN_STEPS
from ms25_suite.metrics.throughput import N_BLOCKS
from ms25_suite.metrics.training_rate import MIN_SIZES
from ms25_suite.plugin.pool import use_potential_file
from ms25_suite.potentials.potential import PotentialOptions
from ms25_suite.potentials.registry import get_trainer
from ms25_suite.potentials.spec import PotentialSpec, parse_specs
from ms25_suite.training.data import training_request

if TYPE_CHECKING:
    import pytest

__all__ = ["Settings", "transfer_only"]

NO_PAIR_STYLE: Final = "none"
"""What ``--lammps`` takes instead of a path to leave pair styles alone."""


@dataclass(frozen=True, slots=True, eq=False)
class Settings:
    """What a run was asked to do.

    Parameters
    ----------
    potentials
        Potentials in the order of the command line.
    datasets
        Opened datasets by name, in the order of the command line.
    thresholds
        Pass marks of the checks and of the user's file.
    options
        How potentials are run.
    report_dir
        Folder of the report.
    strict
        Whether an undecided check counts as failed.
    seed
        Seed of the bootstrap, and of molecular dynamics.
    train_sizes
        Training sizes to compare; empty for those that ``--mlip`` or the card names.
    series
        The potentials, as curves over training sizes.
    eos_relax
        Whether curves are also asked for with atoms that the potential relaxes.
    neb_steps, md_steps
        Most steps of a nudged elastic band, time steps of molecular dynamics.
    throughput_steps
        Steps of each timed block of molecular dynamics in LAMMPS; None: as many as take half a
        second.
    throughput_atoms
        Numbers of atoms to time as well, ascending.
    md_ensembles
        Ensembles of molecular dynamics.
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
    eos_relax: bool = False
    neb_steps: int = 200
    md_steps: int = 200
    throughput_steps: int | None = None
    throughput_atoms: tuple[int, ...] = ()
    md_ensembles: tuple[Ensemble, ...] = ENSEMBLES

    @classmethod
    def from_config(cls, config: pytest.Config) -> Settings:
        """Read and check the command line.

        Raises
        ------
        Ms25Error
            Something that was asked for cannot be done.
        """
        option = config.getoption
        for name in ("workers", "worker_timeout"):
            if not option(name) > 0:
                msg = f"--{name.replace('_', '-')} must be positive, got {option(name)}"
                raise UsageError(msg)
        for name, fewest in (
            ("neb_steps", 1),
            ("md_steps", MIN_STEPS),
            ("throughput_steps", -(-MIN_STEPS // N_BLOCKS)),
        ):
            if option(name) is not None and option(name) < fewest:
                msg = f"--{name.replace('_', '-')} must be at least {fewest}, got {option(name)}"
                raise UsageError(msg)
        if option("ms25_seed") < 0:
            msg = f"--ms25-seed must not be negative, got {option('ms25_seed')}"
            raise UsageError(msg)
        if not re.fullmatch(r"cpu|mps|cuda(:\d+)?", option("device")):
            msg = f"--device={option('device')}: expected cpu, mps, cuda, or cuda:N"
            raise UsageError(msg)
        use_potential_file(option("potential_file"))
        thresholds = Thresholds.default()
        if option("ms25_thresholds"):
            thresholds = thresholds.updated(Thresholds.from_file(Path(option("ms25_thresholds"))))
        datasets: dict[str, Dataset] = {}
        for text in (name for given in option("dataset") for name in expand(given)):
            dataset = open_dataset(text)
            twin = datasets.get(dataset.name)
            if twin is not None and twin.sha256 == dataset.sha256:
                msg = f"the dataset {dataset.name!r} is asked for twice"
                raise UsageError(msg)
            if twin is not None:
                msg = f"two datasets are called {dataset.name!r}: give one a card with another name"
                raise UsageError(msg)
            datasets[dataset.name] = dataset
        _check_thresholds(thresholds, datasets.values())
        potentials = parse_specs(option("mlip"))
        _check_trainings(potentials, datasets.values())
        return cls(
            potentials=potentials,
            datasets=datasets,
            thresholds=thresholds,
            options=PotentialOptions(
                device=option("device"),
                dtype=option("dtype"),
                n_workers=option("workers"),
                timeout_s=option("worker_timeout"),
                use_cache=not option("ms25_no_cache"),
                species=_species(option("mlip_species")),
                compiled=option("mlip_compile"),
                lammps=_lammps(option("lammps")),
                pair_styles=option("lammps") != NO_PAIR_STYLE,
            ),
            report_dir=_writable(Path(option("report_dir")).expanduser()),
            strict=option("ms25_strict"),
            seed=option("ms25_seed"),
            train_sizes=_train_sizes(option("train_sizes")),
            series=find_series(potentials),
            eos_relax=option("eos_relax"),
            neb_steps=option("neb_steps"),
            md_steps=option("md_steps"),
            throughput_steps=option("throughput_steps"),
            throughput_atoms=_sizes(option("throughput_atoms")),
            md_ensembles=_ensembles(option("md_ensembles")),
        )

    def threshold(self, criterion: str, dataset: Dataset, quantity: str) -> Threshold | None:
        """Pass mark of a quantity on a dataset: its card's own, or that of its class."""
        own = _own_thresholds(dataset).get((criterion, quantity))
        if own is not None:
            return own
        return self.thresholds.get(criterion, dataset.card.threshold_class, quantity)


def _train_sizes(text: str | None) -> tuple[int, ...]:
    """Training sizes of the command line, ascending; empty if none were given.

    Raises
    ------
    UsageError
        They are no whole numbers, repeated, or too few for a rate.
    """
    if text is None:
        return ()
    try:
        sizes = [int(word) for word in text.split(",")]
    except ValueError as error:
        msg = f"--train-sizes={text}: expected whole numbers joined by commas, such as 50,100,200"
        raise UsageError(msg) from error
    if len(set(sizes)) < len(sizes):
        msg = f"--train-sizes={text}: each size is trained once, so none may be repeated"
        raise UsageError(msg)
    if len(sizes) < MIN_SIZES or min(sizes) < 1:
        msg = f"--train-sizes={text}: expected at least {MIN_SIZES} sizes, each of 1 or more frames"
        raise UsageError(msg)
    return tuple(sorted(sizes))


def _lammps(text: str | None) -> Path | None:
    """LAMMPS of the user, seen to answer; None if none is named.

    Raises
    ------
    Ms25Error
        It is missing, not LAMMPS, or does not start.
    """
    if text is None or text == NO_PAIR_STYLE:
        return None
    from ms25_suite.lammps.build import executable_build

    # Its absolute path: a mere name is looked for on the search path.
    return Path(executable_build(Path(text).expanduser()).source)


def _sizes(text: str | None) -> tuple[int, ...]:
    """Numbers of atoms of the command line, ascending; empty if none were given.

    Raises
    ------
    UsageError
        They are no whole numbers from 1 on, or repeated.
    """
    if text is None:
        return ()
    try:
        sizes = [int(word) for word in text.split(",")]
    except ValueError as error:
        msg = (
            f"--throughput-atoms={text}: expected whole numbers joined by commas, such as "
            "500,2000,8000"
        )
        raise UsageError(msg) from error
    if min(sizes) < 1 or len(set(sizes)) < len(sizes):
        msg = f"--throughput-atoms={text}: expected different numbers of atoms, each 1 or more"
        raise UsageError(msg)
    return tuple(sorted(sizes))


def _ensembles(text: str) -> tuple[Ensemble, ...]:
    """Ensembles of the command line, in the order of the suite.

    Raises
    ------
    UsageError
        One is not known, or none is named.
    """
    names = [name.strip().lower() for name in text.split(",")]
    if not set(names) <= set(ENSEMBLES):
        known = ", ".join(ENSEMBLES)
        msg = f"--md-ensembles={text}: expected one or more of {known}, joined by commas"
        raise UsageError(msg)
    return tuple(name for name in ENSEMBLES if name in names)


def _own_thresholds(dataset: Dataset) -> dict[tuple[str, str], Threshold]:
    """Thresholds in the card of a dataset, by criterion and quantity.

    ``[thresholds.energy]`` is for whatever measures the same number, here the energy errors of all
    criteria, and ``[thresholds.size_extensivity.energy]`` for one criterion.

    Raises
    ------
    ThresholdError
        One is invalid, or would never be asked.
    """
    where = f"card of {dataset.name}: [thresholds"
    found = {}
    for quantity, entry in dataset.card.thresholds.items():
        if quantity in MEASURES:
            continue
        measuring = [name for name, measures in MEASURES.items() if quantity in measures]
        first = measuring[0] if measuring else "error_thresholds"
        mark = _own_threshold(first, quantity, entry, f"{where}.{quantity}]", where)
        for criterion in measuring:
            if MEASURES[criterion][quantity] == MEASURES[first][quantity]:
                found[criterion, quantity] = mark
    for criterion in set(dataset.card.thresholds) & set(MEASURES):
        for quantity, entry in dataset.card.thresholds[criterion].items():
            at, above = f"{where}.{criterion}.{quantity}]", f"{where}.{criterion}"
            found[criterion, quantity] = _own_threshold(criterion, quantity, entry, at, above)
    return found


def _species(text: str | None) -> tuple[str, ...]:
    """Chemical symbols of ``--mlip-species``.

    Raises
    ------
    UsageError
        They are no symbols, or one is given twice.
    """
    if text is None:
        return ()
    from ase.data import atomic_numbers

    symbols = tuple(part.strip() for part in text.split(","))
    wrong = [symbol for symbol in symbols if atomic_numbers.get(symbol, 0) < 1]
    if wrong or len(set(symbols)) < len(symbols):
        why = f"{wrong[0]!r} is no chemical symbol" if wrong else "an element is there twice"
        msg = f"--mlip-species={text}: {why}; expected symbols in order, for instance Si,O"
        raise UsageError(msg)
    return symbols


def _own_threshold(criterion: str, quantity: str, entry: object, at: str, above: str) -> Threshold:
    """One threshold of a card, in which metric, unit and source need not be said."""
    measures = MEASURES[criterion]
    if quantity not in measures:
        msg = f"{above}] expects {', '.join(measures)}, found {quantity}"
        raise ThresholdError(msg)
    if not isinstance(entry, Mapping):
        msg = f"{at} must be a table with a `value`, found {entry!r}"
        raise ThresholdError(msg)
    known = {"metric": measures[quantity].metric, "unit": measures[quantity].unit, "source": at}
    mark = Threshold.from_dict({**known, **entry}, at, at_least=measures[quantity].at_least)
    _check_mark(mark, criterion, quantity, at)
    return mark


def _check_mark(mark: Threshold, criterion: str, quantity: str, where: str) -> None:
    """Refuse a threshold that would never be asked, or would be compared with another number."""
    measures = MEASURES[criterion]
    if quantity not in measures:
        msg = f"{where}: expects {', '.join(measures)}, found {quantity}"
        raise ThresholdError(msg)
    expected = measures[quantity]
    if (mark.unit, mark.metric) != (expected.unit, expected.metric):
        msg = (
            f"{where}: is for the {mark.metric} in {mark.unit!r}, expected the {expected.metric} "
            f"in {expected.unit!r}: convert the value"
        )
        raise ThresholdError(msg)


def _check_thresholds(thresholds: Thresholds, datasets: Iterable[Dataset]) -> None:
    """Refuse thresholds that would silently not be asked."""
    for (criterion, name, quantity), mark in thresholds.items():
        if criterion not in MEASURES:
            msg = f"thresholds: unknown criterion {criterion!r}; known: {', '.join(MEASURES)}"
            raise ThresholdError(msg)
        _check_mark(mark, criterion, quantity, f"thresholds: [{criterion}.{name}.{quantity}]")
    for dataset in datasets:
        _own_thresholds(dataset)
        if dataset.card.threshold_class not in thresholds.classes():
            msg = (
                f"card of {dataset.name}: there are no thresholds of the class "
                f"{dataset.card.threshold_class!r}; known: {', '.join(thresholds.classes())}"
            )
            raise ThresholdError(msg)


def _check_trainings(specs: Iterable[PotentialSpec], datasets: Iterable[Dataset]) -> None:
    """Refuse trainings that cannot be done, before anything is computed.

    Raises
    ------
    Ms25Error
        There is no such budget or set, or not as many frames.
    """
    for spec in specs:
        if spec.kind != "train":
            continue
        for dataset in [open_dataset(spec.trained_on)] if spec.trained_on else datasets:
            if transfer_only(dataset):
                continue
            request = training_request(dataset, get_trainer(spec.architecture), **spec.training)
            dataset.splits.train(request.n_train, set=request.set)
            dataset.splits.validation(set=request.set)


def transfer_only(dataset: Dataset) -> bool:
    """Whether a built-in dataset has no training frames: potentials of others are judged on it."""
    return dataset.tier != "user" and not dataset.splits.train_sizes


def _writable(folder: Path) -> Path:
    """Create the report folder, so that an unwritable one is known before hours of computing."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".ms25-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        msg = f"--report-dir={folder}: cannot write there ({error.strerror}). Choose another folder"
        raise UsageError(msg) from error
    return folder.resolve()
