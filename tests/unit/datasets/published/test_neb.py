from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from ase import Atoms
from ase.constraints import FixAtoms

from ms25_suite.datasets.published.neb import ArchivePath, archive_path

HEIGHT = 0.74
"""eV, of a barrier cos-shaped along the path."""


def band(n_images: int = 7, *, constrained: bool = True) -> list[Atoms]:
    """CH4 over four held atoms of platinum; one hydrogen leaves along x over a cosine barrier.

    The energy is HEIGHT/2 (1 - cos(2 pi s)) - 0.1 s with s from 0 to 1.
    """
    images = []
    length = 1.8
    for s in np.linspace(0.0, 1.0, n_images):
        atoms = Atoms("Pt4CH4", cell=[9.0, 9.0, 15.0], pbc=True)
        atoms.positions[:4] = [[0, 0, 1], [4.5, 0, 1], [0, 4.5, 1], [4.5, 4.5, 1]]
        atoms.positions[4] = [3.0, 3.0, 5.0]
        atoms.positions[5:] = atoms.positions[4] + [
            [0, 0, 1.09],
            [0, 1.09, 0],
            [0, -1.09, 0],
            [1.09, 0, 0],
        ]
        atoms.positions[8, 0] += length * s
        atoms.info["REF_energy"] = -50.0 + HEIGHT / 2 * (1 - np.cos(2 * np.pi * s)) - 0.1 * s
        forces = np.zeros((9, 3))
        forces[8, 0] = -(HEIGHT * np.pi * np.sin(2 * np.pi * s) - 0.1) / length
        atoms.arrays["REF_forces"] = forces
        if constrained:
            atoms.set_constraint(FixAtoms(range(4)))
        images.append(atoms)
    return images


def only(images: Sequence[Atoms]) -> ArchivePath:
    path, remarks = archive_path({"set1/neb.traj": images})
    assert remarks == ()
    assert path is not None
    return path


def same(path: ArchivePath, images: Sequence[Atoms]) -> bool:
    return all(
        np.array_equal(one.positions, two.positions)
        for one, two in zip(path.images, images, strict=True)
    )


def test_the_barrier_is_that_of_the_spline() -> None:
    """With an even number of images none is at the top: the highest one underestimates it."""
    images = band(8)
    s = np.linspace(0, 1, 100_001)
    top = (HEIGHT / 2 * (1 - np.cos(2 * np.pi * s)) - 0.1 * s).max()
    path = only(images)
    highest = max(atoms.info["REF_energy"] for atoms in images) + 50.0
    assert highest < top - 0.02
    assert path.barrier == pytest.approx(top, abs=0.01)
    assert path.reverse_barrier == pytest.approx(path.barrier + 0.1)
    assert path.reaction_energy == pytest.approx(-0.1)
    assert path.notes == ()
    assert same(path, images)


def test_without_forces_the_spline_is_through_the_energies() -> None:
    images = band(8)
    for atoms in images:
        del atoms.arrays["REF_forces"]
    path = only(images)
    assert path.barrier == pytest.approx(only(band(8)).barrier, abs=0.01)
    assert "energies of the images alone" in path.source


def test_the_last_of_the_bands_of_a_relaxation() -> None:
    first, last = band(), band()
    for atoms in first[1:-1]:
        atoms.positions[8, 2] += 0.3
        atoms.info["REF_energy"] += 1.0
    path = only([*first, *last])
    assert same(path, last)
    assert path.notes[0].startswith("14 images are 2 bands of 7")


def test_images_in_the_order_of_their_names() -> None:
    images = band(12)
    order = sorted(range(12), key=str)
    path = only([images[index] for index in order])
    assert same(path, images)
    assert "put in order" in path.notes[0]


def test_a_path_that_begins_with_the_fragments_is_turned_round() -> None:
    images = band()
    path = only(images[::-1])
    assert same(path, images)
    assert "turned round: its first image has 3 C-H bonds and its last 4" in path.notes[0]
    assert path.reaction_energy == pytest.approx(-0.1)


