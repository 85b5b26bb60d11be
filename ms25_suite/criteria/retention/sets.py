"""Sets that a child was not tuned for, and what its parent may have known of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ase.data import chemical_symbols

from ms25_suite.core.errors import DatasetError
from ms25_suite.datasets.cards.card import DatasetCard
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
        for. Of a material in cells of several sizes the first one is taken.
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
        opened = (_opened(name, tier) for name in _near(tuned_for))
        return tuple(
            RetentionSet(one) for one in opened if one is not None and one.sha256 not in own
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
    """Names of built-in datasets that share an element with another one."""
    elements, chosen = set(tuned_for.card.elements), list[str]()
    left = OTHER_CELLS | _other_cells(tuned_for.card)
    for name in own_datasets():
        card = builtin_card(name)
        assert card is not None
        if name in left or name == tuned_for.name or not elements & set(card.elements):
            continue
        chosen.append(name)
        # The same material in a larger cell says the same again, at a higher price.
        left |= _other_cells(card)
    return chosen


def _other_cells(card: DatasetCard) -> set[str]:
    return set(card.partners.of("extensivity"))


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
        if known is None or _size(one) < _size(known):
            found[elements] = one
    return list(found.values())


def _size(one: RetentionSet) -> int:
    return int(one.dataset.frames.n_atoms.min())
