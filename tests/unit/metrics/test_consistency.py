from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms

from ms25_suite.core.frames import Frames, Predictions
from ms25_suite.metrics.consistency import (
    energy_offset,
    level_of_theory_mismatch,
    scale_mismatch,
)


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


@pytest.mark.parametrize(
    ("factor", "words"),
    [
        (-1.0, "the opposite sign"),
        (160.2, "the unit GPa"),
        (1602.0, "the unit kbar"),
        (-1602.0, "kbar and the opposite sign"),
    ],
)
def test_a_stress_in_another_convention_is_named(factor: float, words: str) -> None:
    rng = np.random.default_rng(2)
    stress = rng.normal(0, 0.01, 300)
    found = scale_mismatch("stress", factor * stress, stress * rng.normal(1, 0.05, 300))
    assert found.code == "stress-scale"
    assert found.message.endswith(words) or words in found.message


def test_gradients_instead_of_forces_are_named() -> None:
    forces = np.random.default_rng(2).normal(0, 1, 300)
    assert "gradients" in scale_mismatch("forces", -forces, forces).message


def test_a_potential_in_another_convention_is_named() -> None:
    stress = np.random.default_rng(2).normal(0, 0.01, 300)
    found = scale_mismatch("stress", stress, 160.2 * stress)
    assert "the predictions seem to have the unit GPa" in found.message


def test_at_one_composition_only_the_mean_offset_is_told() -> None:
    images = [Atoms("SiO2", positions=np.random.default_rng(k).random((3, 3))) for k in range(20)]
    found = energy_offset(Frames.from_atoms(images), np.zeros(20), np.ones(20))
    assert "(meV: +1000 on average)" in found.message


@pytest.mark.parametrize("factor", [1.0, 1.1, 0.9, 3.0])
def test_an_ordinary_error_is_no_other_convention(factor: float) -> None:
    stress = np.random.default_rng(2).normal(0, 0.01, 300)
    assert scale_mismatch("stress", factor * stress, stress) is None


def test_uncorrelated_or_constant_numbers_say_nothing() -> None:
    rng = np.random.default_rng(2)
    assert scale_mismatch("stress", -rng.normal(size=300), rng.normal(size=300)) is None
    assert scale_mismatch("stress", np.ones(300), np.zeros(300)) is None
    assert scale_mismatch("stress", np.ones(300), np.ones(300)) is None


def test_predictions_may_lack_a_stress() -> None:
    assert Predictions().has_stress is None


def test_two_levels_of_theory_are_not_compared_silently() -> None:
    found = level_of_theory_mismatch("RPBE-D3", "PBE-D3")
    assert "'RPBE-D3' and is judged on labels of 'PBE-D3'" in found.message
    assert level_of_theory_mismatch("PBE-D3", "PBE-D3") is None
    assert level_of_theory_mismatch("", "PBE-D3") is None
    assert level_of_theory_mismatch("EMT", "not stated") is None
