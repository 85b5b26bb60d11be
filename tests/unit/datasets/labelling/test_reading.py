from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.db import connect
from ase.io import write
from ase.units import GPa, Hartree

from ms25_suite.core.errors import CardError, DatasetError
from ms25_suite.datasets import Dataset, open_dataset
from ms25_suite.datasets.cards.card import LabelKeys
from ms25_suite.datasets.formats.units import Units
from ms25_suite.datasets.importers import import_data
from ms25_suite.datasets.labelling.open_units import UndecidedUnitError
from ms25_suite.datasets.labelling.reading import read_labels
from ms25_suite.datasets.readers.foreign import Asked
from tests.helpers.bare_energies import ATOMIC_FORCE, bare, same_labels


def opened(path: Path, images: list[Atoms], card: str = "") -> Dataset:
    write(path, images)
    path.with_suffix(".toml").write_text(card)
    return open_dataset(str(path))


def note(dataset: Dataset) -> str:
    (finding,) = [f for f in dataset.findings if f.code.startswith("units-")]
    return finding.message


def without_other(images: list[Atoms], key: str) -> list[Atoms]:
    for atoms in images:
        del atoms.info[key]
    return images


@pytest.mark.parametrize("suffix", [".traj", ".extxyz"])
def test_energies_and_forces_of_cp2k_in_a_calculator(tmp_path: Path, suffix: str) -> None:
    dataset = opened(tmp_path / f"x{suffix}", bare(calculator=True))
    same_labels(dataset)
    assert "energy in hartree, forces in hartree/bohr: as CP2K writes them" in note(dataset)


@pytest.mark.parametrize("name", ["forces", "force", "frc", "f", "cp2k_forces"])
def test_the_array_of_forces_may_have_any_such_name(tmp_path: Path, name: str) -> None:
    dataset = opened(tmp_path / "x.extxyz", bare(forces=name))
    same_labels(dataset)
    assert dataset.label_keys == {"energy": "E", "forces": name}


def test_a_database(tmp_path: Path) -> None:
    with connect(tmp_path / "x.db") as database:
        for atoms in bare(forces="frc"):
            info, forces = atoms.info, atoms.arrays.pop("frc")
            atoms.info = {}
            database.write(atoms, data={**info, "frc": forces})
    same_labels(open_dataset(str(tmp_path / "x.db")))


def test_energies_alone(tmp_path: Path) -> None:
    dataset = opened(tmp_path / "x.traj", bare(forces=None))
    same_labels(dataset, forces=False)
    codes = [finding.code for finding in dataset.findings]
    assert "no-forces" in codes
    assert "units-converted" in codes


def test_an_array_of_an_unknown_name_is_named(tmp_path: Path) -> None:
    dataset = opened(tmp_path / "x.extxyz", bare(forces="xyzzy"))
    same_labels(dataset, forces=False)
    assert dataset.unread_labels == {"forces": ("xyzzy",)}
    dataset = opened(tmp_path / "x.extxyz", bare(forces="xyzzy"), '[labels]\nforces = "xyzzy"\n')
    same_labels(dataset)


def test_a_file_that_names_cp2k(tmp_path: Path) -> None:
    images = bare(header=False)
    images[5].info["program"] = "CP2K version 2023.1"
    same_labels(opened(tmp_path / "x.extxyz", images))


def test_forces_that_somebody_has_converted(tmp_path: Path) -> None:
    images = bare(calculator=True, force=1.0)
    dataset = opened(tmp_path / "x.traj", images)
    same_labels(dataset)
    assert "energy in hartree, forces in eV/Å: CP2K does not write them so, but" in note(dataset)


def test_where_the_forces_are_converted_the_energies_may_be_too(tmp_path: Path) -> None:
    # No two frames are near, so that bonds show the unit of the forces alone.
    images = bare("water-64", 6, calculator=True, force=1.0)
    said = r"only hartree with eV/Å or eV with eV/Å.*--units energy=hartree,forces=eV/Å or"
    with pytest.raises(UndecidedUnitError, match=said):
        opened(tmp_path / "x.traj", images)
    units = '[labels]\nunits = { energy = "hartree", forces = "eV/Å" }\n'
    same_labels(opened(tmp_path / "x.traj", images, units), "water-64")


def test_both_have_been_converted(tmp_path: Path) -> None:
    dataset = opened(tmp_path / "x.traj", bare(calculator=True, energy=1.0, force=1.0))
    same_labels(dataset)
    assert "energy in eV, forces in eV/Å" in note(dataset)


