"""The structures are as pymatgen's ``as_dict`` writes them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.emt import EMT
from ase.units import GPa

from ms25_suite.core.errors import DatasetError
from ms25_suite.datasets import open_dataset
from ms25_suite.datasets.cards.card import LabelKeys
from ms25_suite.datasets.formats.pymatgen_json import is_pymatgen_json, read_pymatgen_json
from ms25_suite.datasets.formats.units import Units
from ms25_suite.datasets.importers import import_data
from ms25_suite.datasets.readers.foreign import Asked


def images(n: int = 3) -> list[Atoms]:
    found = []
    for index in range(n):
        atoms = bulk("Cu", a=3.5, cubic=True)
        atoms.symbols[1] = "Au"
        atoms.rattle(0.1, seed=index)
        atoms.calc = EMT()
        found.append(atoms)
    return found


def structure(atoms: Atoms, *, short: bool = False) -> dict[str, Any]:
    sites = []
    for symbol, place, part in zip(
        atoms.get_chemical_symbols(),
        atoms.positions,
        atoms.get_scaled_positions(wrap=False) if atoms.cell.rank == 3 else atoms.positions,
        strict=True,
    ):
        site = {"species": [{"element": symbol, "occu": 1}], "label": symbol, "properties": {}}
        site |= {"abc": part.tolist()} if short else {"xyz": place.tolist()}
        sites.append(site)
    kind = "Structure" if atoms.cell.rank == 3 else "Molecule"
    result = {"@module": "pymatgen.core.structure", "@class": kind, "charge": 0, "sites": sites}
    if kind == "Structure":
        result["lattice"] = {"matrix": atoms.cell.array.tolist(), "pbc": [True, True, True]}
    return result


def labels(atoms: Atoms, energy: str, forces: str) -> dict[str, Any]:
    return {energy: atoms.get_potential_energy(), forces: atoms.get_forces().tolist()}


def vasp_stress(atoms: Atoms) -> list[list[float]]:
    """In kbar, pressure positive."""
    stress: list[list[float]] = (-atoms.get_stress(voigt=False) / (0.1 * GPa)).tolist()
    return stress


def mptrj() -> dict[str, Any]:
    return {
        "mp-1": {
            f"mp-1-{index}-0": {
                "structure": structure(atoms),
                **labels(atoms, "uncorrected_total_energy", "force"),
                "corrected_total_energy": 99.0,
                "energy_per_atom": 99.0,
                "stress": vasp_stress(atoms),
                "magmom": None,
            }
            for index, atoms in enumerate(images())
        }
    }


def ionic_steps() -> dict[str, Any]:
    steps = [
        {
            "structure": structure(atoms),
            **labels(atoms, "e_0_energy", "forces"),
            "e_wo_entrp": 99.0,
            "e_fr_energy": 99.0,
            "stress": vasp_stress(atoms),
            "electronic_steps": [{}] * n_steps,
        }
        for atoms, n_steps in zip(images(), (3, 4, 5), strict=True)
    ]
    return {"input": {"parameters": {"NELM": 60}}, "output": {"ionic_steps": steps}}


def beside() -> list[dict[str, Any]]:
    return [
        {"structure": structure(atoms), **labels(atoms, "energy", "forces")} for atoms in images()
    ]


def columns() -> dict[str, Any]:
    """As the files of M3GNet."""
    found = images()
    return {
        "structure": [structure(atoms) for atoms in found],
        "energy": [atoms.get_potential_energy() for atoms in found],
        "force": [atoms.get_forces().tolist() for atoms in found],
    }


def saved(tmp_path: Path, content: Any, name: str = "x.json") -> Path:
    path = tmp_path / name
    text = json.dumps(content).encode()
    path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    return path


@pytest.mark.parametrize("name", ["x.json", "x.json.gz"])
@pytest.mark.parametrize("content", [mptrj, ionic_steps, beside, columns])
def test_labels_beside_structures(content: Any, name: str, tmp_path: Path) -> None:
    path = saved(tmp_path, content(), name)
    assert is_pymatgen_json(path)
    dataset = open_dataset(str(import_data([path], tmp_path / "y.extxyz")))
    expected = images()
    assert dataset.frames.atoms(0).get_chemical_symbols() == expected[0].get_chemical_symbols()
    np.testing.assert_allclose(dataset.frames.positions[:4], expected[0].positions, atol=1e-7)
    energies = [atoms.get_potential_energy() for atoms in expected]
    np.testing.assert_allclose(dataset.labels.energy, energies, rtol=1e-9)
    forces = np.concatenate([atoms.get_forces() for atoms in expected])
    np.testing.assert_allclose(dataset.labels.forces, forces, atol=1e-7)
    if content in (mptrj, ionic_steps):
        stresses = [atoms.get_stress() for atoms in expected]
        np.testing.assert_allclose(dataset.labels.stress, stresses, atol=1e-7)


def test_short_forms_and_entries(tmp_path: Path) -> None:
    (first, *_) = images()
    entry = {
        "@class": "ComputedStructureEntry",
        "energy": first.get_potential_energy(),
        "correction": -3.0,
        "structure": structure(first, short=True),
    }
    (atoms,) = read_pymatgen_json(saved(tmp_path, [entry]))
    np.testing.assert_allclose(atoms.positions, first.positions, atol=1e-12)
    assert atoms.info["REF_energy"] == pytest.approx(first.get_potential_energy())


def test_energies_per_atom(tmp_path: Path) -> None:
    (first, *_) = images()
    record = {"structure": structure(first), "energy_per_atom": -3.5}
    (atoms,) = read_pymatgen_json(saved(tmp_path, record))
    assert atoms.info["REF_energy"] == pytest.approx(-14.0)


def test_molecules(tmp_path: Path) -> None:
    water = molecule("H2O")
    content = structure(water) | {"charge": -1, "spin_multiplicity": 2}
    (atoms,) = read_pymatgen_json(saved(tmp_path, [{"molecule": content, "energy": -14.0}]))
    assert not atoms.pbc.any()
    assert atoms.info == {"charge": -1, "spin_multiplicity": 2, "REF_energy": -14.0}
    np.testing.assert_allclose(atoms.positions, water.positions)


def test_a_stress_without_a_unit_is_refused(tmp_path: Path) -> None:
    content = beside()
    for record, atoms in zip(content, images(), strict=True):
        record["stress"] = (atoms.get_stress(voigt=False) / GPa).tolist()
    path = saved(tmp_path, content)
    with pytest.raises(DatasetError, match=r"unit of `stress` is not known\. .*--units stress=-kb"):
        list(read_pymatgen_json(path))
    asked = Asked(units=Units.parse(["stress=GPa"]))
    dataset = open_dataset(str(import_data([path], tmp_path / "y.extxyz", asked=asked)))
    expected = [atoms.get_stress() for atoms in images()]
    np.testing.assert_allclose(dataset.labels.stress, expected, atol=1e-7)
    content[0]["stress"] = [1.0] * 6
    with pytest.raises(DatasetError, match=r"expected `stress` as \(3, 3\), found shape \(6,\)"):
        list(read_pymatgen_json(saved(tmp_path, content), units=Units(stress="GPa")))


def test_names_that_a_person_gives(tmp_path: Path) -> None:
    path = saved(tmp_path, mptrj())
    asked = Asked(LabelKeys(energy="corrected_total_energy"))
    dataset = open_dataset(str(import_data([path], tmp_path / "y.extxyz", asked=asked)))
    np.testing.assert_array_equal(dataset.labels.energy, [99.0] * 3)
    assert dataset.labels.forces is not None


def test_steps_that_did_not_converge(tmp_path: Path) -> None:
    content = ionic_steps()
    content["input"]["parameters"]["NELM"] = 5
    path = saved(tmp_path, content)
    with pytest.raises(DatasetError, match="1 of 3 frames did not converge: frame 2"):
        import_data([path], tmp_path / "y.extxyz")


def _disordered() -> dict[str, Any]:
    content = structure(images()[0])
    content["sites"][0]["species"][0]["occu"] = 0.5
    return content


def _mixed() -> dict[str, Any]:
    content = structure(images()[0])
    content["sites"][0]["species"] *= 2
    return content


def _dummy() -> dict[str, Any]:
    content = structure(images()[0])
    content["sites"][0]["species"][0]["element"] = "X"
    return content


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([_disordered()], "structure 0 is disordered: Cu with occupancy 0.5"),
        ([_mixed()], "a site has several species"),
        ([_dummy()], "expected elements, found 'X'"),
        ([{"sites": [], "lattice": {"matrix": "x"}}], "is not a structure as pymatgen writes it"),
        ({"lattice": 1, "species": 2}, "holds no structures of pymatgen"),
        ([{"structure": structure(images()[0]), "energy": "x"}], "labels are not numbers"),
        ([{"structure": structure(images()[0]), "forces": [1]}], "labels are not numbers"),
        ({"structure": [structure(images()[0])], "energy": [1, 2]}, "lists of different lengths"),
    ],
)
def test_what_cannot_be_read(content: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=message):
        list(read_pymatgen_json(saved(tmp_path, content)))


def test_damaged_files(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    for text in ('{"lattice": "sites', "[" * 100_000):
        path.write_text(text)
        with pytest.raises(DatasetError, match="cannot be read as JSON"):
            list(read_pymatgen_json(path))
    packed = tmp_path / "x.json.gz"
    packed.write_bytes(gzip.compress(json.dumps(mptrj()).encode())[:-20])
    with pytest.raises(DatasetError, match="truncated or damaged"):
        list(read_pymatgen_json(packed))


def test_other_json_is_left_to_ase(tmp_path: Path) -> None:
    (first, *_) = images()
    first.get_potential_energy()
    first.write(tmp_path / "x.json")
    assert not is_pymatgen_json(tmp_path / "x.json")
    assert not is_pymatgen_json(tmp_path / "missing.json")
    card = import_data([tmp_path / "x.json"], tmp_path / "y.extxyz")
    assert len(open_dataset(str(card))) == 1
