from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT

from ms25_suite.core.errors import DatasetError
from ms25_suite.datasets import open_dataset
from ms25_suite.datasets.formats.mtp import is_mtp_cfg, read_mtp
from ms25_suite.datasets.importers import import_data
from ms25_suite.datasets.readers.foreign import Asked

pytest.importorskip("motep")
pytestmark = pytest.mark.mtp


def alloy() -> list[Atoms]:
    images = []
    for index in range(3):
        atoms = bulk("Cu", a=3.5, cubic=True)
        atoms.symbols[1] = "Au"
        atoms.set_cell(atoms.cell.array @ np.diag([1.0, 0.98, 1.03]) + 0.02 * index)
        atoms.rattle(0.1, seed=index)
        atoms.calc = EMT()
        images.append(atoms)
    return images


def minus_strain_derivative(atoms: Atoms) -> np.ndarray:
    """-dE/d(strain) in eV, xx yy zz yz xz xy, by central differences: what VASP prints as Total."""
    rows = []
    for i, j in ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1)):
        energies = []
        for step in (1e-4, -1e-4):
            strain = np.eye(3)
            strain[i, j] += step / 2
            strain[j, i] += step / 2
            moved = Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=True)
            moved.set_cell(atoms.cell.array @ strain, scale_atoms=True)
            moved.calc = EMT()
            energies.append(moved.get_potential_energy())
        rows.append(-(energies[0] - energies[1]) / 2e-4)
    return np.array(rows)


def configuration(atoms: Atoms, feature: str = "EFS_by\tVASP") -> str:
    lines = ["BEGIN_CFG", " Size", f"    {len(atoms)}", " Supercell"]
    lines += ["   " + "".join(f"{x:14.8f}" for x in row) for row in atoms.cell.array]
    lines.append(
        " AtomData:  id type       cartes_x      cartes_y      cartes_z     fx    fy    fz"
    )
    for number, (symbol, place, force) in enumerate(
        zip(atoms.get_chemical_symbols(), atoms.positions, atoms.get_forces(), strict=True), 1
    ):
        numbers = "".join(f"{x:14.8f}" for x in (*place, *force))
        lines.append(f"    {number:6d} {0 if symbol == 'Au' else 1:4d} {numbers}")
    stress = "".join(f"{x:14.8f}" for x in minus_strain_derivative(atoms))
    lines += [" Energy", f"     {atoms.get_potential_energy():20.12f}"]
    lines += [" PlusStress:  xx          yy          zz          yz          xz          xy"]
    return "\n".join([*lines, stress, f" Feature   {feature}", "END_CFG", "", ""])


def cfg(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "x.cfg"
    path.write_text(text)
    return path


@pytest.fixture(scope="module")
def text() -> str:
    return "".join(map(configuration, alloy()))


def test_labels_and_their_signs(text: str, tmp_path: Path) -> None:
    """The stress of ASE is that of the file, which is the derivative of the energy."""
    path = cfg(tmp_path, text)
    assert is_mtp_cfg(path)
    card = import_data([path], tmp_path / "y.extxyz", asked=Asked(species=("Au", "Cu")))
    dataset = open_dataset(str(card))
    images = alloy()
    assert dataset.frames.atoms(0).get_chemical_symbols() == images[0].get_chemical_symbols()
    assert dataset.frames.pbc.all()
    energies = [atoms.get_potential_energy() for atoms in images]
    np.testing.assert_allclose(dataset.labels.energy, energies, rtol=1e-9)
    forces = np.concatenate([atoms.get_forces() for atoms in images])
    np.testing.assert_allclose(dataset.labels.forces, forces, atol=1e-7)
    stresses = [atoms.get_stress() for atoms in images]
    assert np.abs(stresses).max() > 0.05
    np.testing.assert_allclose(dataset.labels.stress, stresses, atol=1e-6)


@pytest.mark.parametrize(
    ("species", "message"),
    [
        ((), r"numbers the elements: type 0 to 1\. .*--species … …$"),
        (("Cu",), "has the types 0 to 1, but --species names 1 element: Cu"),
        (("Cu", "Qq"), "expected chemical symbols in the order of the types, found Qq"),
        (("Cu", "Cu"), "an element stands twice"),
    ],
)
def test_elements_are_never_guessed(
    species: tuple[str, ...], message: str, text: str, tmp_path: Path
) -> None:
    with pytest.raises(DatasetError, match=message):
        import_data([cfg(tmp_path, text)], tmp_path / "y.extxyz", asked=Asked(species=species))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("END_CFG\n\n", ""), "cut off or damaged: 3 BEGIN_CFG, but 0 END_CFG"),
        (("id type", "id kind"), "expected a column `type` in AtomData"),
        ((" Size", " Seize"), "cannot be read by motep"),
    ],
)
def test_damage(change: tuple[str, str], message: str, text: str, tmp_path: Path) -> None:
    assert change[0] in text
    with pytest.raises(DatasetError, match=message):
        read_mtp(cfg(tmp_path, text.replace(*change)), ["Au", "Cu"])


def test_what_the_converter_says_of_unconverged_calculations(tmp_path: Path) -> None:
    first, second, third = alloy()
    text = configuration(first) + configuration(second, "EFS_by\tVASP_not_converged")
    path = cfg(tmp_path, text + configuration(third))
    with pytest.raises(DatasetError, match="1 of 3 frames did not converge: frame 1"):
        import_data([path], tmp_path / "y.extxyz", asked=Asked(species=("Au", "Cu")))


def test_other_files_of_this_extension(tmp_path: Path) -> None:
    """AtomEye's, which ASE reads."""
    bulk("Cu").write(tmp_path / "x.cfg")
    assert not is_mtp_cfg(tmp_path / "x.cfg")
    assert not is_mtp_cfg(tmp_path / "missing.cfg")
