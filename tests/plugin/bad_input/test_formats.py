"""Rows of the table "Download, import, build" about files of other programs, and their kin."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.db import connect

from tests.helpers.cp2k_samples import cp2k_output
from tests.helpers.vasp_samples import outcar, vasprun
from tests.plugin.bad_input.conftest import Outcome
from tests.plugin.bad_input.rows import row
from tests.unit.datasets.formats import test_deepmd as deepmd
from tests.unit.datasets.formats import test_npz as npz
from tests.unit.datasets.formats import test_pymatgen_json as pymatgen

Command = Callable[..., Outcome]
Dataset = Callable[..., str]
Judge = Callable[..., Outcome]

REACHED = "aborting loop because EDIFF is reached"

UNCONVERGED = {
    "OUTCAR": (outcar([REACHED, "aborting loop EDIFF was not reached (unconverged)"]), "frame 1"),
    "vasprun.xml": (vasprun([3, 5], nelm=5), "frame 1"),
    "cp2k.out": (cp2k_output().replace("run converged", "run NOT converged"), "frame 0"),
}


def imported(ms25: Command, *arguments: object, code: int = 1) -> str:
    """What an import says; nothing is written by one that fails."""
    text = ms25("data", "import", *arguments, "--out", "out.extxyz", code=code).text
    assert Path("out.extxyz").exists() == (code == 0)
    return text


@row(
    "OUTCAR, vasprun.xml, output of CP2K or another program with calculations that did not "
    "converge, also `.gz`"
)
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name", UNCONVERGED)
def test_unconverged(ms25: Command, name: str, packed: bool) -> None:
    content, frame = UNCONVERGED[name]
    path = Path(f"{name}.gz" if packed else name)
    path.write_bytes(gzip.compress(content.encode()) if packed else content.encode())
    assert f"did not converge: {frame} (" in imported(ms25, path)
    assert "unconverged-frames" in imported(ms25, path, "--keep-unconverged", code=0)
    assert "converged=F" in Path("out.extxyz").read_text()


@row("`.npz` of MD17 or rMD17, or with unusual names, that does not state its units")
@pytest.mark.parametrize(
    ("names", "hint"),
    [
        (npz.MD17, "--units energy=kcal/mol forces=kcal/mol/Å"),
        (npz.RMD17, "--units energy="),
        ({**npz.RMD17, "energies": "energy"}, "--units energy=… forces=…"),
    ],
)
def test_units_of_npz(ms25: Command, names: dict[str, str], hint: str) -> None:
    path = npz.renamed(Path(), names)
    assert hint in imported(ms25, path)
    units = ("--units", "energy=kcal/mol", "forces=kcal/mol/Å")
    imported(ms25, path, *units, code=0)


@row("labels under names that are not usual")
def test_unusual_names(ms25: Command, images: list[Atoms], dataset: Dataset) -> None:
    for atoms in images:
        atoms.info["E_model"] = atoms.info.pop("REF_energy")
        atoms.arrays["F_model"] = atoms.arrays.pop("REF_forces")
        del atoms.info["REF_stress"]
    path = dataset(images)
    assert "--keys energy=E_model forces=F_model" in imported(ms25, path)
    imported(ms25, path, "--keys", "energy=E_model", "forces=F_model", code=0)


@row("trajectory of CP2K (`NAME-pos-1.xyz`) without forces, or of forces (`NAME-frc-1.xyz`)")
@pytest.mark.parametrize(
    ("name", "hint"),
    [("w-pos-1.xyz", "Its forces are in w-frc-1.xyz"), ("w-frc-1.xyz", "those are in w-pos-1.xyz")],
)
def test_trajectories_of_cp2k(ms25: Command, name: str, hint: str) -> None:
    Path(name).write_text("1\n i = 0, time = 0.5, E = -17.2\n  O 0.0 0.0 0.1\n")
    assert hint in imported(ms25, name)


@row("`.npz` without labels, or whose arrays do not fit together")
@pytest.mark.parametrize(
    "changes", [{"energies": None, "forces": None}, {"forces": np.zeros((5, 3, 3))}]
)
def test_arrays_of_npz(ms25: Command, changes: dict[str, object]) -> None:
    text = imported(ms25, npz.npz(Path(), **changes))
    assert "(6, 3, 3)" in text


CFG = (
    "BEGIN_CFG\n Size\n    2\n AtomData:  id type cartes_x cartes_y cartes_z fx fy fz\n"
    "  1 0 0.0 0.0 0.0 0.1 0.0 0.0\n  2 1 0.0 0.0 0.9 -0.1 0.0 0.0\n Energy\n  -3.5\nEND_CFG\n"
)


@row("`.cfg` of MLIP without `--species`, or with too few")
@pytest.mark.parametrize("species", [(), ("--species", "H")])
@pytest.mark.mtp
def test_elements_of_cfg(ms25: Command, species: tuple[str, ...]) -> None:
    Path("x.cfg").write_text(CFG)
    assert "0 to 1" in imported(ms25, "x.cfg", *species)
    pytest.importorskip("motep")
    imported(ms25, "x.cfg", "--species", "H", "O", code=0)


@row("`.cfg` of MLIP that is cut off")
def test_damaged_cfg(ms25: Command) -> None:
    Path("x.cfg").write_text(CFG + CFG[:-10])
    assert "2 BEGIN_CFG, but 1 END_CFG" in imported(ms25, "x.cfg", "--species", "H", "O")


@row("folder of DeePMD-kit that is incomplete")
@pytest.mark.parametrize("name", ["type.raw", "set.000/coord.npy", "set.001/force.npy"])
def test_incomplete_folder(ms25: Command, name: str) -> None:
    root = deepmd.folder(Path())
    (root / name).unlink()
    assert Path(name).name in imported(ms25, root)


@row("any other folder")
def test_any_folder(ms25: Command, images: list[Atoms], dataset: Dataset) -> None:
    Path("folder").mkdir()
    Path(dataset(images)).rename("folder/x.extxyz")
    text = imported(ms25, "folder")
    assert "folder is a folder, with x.extxyz. Name its files (folder/x.extxyz …)" in text


@row("JSON of pymatgen with a stress whose unit is not known, or with disordered structures")
@pytest.mark.parametrize("change", ["stress", "disorder"])
def test_json_of_pymatgen(ms25: Command, change: str) -> None:
    content = pymatgen.beside()
    if change == "stress":
        content[1]["stress"] = np.eye(3).tolist()
    else:
        content[1]["structure"]["sites"][0]["species"][0]["occu"] = 0.5
    Path("x.json").write_text(json.dumps(content))
    assert "structure 1" in imported(ms25, "x.json")


@row("`--units` for a format that fixes its units, for some labels only, or with an unknown unit")
@pytest.mark.parametrize(
    ("name", "units"),
    [("OUTCAR", "energy=eV"), ("x.extxyz", "energy=kcal/mol"), ("x.extxyz", "energy=furlong")],
)
def test_units(ms25: Command, images: list[Atoms], dataset: Dataset, name: str, units: str) -> None:
    Path("OUTCAR").write_text(outcar([REACHED]))
    Path(dataset(images)).rename("x.extxyz")
    text = imported(ms25, name, "--units", units)
    assert "eV, Å" in text or "not for forces" in text or "kcal/mol, kJ/mol" in text


@row("frames that say that their calculation did not converge (`converged=F`)")
def test_frames_that_say_so(judge: Judge, images: list[Atoms], dataset: Dataset, emt: str) -> None:
    for index, atoms in enumerate(images):
        atoms.info["converged"] = index not in (3, 8)
    warnings = judge(f"--mlip={emt}", f"--dataset={dataset(images)}").warnings
    assert "frames 3, 8" in warnings


@row("`.db` or frames that state other units than eV and Å")
def test_stated_units(judge: Judge, images: list[Atoms], emt: str) -> None:
    with connect("x.db") as database:
        for atoms in images:
            bare = Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=atoms.pbc)
            energy = np.array([atoms.info["REF_energy"] / 27.211386])
            forces = atoms.arrays["REF_forces"] * 0.529177211 / 27.211386
            database.write(bare, data={"energy": energy, "forces": forces})
        database.metadata = {"energy_unit": "hartree", "forces_unit": "hartree/bohr"}
    outcome = judge(f"--mlip={emt}", "--dataset=x.db")
    judged = {r["quantity"]: r["verdict"] for r in outcome.results if r["metric"] == "mae"}
    assert (judged["energy"], judged["forces"]) == ("pass", "pass")
    assert "units-converted" in json.dumps(outcome.document)


@row("`.db` or frames that state a unit, but not of which labels, or of some labels only")
@pytest.mark.parametrize("key", ["units", "energy_unit"])
def test_units_of_nothing_in_particular(
    refused: Callable[[object], str], images: list[Atoms], dataset: Dataset, key: str
) -> None:
    for atoms in images:
        atoms.info[key] = "kcal/mol"
    assert "--units energy=" in refused(dataset(images))


@row("three or more columns behind the position that the header does not name")
def test_columns_without_a_name(refused: Callable[[object], str]) -> None:
    Path("x.xyz").write_text("2\nenergy=-1.0\nH 0 0 0 0 0 1\nH 0 0 0.7 0 0 -1\n")
    assert "Properties=species:S:1:pos:R:3:forces:R:3" in refused("x.xyz")


@row("entry without a value in a header (`config_type= energy=-1.5`)")
def test_a_missing_value(judge: Judge, images: list[Atoms], dataset: Dataset, emt: str) -> None:
    path = Path(dataset(images))
    path.write_text(path.read_text().replace("REF_energy=", "config_type= REF_energy="))
    outcome = judge(f"--mlip={emt}", f"--dataset={path}")
    judged = {r["quantity"]: r["verdict"] for r in outcome.results if r["metric"] == "mae"}
    assert judged["energy"] == "pass"
