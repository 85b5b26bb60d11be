"""The band with one prediction for all images of a step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.emt import EMT
from ase.mep import NEB
from ase.optimize import FIRE

from ms25_suite.core.frames import Frames, Predictions
from ms25_suite.metrics.batch_neb import BatchNEB
from tests.helpers.emt_path import N_IMAGES, emt, hop


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


class Counted:
    def __init__(self) -> None:
        self.sizes: list[int] = []

    def __call__(self, frames: Frames) -> Predictions:
        self.sizes.append(len(frames))
        return emt(frames)


OPTIONS = {"k": 0.1, "climb": True, "method": "improvedtangent"}


def test_forces_are_those_of_ase_from_one_batch_for_each_configuration() -> None:
    from ase.calculators.emt import EMT

    images, predict = hop(), Counted()
    band = BatchNEB(images, predict, **OPTIONS)
    forces = band.get_forces()
    band.get_forces()
    assert predict.sizes == [2, N_IMAGES - 2]  # both ends once, then the images between them
    band.set_positions(band.get_positions() + 0.001)
    band.get_forces()
    assert predict.sizes == [2, N_IMAGES - 2, N_IMAGES - 2]
    own = hop()
    for atoms in own:
        atoms.calc = EMT()
    np.testing.assert_allclose(forces, NEB(own, **OPTIONS).get_forces(), atol=1e-10)


def test_a_potential_without_forces_is_refused() -> None:
    with pytest.raises(ValueError, match="energies and forces"):
        BatchNEB(hop(), lambda frames: Predictions(np.zeros(len(frames))), **OPTIONS)


def test_a_batched_band_is_that_of_ase_with_one_shared_calculator(
    path: tuple[list[Atoms], Frames, Any],
) -> None:
    images = path[0]
    own, shared = ([atoms.copy() for atoms in images] for _ in range(2))
    calculator = EMT()
    for atoms in shared:
        atoms.calc = calculator
    options: dict[str, Any] = {"k": 0.1, "climb": True, "method": "improvedtangent"}
    predict, calls = counted(emt)
    bands = [BatchNEB(own, predict, **options)]
    bands.append(NEB(shared, allow_shared_calculator=True, **options))
    for band in bands:
        FIRE(band, logfile=None).run(fmax=0.001, steps=12)
    np.testing.assert_allclose(bands[0].energies, bands[1].energies, atol=1e-6, rtol=0)
    np.testing.assert_allclose(
        bands[0].get_positions(), bands[1].get_positions(), atol=1e-6, rtol=0
    )
    # One batch for the ends, and one for each step.
    assert [call.split()[0] for call in calls] == ["2"] + ["3"] * 13