def test_numbers_that_allow_no_test_are_as_cp2k_writes_them(tmp_path: Path) -> None:
    images = bare(n=3, forces="frc")
    for seed, atoms in enumerate(images):
        atoms.arrays["frc"] = np.random.default_rng(seed).normal(size=(len(atoms), 3))
    dataset = opened(tmp_path / "x.extxyz", images)
    (said,) = [f.message for f in dataset.findings if f.code == "units-converted"]
    assert "the numbers allow no test" in said


def test_forces_that_fit_neither_are_refused(tmp_path: Path) -> None:
    images = bare(forces="frc", force=1e-3)
    with pytest.raises(
        UndecidedUnitError, match=r"should be as CP2K writes them.*nor do eV and eV/Å"
    ):
        opened(tmp_path / "x.extxyz", images)
    # Whoever knows better says so.
    card = '[labels.units]\nenergy = "hartree"\nforces = "meV/Å"\n'
    same_labels(opened(tmp_path / "x.extxyz", images, f'[labels]\nforces = "frc"\n{card}'))


def test_a_calculator_that_repeats_the_energy_of_cp2k_is_in_hartree(tmp_path: Path) -> None:
    images = bare()
    for atoms in images:
        results = {"energy": atoms.info["E"], "forces": atoms.arrays.pop("forces")}
        atoms.calc = SinglePointCalculator(atoms, **results)
    dataset = opened(tmp_path / "x.traj", images)
    same_labels(dataset)
    assert "`energy` repeats its `E`" in note(dataset)


def test_a_calculator_with_the_energy_of_cp2k_in_ev_is_left_alone(tmp_path: Path) -> None:
    images = bare(force=1.0)
    for atoms in images:
        results = {"energy": atoms.info["E"] * Hartree, "forces": atoms.arrays.pop("forces")}
        atoms.calc = SinglePointCalculator(atoms, **results)
    dataset = opened(tmp_path / "x.traj", images)
    same_labels(dataset)
    assert dataset.label_keys["energy"] == "energy"
    assert not [f for f in dataset.findings if f.code.startswith("units-")]


@pytest.mark.parametrize("unit", ["hartree", "eV"])
def test_without_cp2k_the_numbers_decide(tmp_path: Path, unit: str) -> None:
    in_ev = {"energy": 1.0, "force": 1.0} if unit == "eV" else {}
    dataset = opened(tmp_path / "x.traj", bare(header=False, calculator=True, **in_ev))
    same_labels(dataset)
    assert f"energy in {unit}" in note(dataset)
    assert "by the numbers: energy differences over the work of the forces" in note(dataset)


def test_without_cp2k_and_near_frames_both_readings_are_spelled_out(tmp_path: Path) -> None:
    images = bare("water-64", 6, header=False, calculator=True)
    said = (
        # Not eV and eV/Å, which the bonds rule out.
        r"eV or hartree\? .*--units energy=hartree,forces=hartree/bohr or --units energy=eV,"
        r"forces=hartree/bohr; in a card, \[labels\] units = \{ energy = \"hartree\", forces = "
        r"\"hartree/bohr\" \}.*they allow hartree with hartree/bohr or eV with hartree/bohr"
    )
    with pytest.raises(UndecidedUnitError, match=said):
        opened(tmp_path / "x.traj", images)
    with pytest.raises(DatasetError, match=said):
        import_data([tmp_path / "x.traj"], tmp_path / "y.extxyz")
    asked = Asked(units=Units.parse(["energy=hartree,forces=hartree/bohr"]))
    card = import_data([tmp_path / "x.traj"], tmp_path / "y.extxyz", asked=asked)
    same_labels(open_dataset(str(card)), "water-64")
    assert "energy in hartree, forces in hartree/bohr, stated by the user" in card.read_text()


def test_units_that_are_stated_against_the_numbers(tmp_path: Path) -> None:
    path = tmp_path / "x.traj"
    images = bare(calculator=True)
    units = '[labels]\nunits = {{ energy = "{}", forces = "{}" }}\n'
    wrong = opened(path, images, units.format("eV", "eV/Å"))
    (finding,) = [f for f in wrong.findings if f.code == "units-contradicted"]
    assert finding.severity == "warning"
    assert "seem to be energy in hartree, forces in hartree/bohr, as CP2K" in finding.message
    right = opened(path, images, units.format("Ha", "a.u."))
    assert "units-contradicted" not in [f.code for f in right.findings]
    same_labels(right)
    # What the numbers do not decide, they do not contradict.
    write(path, bare("water-64", 4, header=False, calculator=True))
    assert "units-contradicted" not in [f.code for f in open_dataset(str(path)).findings]