def test_a_path_with_a_turn_keeps_its_order() -> None:
    """Two elementary steps may meet at a sharp angle."""
    images = band(6)
    for number in range(1, 5):
        atoms = images[-1].copy()
        atoms.positions[8, :2] += [-0.25 * number, 0.12 * number]
        atoms.info["REF_energy"] = images[-1].info["REF_energy"] - 0.05 * number
        images.append(atoms)
    assert same(only(images), images)


def test_held_atoms_are_those_that_never_move_where_no_file_says_it() -> None:
    images = band(constrained=False)
    for atoms in images[1:]:
        atoms.positions[4:8] += 1e-3 * np.random.default_rng(0).normal(size=(4, 3))
    path = only(images)
    (constraint,) = path.images[0].constraints
    assert constraint.index.tolist() == [0, 1, 2, 3]
    assert "the 4 that are in the same place in all images" in path.notes[0]


def test_the_same_path_in_each_set_is_one() -> None:
    path, remarks = archive_path({"set1/neb.traj": band(), "set2/neb.traj": band()})
    assert path is not None
    assert remarks == ()
    other = band()
    other[3].positions[8, 2] += 0.2
    path, (remark,) = archive_path({"set1/neb.traj": band(), "set2/neb.traj": other})
    assert path is not None
    assert path.name == "set1/neb.traj"
    assert remark.startswith("set2/neb.traj is another path, with a barrier of 0.6")


def shuffled(images: list[Atoms]) -> list[Atoms]:
    turn = band(6)
    for number in range(1, 5):
        atoms = turn[-1].copy()
        atoms.positions[8, :2] += [-0.25 * number, 0.12 * number]
        turn.append(atoms)
    return [turn[index] for index in np.random.default_rng(1).permutation(len(turn))]


def other_atoms(images: list[Atoms]) -> list[Atoms]:
    images[2].numbers[[4, 5]] = images[2].numbers[[5, 4]]
    return images


def other_cell(images: list[Atoms]) -> list[Atoms]:
    images[3].cell[0, 0] += 0.1
    return images


def downhill(images: list[Atoms]) -> list[Atoms]:
    for number, atoms in enumerate(images):
        atoms.info["REF_energy"] = -0.3 * number
        atoms.arrays["REF_forces"][:] = 0.0
    return images


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda images: images[:2], "expected at least 3 images"),
        (other_atoms, "image 2 has other atoms"),
        (other_cell, "image 3 has another cell"),
        (downhill, "no maximum between the two ends"),
        (shuffled, "not in the order of a path"),
    ],
)
def test_what_is_no_path(change: Callable[[list[Atoms]], list[Atoms]], match: str) -> None:
    path, (remark,) = archive_path({"set1/neb.traj": change(band())})
    assert path is None
    assert remark.startswith("set1/neb.traj is no reaction path that can be used")
    assert match in remark


def test_ends_that_are_no_minima_are_said() -> None:
    images = band()
    images[0].arrays["REF_forces"][6, 1] = 0.9
    # On an atom that is held a force says nothing.
    images[-1].arrays["REF_forces"][0, 1] = 0.9
    assert only(images).notes == (
        "the initial state of the path has a force of 0.90 eV/Å on an atom: it may be no minimum",
    )


def test_a_profile_that_zigzags_is_refused() -> None:
    """Images and their relaxations one after the other give a barrier that means nothing."""
    images = band(13)
    for atoms in images[1::2]:
        atoms.info["REF_energy"] += 0.4
    path, remarks = archive_path({"neb": images})
    assert path is None
    assert "turns" in remarks[0]


def test_a_path_of_two_steps_is_no_zigzag() -> None:
    images = band(13)
    for position, atoms in enumerate(images):
        atoms.info["REF_energy"] = -50 + 0.5 * np.sin(2 * np.pi * position / 12) ** 2
    assert only(images).barrier == pytest.approx(0.5, abs=0.05)
