from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from ase import Atoms

from ms25_suite.core.errors import NotFiniteError, PredictionError
from ms25_suite.core.frames import Frames, Predictions
from ms25_suite.metrics.neb import relax_band, relax_ends
from tests.helpers.emt_path import emt, hop


@pytest.fixture(scope="module")
def path() -> tuple[list[Atoms], Frames, Any]:
    images = hop()
    fixed = np.zeros(len(images[0]), dtype=bool)
    fixed[images[0].constraints[0].index] = True
    return images, Frames.from_atoms(images), fixed


def counted(predict: Callable[[Frames], Predictions]) -> tuple[Any, list[str]]:
    calls: list[str] = []

    def asked(frames: Frames) -> Predictions:
        calls.append(f"{len(frames)} {frames.content_hash()}")
        return predict(frames)

    return asked, calls


def test_a_band_asks_twice_for_the_same_batches(path: tuple[list[Atoms], Frames, Any]) -> None:
    """So a second run finds all of them among the predictions that were kept."""
    _, frames, fixed = path
    found = []
    for _ in range(2):
        predict, calls = counted(emt)
        band = relax_band(frames, fixed, predict, steps=40, climb=True)
        found.append((calls, band.barrier))
    assert found[0] == found[1]
    assert band.converged
    assert 0 < band.steps < 40
    assert band.fmax < 0.05
    # The hop of Cu on Cu(100) by EMT; the highest image climbs, so that it is the barrier.
    assert band.barrier == pytest.approx(np.max(band.energies - band.energies[0]), abs=1e-3)
    assert 0.3 < band.barrier < 0.6
    assert band.reaction_energy == pytest.approx(0.0, abs=1e-3)
    assert band.lengths[-1] == pytest.approx(2 * band.lengths[2], abs=1e-2)
    np.testing.assert_array_equal(
        band.frames.positions[np.tile(fixed, 5)], frames.positions[np.tile(fixed, 5)]
    )


def test_a_band_that_runs_out_of_steps_is_not_converged(
    path: tuple[list[Atoms], Frames, Any],
) -> None:
    _, frames, fixed = path
    band = relax_band(frames, fixed, emt, steps=1, climb=True)
    assert (band.converged, band.steps) == (False, 1)
    assert band.fmax > 0.05


def test_a_band_that_is_lost_says_when(path: tuple[list[Atoms], Frames, Any]) -> None:
    _, frames, fixed = path

    def lost(frames: Frames) -> Predictions:
        if len(calls) > 4:
            msg = "nothing is finite"
            raise NotFiniteError(msg, (0,))
        return emt(frames)

    predict, calls = counted(lost)
    band = relax_band(frames, fixed, predict, steps=20, climb=True)
    assert band.problem == "after 2 steps nothing is finite"
    assert (band.converged, band.steps) == (False, 2)
    assert np.isfinite(band.energies).all()


def test_a_path_without_energies_is_an_error(path: tuple[list[Atoms], Frames, Any]) -> None:
    _, frames, fixed = path

    def nothing(frames: Frames) -> Predictions:
        msg = "nothing is finite"
        raise NotFiniteError(msg, tuple(range(len(frames))))

    with pytest.raises(PredictionError, match="nothing is finite"):
        relax_band(frames, fixed, nothing, steps=2, climb=True)


def test_ends_that_are_minima_stay_and_others_go(path: tuple[list[Atoms], Frames, Any]) -> None:
    _, frames, fixed = path
    ends = relax_ends(frames, fixed, emt, steps=50)
    assert ends.relaxation.converged
    assert ends.relaxation.steps == 0
    assert ends.moved.max() == 0.0
    positions = np.array(frames.positions)
    positions[len(fixed) - 1, 0] += 0.3
    pushed = Frames(frames.numbers, positions, frames.cells, frames.pbc, frames.offsets)
    ends = relax_ends(pushed, fixed, emt, steps=50)
    assert ends.relaxation.converged
    assert ends.atoms[0] == len(fixed) - 1
    assert ends.moved[0] == pytest.approx(0.3, abs=0.1)
    # Steps are taken for both: what is a minimum stays one.
    assert ends.moved[1] < 0.01


def test_inputs_of_the_path_reach_every_prediction(path: tuple[list[Atoms], Frames, Any]) -> None:
    images, _, fixed = path
    for atoms in images:
        atoms.info.update(charge=1, eps=2.5)
    frames = Frames.from_atoms(images, {"dielectric": "eps"})
    seen = []

    def predict(frames: Frames) -> Predictions:
        seen.append(frames.inputs)
        return emt(frames)

    relax_ends(frames, fixed, predict, steps=2)
    band = relax_band(frames, fixed, predict, steps=2, climb=True)
    for inputs in (*seen, band.frames.inputs):
        assert set(inputs["total_charge"].values.tolist()) == {1.0}
        assert set(inputs["dielectric"].values.tolist()) == {2.5}
