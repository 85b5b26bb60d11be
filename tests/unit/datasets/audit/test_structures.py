from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111

from ms25_suite.core.findings import Finding
from ms25_suite.core.frames import Frames, Labels
from ms25_suite.datasets.audit import structures as structure_audit
from ms25_suite.datasets.audit.run import audit_frames, findings_of, frame_digests
from ms25_suite.datasets.audit.structures import NEAR, neighbour_distances


def exact(atoms: Atoms) -> float:
    distances = atoms.get_all_distances(mic=True)
    np.fill_diagonal(distances, np.inf)
    return float(distances.min(axis=1).max())


def dimers(*lengths: float) -> Frames:
    return Frames.from_atoms(
        Atoms("Cu2", positions=[[0.0, 0.0, 0.0], [0.0, 0.0, length]]) for length in lengths
    )


def test_an_atom_that_leaves_is_seen_in_its_frame_only() -> None:
    slab = fcc111("Cu", (2, 2, 3), vacuum=15.0, periodic=True)
    images = []
    for index in range(12):
        atoms = slab.copy()
        atoms.rattle(0.05, seed=index)
        images.append(atoms)
    images[7].positions[-1, 2] += 5.0
    distances = neighbour_distances(Frames.from_atoms(images))
    # Its own images, 5.1 Å away, are no neighbours.
    assert distances[7] == pytest.approx(exact(images[7]), abs=1e-9)
    assert distances[7] > 5.5
    assert np.delete(distances, 7).max() < NEAR


@pytest.mark.parametrize("pbc", [(True, True, True), (True, True, False), (False, False, False)])
def test_distances_are_bounds_that_are_exact_where_it_matters(pbc: tuple[bool, ...]) -> None:
    rng = np.random.default_rng(1)
    images = [
        Atoms("Ar5", rng.uniform(0.0, 11.0, (5, 3)), cell=[11.0, 12.0, 40.0], pbc=pbc)
        for _ in range(20)
    ]
    for found, atoms in zip(neighbour_distances(Frames.from_atoms(images)), images, strict=True):
        expected = exact(atoms)
        if expected > 10.0:
            assert np.isinf(found)
        elif expected > NEAR:
            assert found == pytest.approx(expected, abs=1e-9)
        else:
            assert expected - 1e-9 <= found <= NEAR


def test_neighbours_may_change_on_the_way() -> None:
    """Atoms of other frames in another order: the neighbours of the first frame say nothing."""
    rng = np.random.default_rng(2)
    images = []
    for _ in range(6):
        atoms = bulk("Cu", cubic=True) * (3, 3, 3)
        images.append(atoms[rng.permutation(len(atoms))])
    assert neighbour_distances(Frames.from_atoms(images)).max() < NEAR


def test_one_atom_alone() -> None:
    distances = neighbour_distances(Frames.from_atoms([Atoms("He"), bulk("Cu"), bulk("Cu", a=9.0)]))
    assert distances[0] == 0.0
    # Its own images are neighbours.
    np.testing.assert_allclose(distances[1:], [3.6147 / np.sqrt(2), 9.0 / np.sqrt(2)], atol=0.01)


def test_nobody_near() -> None:
    np.testing.assert_allclose(neighbour_distances(dimers(2.0, 5.0, 50.0)), [2.0, 5.0, np.inf])


def test_many_frames_are_looked_at_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    frames = dimers(*np.linspace(1.0, 9.0, 40))
    monkeypatch.setattr(structure_audit, "_CHUNK", 6)
    np.testing.assert_allclose(neighbour_distances(frames), np.linspace(1.0, 9.0, 40))


def audited(images: list[Atoms], **labels: Any) -> dict[str, Finding]:
    frames = Frames.from_atoms(images)
    answers = audit_frames(frames, Labels(**labels), frame_digests(frames))
    return {finding.code: finding for finding in findings_of(answers)}


def rattled(n: int, n_atoms: int = 4) -> list[Atoms]:
    rng = np.random.default_rng(1)
    images = []
    for _ in range(n):
        atoms = bulk("Cu", cubic=True)
        atoms.rattle(0.05, rng=rng)
        images.append(atoms)
    return images


def test_duplicates_after_rounding() -> None:
    images = rattled(6)
    copy = images[2].copy()
    copy.positions += 1e-7
    other = images[2].copy()
    other.positions[0, 0] += 1e-3
    images += [copy, other, images[0].copy()]
    finding = audited(images)["duplicate-frames"]
    assert finding.frames == (6, 8)
    assert finding.severity == "warning"
    assert "2 of 9 frames" in finding.message


