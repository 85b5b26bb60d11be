from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms, units

from ms25_suite.core.frames import FloatArray, Frames
from ms25_suite.core.units import LABEL_UNITS
from ms25_suite.metrics.conventions.scales import energy_scale, fit_slope, scale_mismatch

ASE_ENERGY = {
    "Hartree": units.Hartree,
    "Rydberg": units.Rydberg,
    "kcal/mol": units.kcal / units.mol,
    "kJ/mol": units.kJ / units.mol,
    "meV": 1e-3,
    "eV": 1.0,
}
ASE_LENGTH = {"Bohr": units.Bohr, "Å": 1.0, "nm": 10.0, "Bohr^3": units.Bohr**3, "Å^3": 1.0}
ASE_PRESSURE = {"GPa": units.GPa, "MPa": 1e-3 * units.GPa, "Pa": units.Pascal}
ASE_PRESSURE |= {"kbar": 1e3 * units.bar, "bar": units.bar, "atm": 101325.0 * units.Pascal}


@pytest.mark.parametrize("quantity", LABEL_UNITS)
def test_the_units_are_those_of_ase(quantity: str) -> None:
    for name, number in LABEL_UNITS[quantity].items():
        energy, _, length = name.rpartition("/") if quantity != "energy" else (name, "", "Å")
        size = ASE_PRESSURE.get(name) or ASE_ENERGY[energy] / ASE_LENGTH[length]
        assert number * size == pytest.approx(1.0, rel=1e-7)


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


@pytest.mark.parametrize("factor", [1.0, 1.1, 0.9, 3.0])
def test_an_ordinary_error_is_no_other_convention(factor: float) -> None:
    stress = np.random.default_rng(2).normal(0, 0.01, 300)
    assert scale_mismatch("stress", factor * stress, stress) is None


def test_uncorrelated_or_constant_numbers_say_nothing() -> None:
    rng = np.random.default_rng(2)
    assert scale_mismatch("stress", -rng.normal(size=300), rng.normal(size=300)) is None
    assert scale_mismatch("stress", np.ones(300), np.zeros(300)) is None
    assert scale_mismatch("stress", np.ones(300), np.ones(300)) is None


def noisy(size: float, noise: float, n: int = 600) -> tuple[FloatArray, FloatArray]:
    """Predictions and right labels, with an error of the predictions relative to the labels."""
    rng = np.random.default_rng(2)
    labels = rng.normal(0.0, size, n)
    return labels + rng.normal(0.0, noise * size, n), labels


@pytest.mark.parametrize("size", [1.0, 1e-3], ids=["large", "small"])
@pytest.mark.parametrize("noise", [0.02, 0.1])
@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("side", ["labels", "predictions"])
@pytest.mark.parametrize("unit", LABEL_UNITS["forces"])
def test_forces_of_every_unit_are_recognised(
    unit: str, side: str, sign: float, noise: float, size: float
) -> None:
    predicted, labels = noisy(size, noise)
    factor = sign * LABEL_UNITS["forces"][unit]
    if side == "labels":
        labels = factor * labels
    else:
        predicted = factor * predicted
    found = scale_mismatch("forces", labels, predicted)
    assert found is not None
    assert found.code == "forces-scale"
    assert f"the unit {unit}" in found.message
    assert side in found.message.rpartition(": ")[2]
    assert ("opposite sign" in found.message) is (sign < 0.0)


@pytest.mark.parametrize("unit", LABEL_UNITS["stress"])
def test_stresses_of_every_unit_are_recognised(unit: str) -> None:
    predicted, labels = noisy(0.01, 0.1)
    found = scale_mismatch("stress", LABEL_UNITS["stress"][unit] * labels, predicted)
    assert found is not None
    assert f"the unit {unit}" in found.message


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_virial_is_recognised(sign: float) -> None:
    predicted, labels = noisy(0.01, 0.05)
    volumes = np.repeat(np.random.default_rng(0).uniform(300.0, 500.0, 100), 6)
    found = scale_mismatch("stress", sign * volumes * labels, predicted, None, volumes)
    assert found is not None
    assert f"a virial in eV ({'-' if sign < 0 else ''}volume times stress)" in found.message


