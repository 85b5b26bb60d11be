from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from ase import Atoms
from ase.units import Bohr, Hartree, Rydberg, kcal, kJ, mol

from ms25_suite.core.frames import Frames, Labels
from ms25_suite.datasets import open_dataset
from ms25_suite.datasets.labelling.evidence import Measure, decided, measures
from tests.helpers.bare_energies import ATOMIC_FORCE

BOTH = {"energy": ("hartree", "eV"), "forces": ("hartree/bohr", "eV/Å")}
ENERGIES = {
    "eV": 1.0,
    "hartree": float(Hartree),
    "Ry": float(Rydberg),
    "kcal/mol": float(kcal / mol),
    "kJ/mol": float(kJ / mol),
    "meV": 1e-3,
}
FORCES = {
    **{f"{name}/Å": value for name, value in ENERGIES.items()},
    **{f"{name}/bohr": value / float(Bohr) for name, value in ENERGIES.items()},
}


def close_frames(energy: str, forces: str, name: str = "cha") -> tuple[Frames, Labels]:
    """Frames that allow the tests of the work and of the bonds, with labels in some units."""
    frames, labels = open_dataset(name).part(range(24))
    assert labels.energy is not None
    assert labels.forces is not None
    return frames, Labels(
        energy=np.asarray(labels.energy) / ENERGIES[energy],
        forces=np.asarray(labels.forces) / FORCES[forces],
    )


def of(
    frames: Frames, labels: Labels, atoms: dict[int, float] | None = None
) -> tuple[Measure, ...]:
    names = {"energy": "energy", "forces": "forces", "stress": "stress"}
    return measures(frames, labels, atoms or {}, names)  # type: ignore[arg-type]


@pytest.mark.parametrize("energy", BOTH["energy"])
@pytest.mark.parametrize("forces", BOTH["forces"])
@pytest.mark.parametrize("name", ["cha", "mgo-2x2"])
def test_near_frames_decide_each_combination(energy: str, forces: str, name: str) -> None:
    tests = of(*close_frames(energy, forces, name))
    assert decided(tests, BOTH)[0] == {"energy": energy, "forces": forces}


@pytest.mark.parametrize(
    ("energy", "forces"),
    [
        ("kcal/mol", "kcal/mol/Å"),
        ("kJ/mol", "kJ/mol/Å"),
        ("meV", "meV/Å"),
        ("eV", "eV/bohr"),
        ("hartree", "hartree/Å"),
    ],
)
def test_units_that_nobody_asked_about_are_not_taken_for_others(energy: str, forces: str) -> None:
    frames, labels = close_frames(energy, forces)
    tests = of(frames, labels)
    assert decided(tests, BOTH)[0] is None
    # The work alone would be fooled: its ratio is that of eV and eV/Å, or of atomic units.
    work = [test for test in tests if "energy" in test.powers]
    reading, passed = decided(work, BOTH)
    assert reading is None
    assert {"energy": energy, "forces": forces} in passed


def test_the_smallest_ratio_of_two_readings_is_wider_than_what_a_test_allows() -> None:
    work, *_ = of(*close_frames("eV", "eV/Å"))
    ratios = sorted(
        ENERGIES[energy] / FORCES[forces] for energy in BOTH["energy"] for forces in BOTH["forces"]
    )
    assert min(high / low for low, high in pairwise(ratios)) > work.high / work.low


def test_the_reason_has_the_numbers_of_both_readings() -> None:
    work, bonds = of(*close_frames("hartree", "hartree/bohr"))
    readings = [
        {"energy": "hartree", "forces": "hartree/bohr"},
        {"energy": "eV", "forces": "eV/Å"},
    ]
    assert work.under(readings[1]) == pytest.approx(
        1.8897 * (work.under(readings[0]) or 0), rel=1e-4
    )
    assert bonds.under(readings[0]) == pytest.approx(ATOMIC_FORCE * (bonds.under(readings[1]) or 0))
    said = work.said(readings)
    assert "in hartree and hartree/bohr" in said
    assert "in eV and eV/Å" in said
    assert "right labels give 0.73 to 1.37 (R² = " in said
    assert work.said([{"stress": "GPa"}]) == ""


def molecules(
    energy_per_atom: float, unit: float, *, distance: float = 0.96
) -> tuple[Frames, Labels]:
    """Water molecules with an atomisation energy, and atoms of zero energy, in some unit."""
    images = [
        Atoms("OH2", [[0, 0, 0], [0, 0, distance], [0, distance, 0.1 * index]])
        for index in range(3)
    ]
    energy = np.full(3, 3 * energy_per_atom / unit)
    return Frames.from_atoms(images), Labels(energy=energy)


