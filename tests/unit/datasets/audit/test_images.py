"""Periodic images within the cutoff."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest
from ase import Atoms

from ms25_suite.core.frames import Frames
from ms25_suite.datasets.audit.images import audit_cell_size, images_in_sight, own_images
from ms25_suite.datasets.cards.card import DatasetCard
from ms25_suite.reference.mgo.slab import slab


def rattled(atoms: Atoms) -> Atoms:
    atoms.rattle(0.05, seed=3)
    return atoms


def by_hand(atoms: Atoms, cutoff: float) -> tuple[int, float, bool]:
    """The same from all images in a block of cells."""
    repeats = [range(-3, 4) if periodic else (0,) for periodic in atoms.pbc]
    shifts = np.array(list(itertools.product(*repeats))) @ atoms.cell.array
    vectors = atoms.positions[None, :] - atoms.positions[:, None]
    near = np.linalg.norm(vectors[:, :, None] + shifts, axis=3) < cutoff
    counts = near.sum(axis=2)
    own = counts.diagonal() - 1  # without the atom itself
    np.fill_diagonal(counts, 0)
    share = counts[counts > 1].sum() / max(counts.sum(), 1)
    return int(counts.max()), float(share), bool(own.max() > 0)


@pytest.mark.parametrize("cutoff", [4.0, 5.0, 6.0, 6.5])
@pytest.mark.parametrize(
    "atoms",
    [
        rattled(slab(2)),
        rattled(slab(2, primitive=True)),
        rattled(Atoms("Cu3", np.eye(3) * 2.2, cell=[6.2, 6.2, 6.2, 70, 80, 60], pbc=True)),
        rattled(Atoms("Cu3", np.eye(3) * 2.2, cell=[5.6, 4.4, 9.0, 90, 90, 50], pbc=(1, 0, 1))),
    ],
)
def test_images_are_those_counted_by_hand(atoms: Atoms, cutoff: float) -> None:
    frames = Frames.from_atoms([atoms])
    most, share, own = by_hand(atoms, cutoff)
    assert images_in_sight(frames, 0, cutoff) == (most, pytest.approx(share))
    assert own_images(frames, heights(frames), cutoff).tolist() == [own]


def heights(frames: Frames) -> np.ndarray:
    found = 1 / np.linalg.norm(np.linalg.inv(frames.cells), axis=1)
    return np.where(frames.pbc, found, np.inf)


def test_a_height_below_the_cutoff_is_no_image_yet() -> None:
    """A hexagonal cell of 6 Å has planes 5.2 Å apart, and no lattice vector below 6 Å."""
    frames = Frames.from_atoms([Atoms("Cu", cell=[6.0, 6.0, 20.0, 90, 90, 120], pbc=True)])
    assert heights(frames).min() == pytest.approx(5.196, abs=1e-3)
    assert not own_images(frames, heights(frames), 5.9).any()
    assert own_images(frames, heights(frames), 6.1).all()


@pytest.mark.parametrize(
    ("repeat", "primitive", "says"),
    [
        (2, True, ("up to 4 images of one neighbour", "In 1 of them an atom has images of itself")),
        (2, False, ("up to 4 images of one neighbour", "No atom has an image of itself")),
        (4, False, ()),
    ],
)
def test_slabs_of_magnesia_at_the_cutoff_of_the_paper(
    repeat: int, primitive: bool, says: tuple[str, ...]
) -> None:
    frames = Frames.from_atoms([rattled(slab(repeat, primitive=primitive))])
    findings = audit_cell_size(DatasetCard(name="x", cutoff=6.0), frames).findings
    assert len(findings) == bool(says)
    assert all(part in findings[0].message for part in says)


@pytest.mark.parametrize("cutoff", [60.0, 1e4, 1e9])
def test_a_cutoff_that_must_be_a_mistake_costs_no_time(cutoff: float) -> None:
    frames = Frames.from_atoms([slab(2), Atoms("Cu", cell=[2.5, 2.5, 0.0], pbc=(1, 1, 0))])
    start = time.process_time()
    (finding,) = audit_cell_size(DatasetCard(name="x", cutoff=cutoff), frames).findings
    assert time.process_time() - start < 2.0
    assert "In 2 of them an atom has images of itself" in finding.message
    assert ("too many to count" in finding.message) is (cutoff > 1e3)


def test_a_cell_slightly_below_twice_the_cutoff() -> None:
    frames = Frames.from_atoms([rattled(slab(4))])
    (finding,) = audit_cell_size(DatasetCard(name="x", cutoff=8.6), frames).findings
    assert "(frame 0) an atom sees up to 2 images of one neighbour" in finding.message
    lonely = Frames.from_atoms([Atoms("Cu", cell=[9.0] * 3, pbc=True)])
    (finding,) = audit_cell_size(DatasetCard(name="x", cutoff=6.0), lonely).findings
    assert "no atom sees two images of one neighbour;" in finding.message
