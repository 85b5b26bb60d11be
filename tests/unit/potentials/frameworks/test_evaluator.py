"""Batches of a framework, with ASE's EMT in place of its calculator and of its batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111, molecule
from ase.calculators.emt import EMT

from ms25_suite.core.errors import OutOfMemoryError, PredictionError
from ms25_suite.core.frames import Frames, Predictions
from ms25_suite.potentials.frameworks.batches import Batched, Found
from ms25_suite.potentials.frameworks.evaluator import BatchEvaluator
from ms25_suite.potentials.from_ase import CalculatorEvaluator


def cells() -> Frames:
    """Five frames of different sizes and elements, one of them not periodic."""
    images = [
        bulk("Cu", cubic=True),
        bulk("Al") * (1, 1, 2),
        fcc111("Pt", (1, 1, 3), vacuum=5.0),
        bulk("Au", cubic=True) * (2, 1, 1),
        bulk("Ag", cubic=True),
    ]
    for seed, atoms in enumerate(images):
        atoms.rattle(0.05, seed=seed)
    return Frames.from_atoms(images)


class Batches:
    """What a package would do, and what it was asked for."""

    def __init__(self, spoil: Callable[[Found], Found] = lambda found: found) -> None:
        self.sizes: list[int] = []
        self._spoil = spoil

    def __call__(self, images: Sequence[Atoms]) -> Found:
        self.sizes.append(len(images))
        found = []
        for atoms in images:
            atoms.calc = EMT()
            periodic = atoms.pbc.all()
            # As a tensor, and for a slab whatever a package makes of its cell.
            stress = atoms.get_stress(voigt=False) if periodic else np.ones((3, 3))
            found.append((atoms.get_potential_energy(), atoms.get_forces(), stress))
        energy, forces, stresses = zip(*found, strict=True)
        return self._spoil(Found(energy, forces, stresses))


def evaluator(batches: Callable[[Sequence[Atoms]], Found], limit: int = 10) -> BatchEvaluator:
    return BatchEvaluator(EMT(), Batched(batches), limit)


def one_by_one(frames: Frames) -> Predictions:
    return CalculatorEvaluator(EMT()).predict(frames)


def assert_equal(found: Predictions, expected: Predictions) -> None:
    assert found.energy == pytest.approx(expected.energy, abs=1e-10)
    assert found.forces == pytest.approx(expected.forces, abs=1e-10)
    assert found.stress == pytest.approx(expected.stress, abs=1e-10, nan_ok=True)


def test_batches_are_filled_and_give_the_numbers_of_the_calculator() -> None:
    batches, told = Batches(), []
    found = evaluator(batches).predict(cells(), on_batch=told.append)
    assert_equal(found, one_by_one(cells()))
    assert found.stress is not None
    assert np.isnan(found.stress[2]).all()
    # 4 + 2 + 3, then 8, then 4 atoms: at most 10 in each.
    assert batches.sizes == [3, 1, 1]
    assert told == [3, 1, 1]


def test_no_frames() -> None:
    found = evaluator(Batches()).predict(cells().select([]))
    assert found.energy is not None
    assert len(found.energy) == 0


def test_frames_that_fail_alone_too_are_all_named() -> None:
    # EMT has no parameters for silicon and iron.
    images = [bulk("Cu"), bulk("Si"), bulk("Al"), bulk("Fe"), bulk("Ag")]
    batched = evaluator(Batches())
    with (
        pytest.warns(RuntimeWarning, match="a batch of 5 frames failed"),
        pytest.raises(PredictionError, match="Si2") as caught,
    ):
        batched.predict(Frames.from_atoms(images))
    assert caught.value.frames == (1, 3)


def test_a_batch_that_fails_although_its_frames_do_not() -> None:
    def only_alone(images: Sequence[Atoms]) -> Found:
        if len({len(atoms) for atoms in images}) > 1:
            msg = "frames of different sizes"
            raise ValueError(msg)
        return Batches()(images)

    with pytest.warns(RuntimeWarning, match="a batch of 3 frames failed"):
        found = evaluator(only_alone).predict(cells())
    assert_equal(found, one_by_one(cells()))


def test_a_package_that_drops_a_frame() -> None:
    def dropped(found: Found) -> Found:
        return Found(found.energy[1:], found.forces[1:], found.stress and found.stress[1:])

    with pytest.warns(RuntimeWarning, match="5 frames went into the batch"):
        found = evaluator(Batches(dropped), 100).predict(cells())
    assert_equal(found, one_by_one(cells()))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda found: Found(np.array(found.energy) + 0.01, found.forces, found.stress),
        lambda found: Found(found.energy, [-one for one in found.forces], found.stress),
        lambda found: Found(found.energy, found.forces, [-one for one in found.stress]),
        lambda found: Found(found.energy, found.forces, None),
    ],
    ids=["energy", "sign of the forces", "sign of the stress", "no stress"],
)
def test_batches_with_other_numbers_than_the_calculator(wrong: Callable[[Found], Found]) -> None:
    batches = Batches(wrong)
    with pytest.warns(RuntimeWarning, match="batches differ from the calculator"):
        found = evaluator(batches).predict(cells())
    assert_equal(found, one_by_one(cells()))
    # After the first one nobody asks it again.
    assert batches.sizes == [3]


def test_a_batch_that_does_not_fit_is_halved() -> None:
    batches = Batches()

    def small(images: Sequence[Atoms]) -> Found:
        if sum(map(len, images)) > 8:
            msg = "CUDA out of memory"
            raise RuntimeError(msg)
        return batches(images)

    batched = evaluator(small, 100)
    assert_equal(batched.predict(cells()), one_by_one(cells()))
    assert max(batches.sizes) > 1
    # All later ones are smaller from the start.
    assert batched.limit.value <= 10


def test_a_frame_that_does_not_fit_alone() -> None:
    def full(images: Sequence[Atoms]) -> Found:
        if len(images[0]) == 8:
            raise MemoryError
        return Batches()(images)

    with pytest.raises(OutOfMemoryError, match="a frame of 8 atoms does not fit"):
        evaluator(full).predict(cells())


def test_a_single_frame_is_no_batch() -> None:
    batches = Batches(lambda found: Found(found.energy, [-one for one in found.forces], None))
    one = cells().select([0])
    assert_equal(evaluator(batches).predict(one), one_by_one(one))
    assert batches.sizes == []


def test_what_is_known_of_the_model() -> None:
    def reads(images: Sequence[Atoms]) -> Found:
        assert [atoms.info.get("charge") for atoms in images] == [None, None]
        return Batches()(images)

    batched = BatchEvaluator(EMT(), Batched(reads, (13, 29)), 10)
    assert batched.info.elements == (13, 29)
    batched.predict(Frames.from_atoms([molecule("N2"), molecule("CO")]))
    assert batched.info.inputs == ("total_charge",)