def test_water_as_atoms_of_minus_six_ev_is_refused(tmp_path: Path) -> None:
    images = bare("water-64", 6, header=False, forces=None)
    with pytest.raises(UndecidedUnitError, match="The numbers do not decide"):
        opened(tmp_path / "x.traj", images)
    # Naming the key says nothing about its unit.
    with pytest.raises(UndecidedUnitError, match="eV or hartree"):
        opened(tmp_path / "x.traj", images, '[labels]\nenergy = "E"\n')
    card = '[labels]\nenergy = "E"\nforces = "none"\nunits = { energy = "Ha" }\n'
    same_labels(opened(tmp_path / "x.traj", images, card), "water-64", forces=False)


def isolated(energies: dict[str, float]) -> list[Atoms]:
    atoms = []
    for symbol, energy in energies.items():
        atoms.append(Atoms(symbol))
        atoms[-1].info["E"] = energy
    return atoms


@pytest.mark.parametrize("unit", [1.0, float(Hartree)])
def test_isolated_atoms_decide(tmp_path: Path, unit: float) -> None:
    images = bare(n=4, header=False, forces=None, energy=unit)
    # SiO2 has -6.4 eV/atom; the built-in energies have another zero.
    per_atom = open_dataset("cha").labels.energy[:4].mean() / 108  # type: ignore[index]
    free = (per_atom + 6.4) / unit
    write(tmp_path / "x.extxyz", [*images, *isolated({"Si": free, "O": free})])
    dataset = open_dataset(str(tmp_path / "x.extxyz"))
    same_labels(dataset, forces=False)
    assert dataset.atom_energies[14] == pytest.approx(per_atom + 6.4)
    assert "energy relative to the isolated atoms in eV/atom" in note(dataset)


@pytest.mark.parametrize("unit", [1.0, float(Hartree)])
def test_isolated_atoms_of_the_card_decide(tmp_path: Path, unit: float) -> None:
    images = bare(n=4, header=False, forces=None, energy=unit)
    free = open_dataset("cha").labels.energy[:4].mean() / 108 + 6.4  # type: ignore[index]
    card = f"[labels]\natoms = {{ Si = {free:.3f}, O = {free:.3f} }}\n"
    dataset = opened(tmp_path / "x.traj", images, card)
    same_labels(dataset, forces=False)
    assert dataset.atom_energies == {8: pytest.approx(free, abs=1e-3), 14: dataset.atom_energies[8]}
    assert "energy relative to the isolated atoms in eV/atom" in note(dataset)
    with pytest.raises(CardError, match="`atoms` must be chemical symbols, found Xy"):
        opened(tmp_path / "x.traj", images, "[labels]\natoms = { Xy = 1.0 }\n")


def strained(stress: str, factor: float) -> list[Atoms]:
    """Frames of CP2K at several volumes, with a stress in some unit: EMT of copper."""
    from ase.build import bulk
    from ase.calculators.emt import EMT

    images = []
    for index, scale in enumerate(np.linspace(0.97, 1.03, 13)):
        atoms = bulk("Cu", cubic=True)
        atoms.set_cell(atoms.cell * scale, scale_atoms=True)
        atoms.rattle(0.005, seed=index)
        atoms.calc = EMT()
        values = (atoms.get_potential_energy(), atoms.get_forces(), atoms.get_stress())
        atoms.calc = None
        atoms.info = {"i": index, "time": 0.5, "E": values[0] / Hartree, stress: values[2] / factor}
        atoms.arrays["frc"] = values[1] / ATOMIC_FORCE
        images.append(atoms)
    return images


@pytest.mark.parametrize("factor", [1.0, float(GPa), -float(GPa), 1e-4 * float(GPa)])
def test_the_unit_of_a_stress_of_cp2k_by_its_work(tmp_path: Path, factor: float) -> None:
    write(tmp_path / "x.extxyz", strained("cp2k_stress", factor))
    dataset = open_dataset(str(tmp_path / "x.extxyz"))
    expected = open_dataset(_in_ev(tmp_path / "y.extxyz"))
    np.testing.assert_allclose(dataset.labels.stress, expected.labels.stress, atol=1e-9)
    assert "energy differences over the work of the stress" in note(dataset)