ONLY_ENERGY = {"energy": ("hartree", "eV")}
FREE = {1: 0.0, 8: 0.0}


@pytest.mark.parametrize("unit", ["hartree", "eV"])
def test_atomisation_energies_decide(unit: str) -> None:
    tests = of(*molecules(-3.3, ENERGIES[unit]), FREE)
    assert decided(tests, ONLY_ENERGY)[0] == {"energy": unit}


@pytest.mark.parametrize("unit", ["kcal/mol", "kJ/mol", "meV"])
def test_atomisation_energies_in_other_units_decide_nothing(unit: str) -> None:
    tests = of(*molecules(-3.3, ENERGIES[unit]), FREE)
    assert decided(tests, ONLY_ENERGY)[0] is None


def test_a_strongly_bound_solid_in_hartree_could_be_a_weakly_bound_one_in_ev() -> None:
    # -8.9 eV is -0.327 hartree.
    tests = of(*molecules(-8.9, ENERGIES["hartree"]), FREE)
    assert decided(tests, ONLY_ENERGY)[0] is None


def test_what_has_no_bonds_may_be_bound_weakly() -> None:
    tests = of(*molecules(-0.1, 1.0, distance=3.0), FREE)
    assert tests[0].high == 2.0
    assert decided(tests, ONLY_ENERGY)[0] is None


def test_atoms_of_all_elements_are_needed() -> None:
    assert of(*molecules(-3.3, 1.0), {1: 0.0}) == ()


def test_totals_without_isolated_atoms_say_nothing() -> None:
    # -17.2 hartree a molecule read as eV is -5.7 eV an atom, which looks like an energy of VASP.
    tests = of(*molecules(-17.2 * Hartree / 3, ENERGIES["hartree"]))
    assert tests == ()
    assert decided(tests, ONLY_ENERGY)[0] is None


def strained(energy: float, stress: float) -> tuple[Frames, Labels]:
    """Cells of one structure: E = 9/2 B V0 e^2 with B = 1 eV/Å^3, in some units."""
    images, energies, stresses = [], [], []
    for strain in np.linspace(-0.03, 0.03, 13):
        length = 4.0 * (1 + strain)
        images.append(Atoms("Cu", cell=[length] * 3, pbc=True))
        energies.append(4.5 * 64.0 * strain**2)
        # stress = dE/dV = (dE/de) / (dV/de)
        pressure = 9 * 64.0 * strain / (3 * 64.0 * (1 + strain) ** 2)
        stresses.append([pressure] * 3 + [0.0] * 3)
    labels = Labels(energy=np.array(energies) / energy, stress=np.array(stresses) / stress)
    return Frames.from_atoms(images), labels


STRESSES = {"eV/Å^3": 1.0, "GPa": 1 / 160.21766, "kbar": 1 / 1602.1766}


@pytest.mark.parametrize("energy", ["hartree", "eV"])
@pytest.mark.parametrize("stress", STRESSES)
@pytest.mark.parametrize("sign", ["", "-"])
def test_the_pressure_of_the_volume_decides_about_the_stress(
    energy: str, stress: str, sign: str
) -> None:
    factor = STRESSES[stress] * (-1 if sign else 1)
    tests = of(*strained(ENERGIES[energy], factor))
    options = {"energy": (energy,), "stress": tuple(f"{s}{u}" for s in ("", "-") for u in STRESSES)}
    assert decided(tests, options)[0] == {"energy": energy, "stress": f"{sign}{stress}"}  # type: ignore[arg-type]
    # And the other way around.
    known = {"energy": ("hartree", "eV"), "stress": (f"{sign}{stress}",)}
    assert decided(tests, known)[0] == {"energy": energy, "stress": f"{sign}{stress}"}  # type: ignore[arg-type]


def test_frames_without_some_labels() -> None:
    frames, labels = close_frames("eV", "eV/Å")
    assert labels.energy is not None
    assert labels.forces is not None
    energy, forces = labels.energy.copy(), labels.forces.copy()
    energy[3] = np.nan
    forces[frames.atoms_of(5)] = np.nan
    tests = of(frames, Labels(energy=energy, forces=forces))
    assert decided(tests, BOTH)[0] == {"energy": "eV", "forces": "eV/Å"}
    assert of(frames, Labels(energy=np.full(24, np.nan), forces=None), {8: 0.0, 14: 0.0}) == ()


def test_random_numbers_decide_nothing() -> None:
    frames, labels = close_frames("eV", "eV/Å")
    assert labels.forces is not None
    rng = np.random.default_rng(0)
    made_up = Labels(energy=rng.normal(size=24), forces=rng.normal(size=labels.forces.shape))
    assert decided(of(frames, made_up), BOTH)[0] is None
