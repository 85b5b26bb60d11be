"""The sets of an archive: which of its files divide the same frames anew."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import permutations
from pathlib import PurePosixPath

from ms25_suite.datasets.name_hints import name_hints, own_numbers

__all__ = ["set_numbers"]


def set_numbers(
    files: Mapping[str, Collection[int]],
) -> tuple[dict[str, int | None], tuple[str, ...]]:
    """Number of the set that each file belongs to.

    It is the one in the names, ``set1`` or ``fold-2``. Where no name has one, folders such as
    ``s1`` and ``s2``, or ``seed-7`` and ``seed-8``, are sets if the training frames of one are test
    frames of another: taken together they would be one split with hardly a test frame left. Folders
    of different frames, such as two temperatures, are one split.

    Parameters
    ----------
    files
        Path inside the archive to the frames of the file; equal structures have equal numbers.

    Returns
    -------
    :
        Number by file, None for files of every set; and remarks for the user.
    """
    hints = {name: name_hints(name) for name in files}
    if any(hint.set_number is not None for hint in hints.values()):
        return {name: hint.set_number for name, hint in hints.items()}, ()
    places: dict[tuple[str, ...], dict[str, set[int]]] = {}
    for name, frames in files.items():
        role = hints[name].role
        if role is not None:
            places.setdefault(own_numbers(name), {}).setdefault(role, set()).update(frames)
    whole = [place for place, roles in places.items() if {"train", "test"} <= roles.keys()]
    if not any(
        _mostly_shared(places[one]["train"], places[two]["test"])
        for one, two in permutations(whole, 2)
    ):
        return dict.fromkeys(files), ()
    numbers = {place: number for number, place in enumerate(whole, start=1)}
    found = {name: numbers.get(own_numbers(name)) for name in files}
    first = {number: name for name, number in reversed(found.items()) if number is not None}
    shown = ", ".join(str(PurePosixPath(first[number]).parent) for number in sorted(first))
    note = (
        f"the test frames of one folder are training frames of another, so each is a set of its "
        f"own: {shown}"
    )
    return found, (note,)


def _mostly_shared(one: Collection[int], two: Collection[int]) -> bool:
    """Whether most frames of the smaller collection are in the other: a few may be by chance."""
    return 2 * len(set(one) & set(two)) > min(len(one), len(two))
