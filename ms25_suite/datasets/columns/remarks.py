"""Findings about labels: what is missing, on how many frames, and what was not taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from ms25_suite.core.fields import REF_ENERGY, REF_FORCES, Quantity
from ms25_suite.core.findings import Finding, frame_list
from ms25_suite.datasets.columns.families import DECISIVE, find_columns
from ms25_suite.datasets.columns.names import parse_name
from ms25_suite.datasets.columns.unread import says, unread_labels
from ms25_suite.datasets.columns.values import entries, has_gap, keys_present

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["absent", "elsewhere", "no_labels", "not_taken", "partial", "stress_elsewhere"]

_WORDS: Final[Mapping[Quantity, str]] = {
    "energy": "energies",
    "forces": "forces",
    "stress": "stresses",
}

_CARD: Final = 'state it in the card: [labels] {name} = "{key}"'


def no_labels(images: Sequence[Atoms]) -> str:
    """Message for frames without energies and forces, with the columns that could be them."""
    found = ", ".join(keys_present(images)) or "nothing beside the structure"
    could_be = unread_labels(images, set(DECISIVE), ())
    likely = "".join(
        f" {_quoted(keys)} could be {_WORDS[name]}." for name, keys in could_be.items()
    )
    named = ", ".join(f'{name} = "{could_be.get(name, "…")[0]}"' for name in DECISIVE)
    empty = [key for name in DECISIVE for key in _only_nan(images, name)]
    likely += f" {_quoted(empty)} is not a number (NaN) in all frames." if empty else ""
    return (
        f"no labels. Expected {REF_ENERGY} and {REF_FORCES} (or an attached calculator, or plain "
        f"energy and forces), found: {found}.{likely} Name the keys in a card: [labels] {named}"
    )


def _only_nan(images: Sequence[Atoms], name: Quantity) -> list[str]:
    """Columns of a quantity whose values are all missing."""
    found = {
        key: None
        for atoms in images
        for key, value in entries(atoms).items()
        if (parsed := parse_name(key)) is not None and parsed.name == name and has_gap(value)
    }
    return list(found)


def absent(images: Sequence[Atoms], name: Quantity, could_be: Sequence[str]) -> Finding:
    """A quantity that no frame has, and the columns that could be it."""
    words = _WORDS[name]
    if could_be:
        return Finding(
            f"no-{name}",
            f"No {words} were read, so nothing that needs them can be checked. {_quoted(could_be)} "
            f"could be {words}, but the name is not a usual one, or of another method than the "
            f"other labels. If so, {_CARD.format(name=name, key=could_be[0])}.",
        )
    empty = _only_nan(images, name)
    nan = f" {_quoted(empty)} is not a number (NaN) in all frames." if empty else ""
    return Finding(
        f"no-{name}",
        f"No frame has {words}, so nothing that needs them can be checked.{nan} If the file has "
        f"them under another name, {_CARD.format(name=name, key='…')}.",
    )


def partial(
    images: Sequence[Atoms], name: Quantity, keys: Sequence[str], missing: Sequence[int], n: int
) -> Finding:
    """A quantity that only some frames have.

    Parameters
    ----------
    images
        All frames.
    name
        The quantity.
    keys
        Keys that it was read from.
    missing
        Indices of the frames without it.
    n
        Number of frames that could have it.
    """
    others = [images[index] for index in missing]
    n_nan = sum(any(key in entries(atoms) for key in keys) for atoms in others)
    nan = f" ({n_nan} of them as NaN)" if n_nan else ""
    return Finding(
        f"some-{name}",
        f"{_quoted(keys)} is on {n - len(missing)} of {n} frames only, missing on "
        f"{frame_list(missing)}{nan}. Only frames that have {_WORDS[name]} are judged by them, "
        f"and only frames with energy and forces are trained on.",
        "note",
        tuple(missing),
    )


def elsewhere(
    images: Sequence[Atoms],
    name: Quantity,
    keys: Sequence[str],
    missing: Sequence[int],
    labelled: Sequence[int],
) -> str:
    """Message where the frames without a quantity, and only they, have it under another name.

    Empty if they have not. See `partial` for the parameters.
    """
    others = [images[index] for index in missing]
    known = {key for key, parsed in find_columns(others).counts if parsed.name == name}
    could_be = unread_labels(others, [name], keys).get(name, ())
    found = known | {key for key in could_be if says(name, key)}
    found -= {key for index in labelled for key in entries(images[index])} | set(keys)
    if not found:
        return ""
    n = len(labelled) + len(missing)
    return (
        f"{_quoted(keys)} is on {len(labelled)} of {n} frames only; those without it "
        f"({frame_list(missing)}) have {_quoted(sorted(found))}, which may be of another method. "
        f"Give all frames one name, or {_CARD.format(name=name, key=keys[0])}"
    )


def stress_elsewhere(keys: Sequence[str]) -> Finding | None:
    """Columns that could be a stress, where none was read; None if there are none."""
    if not keys:
        return None
    return Finding(
        "stress-not-used",
        f"{_quoted(keys)} could be a stress, but its name is not a usual one, or not of the family "
        f"of energies and forces, so it may be of another method and was left out. To use it, "
        f"{_CARD.format(name=_stress_kind(keys[0]), key=keys[0])}.",
        "note",
    )


def not_taken(keys: Sequence[str]) -> Finding | None:
    """Columns with names of labels that were left out; None if there are none."""
    if not keys:
        return None
    return Finding(
        "labels-not-used",
        f"{_quoted(keys)}: not taken, since labels of two methods must not mix. To use one, "
        "name it in the card, in [labels].",
        "note",
    )


def _stress_kind(key: str) -> str:
    return "virial" if "virial" in key.lower() else "stress"


def _quoted(keys: Sequence[str]) -> str:
    return ", ".join(f"`{key}`" for key in keys)
