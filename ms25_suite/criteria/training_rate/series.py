"""Potentials that differ in nothing but their number of training frames."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ms25_suite.core.catalogue import NotAsked
from ms25_suite.core.errors import listed
from ms25_suite.criteria.case import Case
from ms25_suite.datasets.dataset import Dataset, open_dataset
from ms25_suite.datasets.tiers import Tier
from ms25_suite.metrics.training_rate import MIN_SIZES
from ms25_suite.potentials.spec import PotentialSpec, parse_spec
from ms25_suite.training.manifest import Manifest, read_manifest

__all__ = ["Members", "Series", "find_series", "members", "not_asked"]


@dataclass(frozen=True, slots=True)
class Series:
    """Potentials of the command line that differ in their training size only.

    Parameters
    ----------
    name, architecture
        Short name for reports, and what the potentials are.
    base
        A ``train:`` potential without its size, which is trained at every size; None for files.
    sizes
        Sizes that the command line names, ascending.
    files
        The model file of each size.
    missing_reason
        Why this is not a curve; empty if it is one.
    problem
        Reason why these points must not be fitted together; empty if they may.
    """

    name: str
    architecture: str
    base: PotentialSpec | None = None
    sizes: tuple[int, ...] = ()
    files: tuple[PotentialSpec, ...] = ()
    missing_reason: str = ""
    problem: str = ""

    @property
    def is_at_hand(self) -> bool:
        """Whether the rate needs no additional training."""
        return len(self.sizes) >= MIN_SIZES


@dataclass(frozen=True, slots=True)
class Members:
    """Potentials of a series on a dataset.

    Parameters
    ----------
    specs
        Training size to potential, ascending; empty where there is no curve.
    reason
        Why there is none.
    left_out
        Sizes that the training data are too few for.
    """

    specs: Mapping[int, PotentialSpec]
    reason: str = ""
    left_out: tuple[int, ...] = ()


def find_series(specs: Iterable[PotentialSpec]) -> tuple[Series, ...]:
    """Sort potentials into series; one that belongs to no series has a reason.

    Potentials to train belong together if they differ in ``n`` only; model files if their sidecars
    name the same architecture, data, set and budget.
    """
    trained: dict[str, list[PotentialSpec]] = {}
    files: dict[tuple[str, ...], list[tuple[int, PotentialSpec, Manifest]]] = {}
    alone: list[Series] = []
    for spec in specs:
        manifest = read_manifest(spec.path) if spec.kind == "model" and spec.path else None
        if spec.kind == "train":
            trained.setdefault(spec.retrained(without=("n",)).text, []).append(spec)
        elif manifest is not None:
            data = manifest.data
            what = (data.name, data.sha256, data.set, manifest.budget)
            key = (spec.architecture, *map(str, what))
            files.setdefault(key, []).append((data.n_train or 0, spec, manifest))
        else:
            reason = (
                f"it is not known how many frames {spec.name} was trained on. A rate needs a "
                f"potential train:ARCH, or at least {MIN_SIZES} model files that the suite trained"
            )
            alone.append(Series(spec.name, spec.architecture, missing_reason=reason))
    return (
        *(_series_to_train(text, family) for text, family in trained.items()),
        *(_series_of_files(key, family) for key, family in files.items()),
        *alone,
    )


def members(
    series: Series, dataset: Dataset, sizes: Sequence[int] = (), tier: Tier | None = None
) -> Members:
    """Potentials of a series for a dataset.

    Parameters
    ----------
    series
        From `find_series`.
    dataset
        Dataset to judge on, which is also the one to train on unless the series names another.
    sizes
        Sizes to train at; by default those of the series, else those of the card.
    tier
        What the name of the dataset to train on means; see `open_dataset`.

    Raises
    ------
    DatasetError
        The dataset to train on cannot be opened, or has no such set.
    """
    if series.missing_reason:
        return Members({}, series.missing_reason)
    if series.base is None:
        return Members(dict(zip(series.sizes, series.files, strict=True)))
    trained_on = series.base.trained_on
    source = dataset if trained_on is None else open_dataset(trained_on, tier=tier)
    splits = source.divided(series.base.training.get("split"))
    if not splits.train_sizes:
        return Members({}, f"{source.name} has no training frames")
    available = len(splits.train(set=series.base.training.get("set", 1)))
    wanted = sizes or (series.sizes if series.is_at_hand else splits.train_sizes)
    usable = [size for size in wanted if size <= available]
    if len(usable) < MIN_SIZES:
        reason = (
            f"a rate needs at least {MIN_SIZES} training sizes, and of {listed(wanted)} the "
            f"{available} training frames of {source.name} allow {listed(usable) or 'none'}. "
            "Name others: --train-sizes=10,20,40"
        )
        return Members({}, reason)
    left_out = tuple(size for size in wanted if size > available)
    specs = {size: series.base.retrained(n=size) for size in usable}
    return Members(specs, left_out=left_out)


def not_asked(case: Case) -> NotAsked | None:
    """Left out where there are too few training sizes, or potentials would have to be trained."""
    series: Series = case.subject
    found = members(series, case.dataset, case.train_sizes, case.tier)
    if found.reason:
        return NotAsked(found.reason)
    # Trainings are expensive: they are done only where sizes or the criterion are named.
    trains = series.base is not None and not (series.is_at_hand or case.train_sizes)
    return NotAsked() if trains or series.problem else None


def _series_to_train(text: str, family: Sequence[PotentialSpec]) -> Series:
    base = parse_spec(text)
    sizes = {spec.training["n"] for spec in family if "n" in spec.training}
    return Series(base.name, base.architecture, base=base, sizes=tuple(sorted(sizes)))


def _series_of_files(
    key: tuple[str, ...], family: list[tuple[int, PotentialSpec, Manifest]]
) -> Series:
    architecture, data, _, number, budget = key
    family = sorted(family, key=lambda member: member[0])
    sizes = tuple(dict.fromkeys(size for size, _, _ in family))
    name = f"{architecture}-{data}-{budget}" + ("" if number == "1" else f"-set{number}")
    if len(sizes) < MIN_SIZES:
        reason = (
            f"a rate needs at least {MIN_SIZES} training sizes, and the model files of "
            f"{architecture}, trained on set {number} of {data} with the budget {budget}, are of "
            f"{listed(sizes)} frames"
        )
        return Series(family[0][1].name, architecture, missing_reason=reason)
    return Series(
        name,
        architecture,
        sizes=sizes,
        files=tuple(next(spec for size, spec, _ in family if size == n) for n in sizes),
        problem=_problem(family),
    )


def _problem(family: list[tuple[int, PotentialSpec, Manifest]]) -> str:
    for (size, spec, manifest), (larger, other, theirs) in pairwise(family):
        if size == larger:
            return (
                f"{spec.name} and {other.name} were both trained on {size} frames: name one model "
                "file for each training size"
            )
        # Nested training sets, as in the paper: a change of the error is due to added frames
        # alone.
        if not set(manifest.seen_frames) <= set(theirs.seen_frames):
            return (
                f"the {size} training frames of {spec.name} are not among the {larger} of "
                f"{other.name}: a rate compares sizes of which the larger hold the smaller. Train "
                "them with the same --set of one dataset"
            )
    return ""
