"""Frames in the box of LAMMPS, and the way back."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from ms25_suite.core.errors import UsageError
from ms25_suite.core.frames import Frames, from_voigt, to_voigt
from ms25_suite.lammps.box import Box

SKEWED = np.array([[1, 0, 0], [3, 1, 0], [-2, 4, 1]])


def frame(cell: np.ndarray, pbc: object = True, n_atoms: int = 5) -> Frames:
    rng = np.random.default_rng(1)
    atoms = Atoms(["Cu", "Ni"] * n_atoms, rng.normal(0, 5, (2 * n_atoms, 3)), cell=cell, pbc=pbc)
    return Frames.from_atoms([atoms])


def cells() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(2)
    cubic, turned = np.eye(3) * 4.0, np.linalg.qr(rng.normal(size=(3, 3)))[0]
    triclinic = np.array([[4.0, 0.3, -0.2], [1.0, 5.0, 0.4], [-0.7, 1.1, 6.0]])
    return {
        "cubic": cubic,
        "triclinic": triclinic,
        "turned": triclinic @ turned,
        "left-handed": triclinic[[1, 0, 2]],
        "left-handed, turned": triclinic[[1, 0, 2]] @ turned,
        "very skewed": SKEWED @ triclinic,
        "primitive": bulk("Cu").cell.array,
    }


@pytest.mark.parametrize("name", cells())
def test_the_box_spans_the_same_lattice_and_is_as_lammps_wants_it(name: str) -> None:
    given = frame(cells()[name])
    box = Box.from_frame(given)
    matrix = box.matrix
    np.testing.assert_array_equal(np.triu(matrix, 1), 0.0)
    assert (matrix.diagonal() > 0).all()
    for row, other in ((1, 0), (2, 0), (2, 1)):
        assert abs(matrix[row, other]) <= 0.5000001 * matrix[other, other]
    np.testing.assert_allclose(matrix @ box.rotation, box.basis @ given.cells[0], atol=1e-12)
    assert abs(round(np.linalg.det(box.basis))) == 1
    # A rotation, not a reflection.
    np.testing.assert_allclose(box.rotation @ box.rotation.T, np.eye(3), atol=1e-14)
    assert np.linalg.det(box.rotation) == pytest.approx(1.0)


@pytest.mark.parametrize("pbc", [(1, 1, 1), (1, 1, 0), (0, 1, 1), (1, 0, 1), (0, 1, 0), (0, 0, 0)])
@pytest.mark.parametrize("name", cells())
def test_the_way_back_gives_the_frame_that_came_in(name: str, pbc: tuple[int, ...]) -> None:
    given = frame(cells()[name], np.array(pbc, dtype=bool))
    box = Box.from_frame(given)
    back = box.frame(box.positions, box.matrix)
    np.testing.assert_allclose(back.positions, given.positions, atol=1e-12)
    np.testing.assert_allclose(back.cells, given.cells, atol=1e-12)
    np.testing.assert_array_equal(back.pbc, given.pbc)
    np.testing.assert_array_equal(back.numbers, given.numbers)


@pytest.mark.parametrize("pbc", [(1, 1, 0), (0, 1, 1), (1, 0, 1), (0, 0, 0)])
def test_no_tilt_and_room_for_all_atoms_without_periodicity(pbc: tuple[int, ...]) -> None:
    box = Box.from_frame(frame(cells()["left-handed, turned"], np.array(pbc, dtype=bool)))
    off = box.matrix - np.diag(box.matrix.diagonal())
    assert (off[~box.pbc] == 0).all()
    assert (off[:, ~box.pbc] == 0).all()
    low, high = box.origin, box.origin + box.matrix.diagonal()
    inside = (low < box.positions) & (box.positions < high)
    assert inside[:, ~box.pbc].all()


def test_types_follow_the_atomic_numbers() -> None:
    box = Box.from_frame(frame(np.eye(3) * 4.0))
    assert box.elements == (28, 29)
    np.testing.assert_array_equal(box.types, np.where(box.numbers == 28, 1, 2))


def test_tensors_turn_there_and_back() -> None:
    box = Box.from_frame(frame(cells()["turned"]))
    tensor = from_voigt(np.arange(6.0))
    np.testing.assert_allclose(box.own_tensor(box.lammps_tensor(tensor)), tensor, atol=1e-12)
    # A vector and a tensor turn alike.
    vector = np.array([1.0, 2.0, 3.0])
    own = vector @ box.rotation
    outer = box.own_tensor(np.outer(vector, vector))
    np.testing.assert_allclose(outer, np.outer(own, own), atol=1e-12)


def test_voigt_order() -> None:
    assert to_voigt(from_voigt(np.arange(6.0))).tolist() == list(range(6))
    assert from_voigt(np.arange(6.0))[1, 2] == 3.0


@pytest.mark.parametrize(
    ("cell", "pbc", "message"),
    [
        (np.zeros((3, 3)), False, "needs a frame with a cell.*atoms.center"),
        (np.zeros((3, 3)), True, "needs a frame with a cell"),
        (np.diag([4.0, 4.0, 0.0]), True, "independent cell vectors.*set pbc to False"),
        (np.array([[1.0, 0, 0], [0, 1, 0], [1, 1, 0]]), True, "independent cell vectors"),
        (np.diag([4.0, np.nan, 4.0]), True, "finite positions and cell vectors"),
    ],
)
def test_a_cell_that_does_not_do_is_refused(cell: np.ndarray, pbc: bool, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Box.from_frame(frame(cell, pbc))


def test_a_missing_vector_in_a_free_direction_does_no_harm() -> None:
    box = Box.from_frame(frame(np.diag([4.0, 4.0, 0.0]), (True, True, False)))
    assert (box.matrix.diagonal() > 0).all()


@pytest.mark.parametrize("n_frames", [0, 2])
def test_one_frame_is_expected(n_frames: int) -> None:
    frames = Frames.from_atoms([bulk("Cu")] * n_frames)
    with pytest.raises(UsageError, match=f"from one frame with atoms, found {n_frames} frames"):
        Box.from_frame(frames)