def test_a_frame_is_more_than_its_positions() -> None:
    image = rattled(1)[0]
    other_cell, other_element, molecule = image.copy(), image.copy(), image.copy()
    other_cell.set_cell(image.cell * 1.01)
    other_element.numbers[0] = 28
    molecule.pbc = False
    images = [image, other_cell, other_element, molecule]
    assert len(np.unique(frame_digests(Frames.from_atoms(images)))) == 4


def test_negative_zero_is_zero() -> None:
    image = bulk("Cu")
    image.positions[:] = 0.0
    mirror = image.copy()
    mirror.positions[:] = -1e-9
    digests = frame_digests(Frames.from_atoms([image, mirror]))
    assert digests[0] == digests[1]


def test_mixed_periodicity() -> None:
    images = rattled(3)
    images[1].pbc = (True, True, False)
    finding = audited(images)["mixed-periodicity"]
    assert finding.frames == (1,)
    assert "TTF" in finding.message
    assert "mixed-periodicity" not in audited(rattled(3))


@pytest.mark.parametrize("periodic", ["cell", "slab", "molecule", "molecule with a small cell"])
def test_overlapping_atoms(periodic: str) -> None:
    def pair(distance: float) -> Atoms:
        atoms = Atoms("Cu2", positions=[[0.0, 0.0, 0.1], [0.0, 0.0, 0.1 + distance]])
        if periodic == "cell":
            # Through the boundary.
            atoms.positions[1, 2] = 5.1 - distance
            atoms.set_cell([5.0, 5.0, 5.0])
            atoms.pbc = True
        elif periodic == "slab":
            atoms.set_cell([5.0, 5.0, 0.0])
            atoms.pbc = (True, True, False)
        elif periodic == "molecule with a small cell":
            atoms.set_cell([0.2, 0.2, 0.2])
        return atoms

    finding = audited([pair(2.0), pair(0.4), pair(0.6)])["overlapping-atoms"]
    assert finding.frames == (1,)
    assert "0.400 Å" in finding.message


def test_molecules_beside_crystals_have_lost_no_periodicity() -> None:
    cluster = bulk("Cu", cubic=True) * 2
    cluster.center(vacuum=6.0)
    cluster.pbc = False
    for image in (cluster, Atoms("Cu2", [[0.0, 0.0, 0.0], [0.0, 0.0, 2.2]])):
        finding = audited([*rattled(3), image])["mixed-periodicity"]
        assert (finding.severity, finding.frames) == ("note", (3,))


def test_copies_with_other_energies_may_be_other_states() -> None:
    images = rattled(3)
    images.append(images[1].copy())
    same = audited(images, energy=np.array([-14.8, -14.9, -14.7, -14.9]))["duplicate-frames"]
    assert "Remove them" in same.message
    other = audited(images, energy=np.array([-14.8, -14.9, -14.7, -11.0]))["duplicate-frames"]
    assert "such as charge or spin" in other.message
    assert "up to 3.9 eV apart" in other.message


def test_short_distances_with_large_forces_are_on_purpose() -> None:
    image = Atoms("Cu2", [[0.0, 0.0, 0.0], [0.0, 0.0, 0.4]])
    forces = np.array([[0.0, 0.0, -900.0], [0.0, 0.0, 900.0]])
    assert audited([image], forces=forces)["overlapping-atoms"].severity == "note"
    assert audited([image], forces=forces / 1e3)["overlapping-atoms"].severity == "warning"


@pytest.mark.parametrize("length", [30.0, 1e3, 1e4, 1e6])
@pytest.mark.parametrize("pbc", [True, False])
def test_a_large_box_takes_no_memory(length: float, pbc: bool) -> None:
    """matscipy allocates a box of the size of the cutoff for all of the cell."""
    positions = [[0.1, 0.0, 0.0], [length - 0.2, 0.0, 0.0], [0.0, 2.0, 0.0], [5.0, 5.0, length / 2]]
    atoms = Atoms("Cu4", positions=positions, cell=[length] * 3, pbc=pbc)
    frames = Frames.from_atoms([atoms])
    (finding,) = [
        one
        for one in findings_of(audit_frames(frames, Labels(), frame_digests(frames)))
        if one.code == "overlapping-atoms"
    ] or [None]
    # Across the boundary the first two atoms are 0.3 Å apart.
    assert (finding is not None) == pbc
    assert np.isinf(neighbour_distances(frames)[0])