def _in_ev(path: Path) -> str:
    images = strained("REF_stress", 1.0)
    for atoms in images:
        atoms.info = {
            "REF_energy": atoms.info["E"] * Hartree,
            "REF_stress": atoms.info["REF_stress"],
        }
        atoms.arrays["REF_forces"] = atoms.arrays.pop("frc") * ATOMIC_FORCE
    write(path, images)
    return str(path)


def test_a_stress_of_cp2k_of_one_cell_is_left_out(tmp_path: Path) -> None:
    images = bare(n=6)
    for atoms in images:
        atoms.info["stress"] = np.arange(6.0)
    path = tmp_path / "x.extxyz"
    dataset = opened(path, images)
    same_labels(dataset)
    assert dataset.labels.stress is None
    assert dataset.unread_labels == {"stress": ("stress",)}
    (finding,) = [f for f in dataset.findings if f.code == "stress-unit-unknown"]
    assert "--units energy=hartree,forces=hartree/bohr,stress=…" in finding.message
    # A key that a person names is a wish.
    with pytest.raises(UndecidedUnitError, match="the unit of `stress` is not known"):
        opened(path, images, '[labels]\nstress = "stress"\n')
    waived = opened(path, images, '[labels]\nstress = "none"\n')
    assert "stress-unit-unknown" not in [finding.code for finding in waived.findings]
    units = 'energy = "hartree", forces = "hartree/bohr", stress = "GPa"'
    stated = opened(path, images, f"[labels]\nunits = {{ {units} }}\n")
    expected = np.tile(np.arange(6.0) * GPa, (6, 1))
    np.testing.assert_allclose(stated.labels.stress, expected, rtol=1e-9)


def test_frames_of_two_files_with_and_without_header(tmp_path: Path) -> None:
    write(tmp_path / "a.extxyz", bare("water-64", 4))
    write(tmp_path / "b.extxyz", bare("water-64", 8, header=False)[4:])
    for name in ("a.extxyz,b.extxyz", "b.extxyz"):
        spec = ",".join(str(tmp_path / part) for part in name.split(","))
        with pytest.raises(UndecidedUnitError, match="eV or hartree"):
            open_dataset(spec)


def test_frames_that_are_decided_as_those_before() -> None:
    images = bare("water-64", 4, header=False)
    for atoms in images:
        atoms.info["stress"] = np.ones(6)
    prior = Units(energy="hartree", forces="hartree/bohr")
    found = read_labels(images, LabelKeys(), "x", prior=prior)
    assert found.decided == prior
    _, expected = open_dataset("water-64").part(range(4))
    np.testing.assert_allclose(found.labels.energy, expected.energy, rtol=1e-12)
    assert found.labels.stress is None


@pytest.mark.parametrize("key", ["energy_hartree", "E_Ha", "forces_kcal", "dft_energy_ry"])
def test_a_name_with_the_words_of_a_unit_needs_one(tmp_path: Path, key: str) -> None:
    quantity = "forces" if "forces" in key else "energy"
    unit = "eV/Å" if quantity == "forces" else "eV"
    images = bare(n=3, force=1.0)
    for atoms in images:
        atoms.info = {"REF_energy": -1.0, "dft_energy": 1.0}
        if quantity == "forces":
            atoms.arrays[key] = atoms.arrays.pop("forces")
        else:
            atoms.info[key] = -1.0
    card = f'[labels]\n{quantity} = "{key}"\n'
    with pytest.raises(UndecidedUnitError, match=f"the name of `{key}` says .*{quantity}=…"):
        opened(tmp_path / "x.extxyz", images, card)
    stated = f'units = {{ {quantity} = "{unit}" }}\n'
    opened(tmp_path / "x.extxyz", images, card + stated)


@pytest.mark.parametrize(
    ("units", "match"),
    [
        ('{ energy = "furlong" }', "unknown unit 'furlong' of the energy"),
        ('{ energie = "eV" }', "energie"),
        ('"hartree"', "units"),
        ("{ energy = 1 }", "units.energy"),
        ('{ forces = "hartree" }', "unknown unit 'hartree' of the forces"),
    ],
)
def test_cards_with_wrong_units(tmp_path: Path, units: str, match: str) -> None:
    with pytest.raises(CardError, match=match):
        opened(tmp_path / "x.extxyz", bare(n=3), f"[labels]\nunits = {units}\n")


