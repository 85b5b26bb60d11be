from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms

from ms25_suite.core.frames import Frames, Predictions
from ms25_suite.metrics.conventions.offsets import energy_offset, level_of_theory_mismatch


@pytest.fixture
def frames(cuni_images: list[Atoms]) -> Frames:
    return Frames.from_atoms(cuni_images)


def test_an_offset_for_each_element_is_found_and_named(frames: Frames) -> None:
    rng = np.random.default_rng(0)
    reference = rng.normal(-4, 0.1, len(frames))
    fraction = np.array([(frames.atoms(k).numbers == 28).mean() for k in range(len(frames))])
    predicted = (
        reference + 0.3 * fraction - 0.1 * (1 - fraction) + rng.normal(0, 0.002, len(frames))
    )
    found = energy_offset(frames, reference, predicted)
    assert found.code == "energy-offset"
    assert "Ni +30" in found.message or "Ni +299" in found.message
    assert "Cu -1" in found.message or "Cu -99" in found.message


def test_ordinary_scatter_is_no_offset(frames: Frames) -> None:
    rng = np.random.default_rng(0)
    reference = rng.normal(-4, 0.1, len(frames))
    assert energy_offset(frames, reference, reference + rng.normal(0, 0.01, len(frames))) is None


def test_numerical_noise_is_no_offset(frames: Frames) -> None:
    reference = np.zeros(len(frames))
    assert energy_offset(frames, reference, reference + 1e-9) is None


def test_too_few_frames_say_nothing(frames: Frames) -> None:
    few = frames.select(range(5))
    assert energy_offset(few, np.zeros(5), np.ones(5)) is None


def test_at_one_composition_only_the_mean_offset_is_told() -> None:
    images = [Atoms("SiO2", positions=np.random.default_rng(k).random((3, 3))) for k in range(20)]
    found = energy_offset(Frames.from_atoms(images), np.zeros(20), np.ones(20))
    assert "(meV: +1000 on average)" in found.message


def test_predictions_may_lack_a_stress() -> None:
    assert Predictions().has_stress is None


def test_two_levels_of_theory_are_not_compared_silently() -> None:
    found = level_of_theory_mismatch("RPBE-D3", "PBE-D3")
    assert "'RPBE-D3' and is judged on labels of 'PBE-D3'" in found.message
    assert level_of_theory_mismatch("PBE-D3", "PBE-D3") is None
    assert level_of_theory_mismatch("", "PBE-D3") is None
    assert level_of_theory_mismatch("EMT", "not stated") is None
