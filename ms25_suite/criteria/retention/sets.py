"""Sets that a child was not tuned for, and what its parent may have known of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ase.data import chemical_symbols

from ms25_suite.core.errors import DatasetError
from ms25_suite.datasets.dataset import Dataset, open_dataset
from ms25_suite.datasets.registry import OTHER_CELLS, builtin_card, own_datasets
from ms25_suite.datasets.tiers import Tier
from ms25_suite.potentials.potential import Potential

__all__ = ["RetentionSet", "chosen_sets", "one_for_each_composition", "unknown_elements"]


@dataclass(frozen=True, slots=True, eq=False)
class RetentionSet:
    """A set of frames that a child was not tuned for.

    Parameters
    ----------
    dataset
        The dataset.
    asked
        Whether the user named it, so that it must be judged.
    """

    dataset: Dataset
    asked: bool = False


def chosen_sets(
    tuned_for: Dataset, child: Potential, named: Sequence[str] = (), tier: Tier | None = None
) -> tuple[RetentionSet, ...]:
    """Sets to judge retention on.

    Parameters
    ----------
    tuned_for
        Dataset that the child was tuned for.
    child
        The potential.
    named
        Datasets of ``--ms25-retention-data``. If empty, the built-in ones that share an element
        with `tuned_for` are taken: what is simulated with the child is near of what it was tuned
        for. Of a material in cells of several sizes the smallest one is taken.
    tier
        What names mean; see `open_dataset`.

    Raises
    ------
    DatasetError
        A named dataset cannot be opened, or is the one that the child was tuned for.
    """
    own = {tuned_for.sha256}
    if child.manifest is not None and child.manifest.data.sha256:
        own.add(child.manifest.data.sha256)
    if not named:
        opened = [one for name in _near(tuned_for) if (one := _opened(name, tier)) is not None]
        return tuple(
            RetentionSet(one)
            for one in opened
            if one.sha256 not in own and not _has_smaller_cell(one, opened)
        )
    found = []
    for name in dict.fromkeys(named):
        dataset = open_dataset(name, tier=tier)
        if dataset.sha256 in own or dataset.name == tuned_for.name:
            msg = (
                f"--ms25-retention-data={name}: {child.name} was tuned for it. Expected other "
                "data, on which it may have forgotten something"
            )
            raise DatasetError(msg)
        found.append(RetentionSet(dataset, asked=True))
    return tuple(found)


def _near(tuned_for: Dataset) -> list[str]:
    """Names of built-in datasets that share an element with another one, and are not its cells."""
    elements = set(tuned_for.card.elements)
    left = {tuned_for.name, *OTHER_CELLS, *tuned_for.card.partners.of("extensivity")}
    cards = (builtin_card(name) for name in own_datasets() if name not in left)
    return [one.name for one in cards if one is not None and elements & set(one.elements)]


def _has_smaller_cell(dataset: Dataset, others: Iterable[Dataset]) -> bool:
    """Whether a dataset of the same material in a smaller cell says the same at a lower price."""
    partners = dataset.card.partners.of("extensivity")
    return any(one.name in partners and _size(one) < _size(dataset) for one in others)


def _opened(name: str, tier: Tier | None) -> Dataset | None:
    """A built-in dataset; None if the tier of imported data has none of that name."""
    try:
        return open_dataset(name, tier=tier)
    except DatasetError:
        if tier is None or tier.folder is None:
            raise
        return None


def unknown_elements(potential: Potential, dataset: Dataset) -> str:
    """Elements of a dataset that a potential has no parameters for; empty if none, or unknown."""
    known = potential.info().elements
    lacking = [] if known is None else [z for z in dataset.frames.elements if z not in known]
    return " ".join(chemical_symbols[z] for z in lacking)


def one_for_each_composition(sets: Iterable[RetentionSet]) -> list[RetentionSet]:
    """Of sets with the same elements, the one with the smallest frames.

    What is asked of single structures (walls, laws) depends on the elements more than on the
    framework that they are in.
    """
    found: dict[tuple[int, ...], RetentionSet] = {}
    for one in sets:
        elements = tuple(one.dataset.frames.elements)
        known = found.get(elements)
        if known is None or _size(one.dataset) < _size(known.dataset):
            found[elements] = one
    return list(found.values())


def _size(dataset: Dataset) -> int:
    return int(dataset.frames.n_atoms.min())