def test_units_of_a_card_convert_positions_too(tmp_path: Path) -> None:
    from ase.units import Bohr

    images = bare(header=False)
    for atoms in images:
        atoms.set_cell(atoms.cell / Bohr, scale_atoms=True)
    units = 'energy = "hartree", length = "bohr"'
    dataset = opened(tmp_path / "x.extxyz", images, f"[labels]\nunits = {{ {units} }}\n")
    same_labels(dataset)
    frames, _ = open_dataset("cha").part(range(24))
    np.testing.assert_allclose(dataset.frames.positions, frames.positions, atol=1e-7)
    np.testing.assert_allclose(dataset.frames.cells, frames.cells, atol=1e-7)


def test_the_unit_counts_in_the_cache(tmp_path: Path) -> None:
    images = bare(forces=None)
    path = tmp_path / "x.traj"
    first: Any = opened(path, images, '[labels]\nunits = { energy = "eV" }\n').labels.energy
    second: Any = opened(path, images, '[labels]\nunits = { energy = "Ry" }\n').labels.energy
    np.testing.assert_allclose(2 * second, first * Hartree, rtol=1e-12)


def attached(
    name: str = "water-64", *, atomic: bool, forces: bool = True, key: str = ""
) -> list[Atoms]:
    """Labels of usual names beside ``i`` and ``time``: of a calculator, or under an info key."""
    units = {} if atomic else {"energy": 1.0, "force": 1.0}
    images = bare(name, 12, **units)
    for atoms in images:
        energy, own = atoms.info.pop("E"), atoms.arrays.pop("forces")
        results = {"forces": own} if forces else {}
        if key:
            atoms.info[key] = energy
        else:
            results["energy"] = energy
        atoms.calc = SinglePointCalculator(atoms, **results)
    return images


@pytest.mark.parametrize("key", ["", "energy"])
@pytest.mark.parametrize("atomic", [True, False])
def test_usual_names_beside_the_header_of_cp2k(tmp_path: Path, key: str, atomic: bool) -> None:
    dataset = opened(tmp_path / "x.traj", attached(atomic=atomic, key=key))
    same_labels(dataset, "water-64")
    unit = "hartree, forces in hartree/bohr" if atomic else "eV, forces in eV/Å"
    assert f"energy in {unit}" in note(dataset)


def test_usual_names_beside_the_header_without_forces_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"--units energy=hartree or --units energy=eV"):
        opened(tmp_path / "x.traj", attached(atomic=True, forces=False))
    card = '[labels]\nunits = { energy = "hartree" }\n'
    dataset = opened(tmp_path / "y.traj", attached(atomic=True, forces=False), card)
    same_labels(dataset, "water-64", forces=False)


def test_gradients_of_cp2k_are_refused(tmp_path: Path) -> None:
    images = bare("water-64", 12, calculator=True, force=-ATOMIC_FORCE)
    with pytest.raises(DatasetError, match="are these gradients"):
        opened(tmp_path / "x.traj", images)


def test_zero_forces_beside_the_energy_of_cp2k_are_none(tmp_path: Path) -> None:
    images = bare("water-64", 12, calculator=True, force=np.inf)
    dataset = opened(tmp_path / "x.traj", images)
    same_labels(dataset, "water-64", forces=False)
    assert "zero-forces" in {finding.code for finding in dataset.findings}


def test_units_that_nothing_confirms_are_warned_of(tmp_path: Path) -> None:
    dataset = opened(tmp_path / "x.traj", bare("water-64", 6, forces=None))
    (finding,) = [f for f in dataset.findings if f.code == "units-untested"]
    assert finding.severity == "warning"
    stated = '[labels]\nunits = { energy = "eV" }\n'
    other = opened(tmp_path / "y.traj", bare("water-64", 6, forces=None, energy=1.0), stated)
    assert "units-untested" not in {f.code for f in other.findings}
    same_labels(other, "water-64", forces=False)
    # As hartree they would be twice the energy of all electrons.
    with pytest.raises(UndecidedUnitError, match=r"times those of all electrons.*energy=eV"):
        opened(tmp_path / "w.traj", bare("water-64", 6, forces=None, energy=1.0))
    tested = opened(tmp_path / "z.traj", bare("water-64", 6, calculator=True))
    assert "units-untested" not in {f.code for f in tested.findings}
