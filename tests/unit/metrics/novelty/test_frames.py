from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

import ms25_suite.metrics.novelty.frames as module
from ms25_suite.core.frames import Frames
from ms25_suite.datasets.audit.pairs import pairs
from ms25_suite.metrics.novelty.frames import FrameDistances, KnownFrames
from tests.helpers.guises import alloys, disguised, rattled

KNOWN = alloys(12)


def measured(images: list[Atoms], known: list[Atoms] = KNOWN) -> FrameDistances:
    found = KnownFrames.of(Frames.from_atoms(known), pairs)
    assert found is not None
    return found.distances(Frames.from_atoms(images), pairs)


def test_known_frames_in_another_guise_are_copies() -> None:
    found = measured(list(disguised(KNOWN[3]).values()))
    assert found.copies.all()
    assert found.near.all()


def test_rattled_copies_are_near_also_if_they_are_turned_and_permuted() -> None:
    moved = [rattled(atoms, 0.02, seed) for seed, atoms in enumerate(KNOWN)]
    found = measured([*moved, *(disguised(atoms)["everything"] for atoms in moved)])
    assert found.near.all()
    assert not found.copies.any()


def test_independent_frames_are_neither() -> None:
    found = measured(alloys(40, seed=11))
    assert not found.near.any()
    assert not found.copies.any()
    assert found.measured.all()


def test_a_cold_crystal_is_no_alarm_and_its_rattled_copies_are_found() -> None:
    """All environments are similar there; the displacements tell frames apart."""

    def crystal(seed: int) -> Atoms:
        return rattled(bulk("MgO", "rocksalt", a=4.2, cubic=True) * 2, 0.06, seed)

    known = [crystal(seed) for seed in range(30)]
    copies = [rattled(atoms, 0.02, 50 + seed) for seed, atoms in enumerate(known)]
    found = measured([*(crystal(seed) for seed in range(100, 130)), *copies], known)
    assert not found.near[:30].any()
    assert found.near[30:].all()


def test_of_many_frames_some_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_FRAMES", 4)
    monkeypatch.setattr(module, "MOST_ATOMS", 32 * 6)
    found = measured(alloys(20, seed=1))
    assert np.flatnonzero(found.measured).tolist() == [0, 6, 13, 19]
    assert (found.n_known, found.n_all_known) == (6, 12)