@pytest.mark.parametrize("soft", [0.3, 0.6, 0.8, 0.9, 1.1, 1.5, 2.5])
@pytest.mark.parametrize("noise", [0.05, 0.2, 0.5, 1.0])
def test_a_poor_potential_has_no_other_unit(soft: float, noise: float) -> None:
    """Forces that are too small throughout, with errors of any size."""
    predicted, labels = noisy(1.0, noise)
    assert scale_mismatch("forces", labels, soft * predicted) is None
    assert scale_mismatch("stress", 0.01 * labels, 0.01 * soft * predicted) is None


def test_a_soft_potential_on_labels_in_kcal_is_still_recognised() -> None:
    predicted, labels = noisy(1.0, 0.2)
    found = scale_mismatch("forces", LABEL_UNITS["forces"]["kcal/mol/Å"] * labels, 0.85 * predicted)
    assert found is not None
    assert "kcal/mol/Å" in found.message


def test_without_correlation_a_factor_means_nothing() -> None:
    rng = np.random.default_rng(0)
    assert scale_mismatch("forces", 23.06 * rng.normal(size=300), rng.normal(size=300)) is None


def test_the_interval_counts_frames_not_components() -> None:
    rng = np.random.default_rng(0)
    frame = np.repeat(np.arange(20), 30)
    predicted = rng.normal(size=600)
    # One factor for each frame.
    labels = predicted * rng.normal(2.0, 0.2, 20)[frame]
    clustered, single = (
        fit_slope(labels, predicted, frame),
        fit_slope(labels, predicted, np.arange(600)),
    )
    assert clustered is not None
    assert single is not None
    assert clustered.interval[0] < 2.0 < clustered.interval[1]
    assert np.ptp(clustered.interval) > 3.0 * np.ptp(single.interval)
    assert np.ptp(clustered.interval) == pytest.approx(2 * 1.96 * 0.2 / np.sqrt(20), rel=0.4)


def alloys(n: int = 30) -> tuple[Frames, FloatArray]:
    """Frames of different size and composition, and their energies per atom."""
    rng = np.random.default_rng(4)
    images = [
        Atoms(f"Cu{4 + k % 5}Ni{3 + k % 7}", rng.uniform(0, 9, (7 + k % 5 + k % 7, 3)))
        for k in range(n)
    ]
    frames = Frames.from_atoms(images)
    share = np.array([(atoms.numbers == 28).mean() for atoms in images])
    return frames, -3.7 - 1.1 * share + rng.normal(0.0, 0.03, n)


@pytest.mark.parametrize("unit", LABEL_UNITS["energy"])
@pytest.mark.parametrize("zero", [0.0, 40.0], ids=["the same zero", "another zero"])
def test_energies_of_every_unit_are_recognised(unit: str, zero: float) -> None:
    frames, energies = alloys()
    labels = LABEL_UNITS["energy"][unit] * (energies + zero)
    predicted = energies + np.random.default_rng(5).normal(0.0, 0.001, len(frames))
    found = energy_scale(frames, labels, predicted)
    assert found is not None
    assert found.code == "energy-scale"
    assert f"the labels seem to have the unit {unit}" in found.message
    other = energy_scale(frames, predicted, labels)
    assert other is not None
    assert f"the predictions seem to have the unit {unit}" in other.message


def test_energies_of_one_atom_are_recognised() -> None:
    frames, energies = alloys()
    found = energy_scale(frames, energies / frames.n_atoms, energies + 1e-3)
    assert found is not None
    assert "the labels seem to have the energy of one atom in place of all" in found.message


@pytest.mark.parametrize("noise", [0.001, 0.03, 0.3])
@pytest.mark.parametrize("zero", [0.0, 3.0, 1000.0])
def test_a_poor_potential_has_no_other_unit_of_energy(noise: float, zero: float) -> None:
    frames, energies = alloys()
    rng = np.random.default_rng(6)
    for soft in (0.5, 0.8, 1.0, 1.3):
        predicted = soft * energies + zero + rng.normal(0.0, noise, len(frames))
        assert energy_scale(frames, energies, predicted) is None


def test_energies_of_zero_have_no_ratio() -> None:
    frames, _ = alloys()
    assert energy_scale(frames, np.zeros(len(frames)), np.ones(len(frames))) is None
    assert energy_scale(frames.select([0, 1]), np.ones(2), 23.06 * np.ones(2)) is None
