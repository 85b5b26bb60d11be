"""Rows about labels and units in files of other programs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.db import connect
from ase.io import write

from tests.helpers.bare_energies import ATOMIC_FORCE, bare
from tests.plugin.bad_input.conftest import Outcome
from tests.plugin.bad_input.rows import row

Command = Callable[..., Outcome]
Dataset = Callable[..., str]
Judge = Callable[..., Outcome]


ATOMIC = (27.211386, ATOMIC_FORCE)
"""eV in a hartree, and eV/Å in a hartree/bohr."""


def of_cp2k(images: list[Atoms], energy: float, force: float) -> list[Atoms]:
    """The frames with energies and forces in other units, as CP2K and ASE leave them."""
    result = []
    for index, atoms in enumerate(images):
        new = Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=atoms.pbc)
        new.info = {"i": index, "time": 0.5, "E": atoms.info["REF_energy"] / energy}
        new.arrays["forces"] = atoms.arrays["REF_forces"] / force
        result.append(new)
    return result


def imported(ms25: Command, *arguments: object, code: int = 1) -> str:
    """What an import says; nothing is written by one that fails."""
    text = ms25("data", "import", *arguments, "--out", "out.extxyz", code=code).text
    assert Path("out.extxyz").exists() == (code == 0)
    return text


@row("labels under names that are not usual")
def test_unusual_names(ms25: Command, images: list[Atoms], dataset: Dataset) -> None:
    for atoms in images:
        atoms.info["E_model"] = atoms.info.pop("REF_energy")
        atoms.arrays["F_model"] = atoms.arrays.pop("REF_forces")
        del atoms.info["REF_stress"]
    path = dataset(images)
    assert "--keys energy=E_model forces=F_model" in imported(ms25, path)
    imported(ms25, path, "--keys", "energy=E_model", "forces=F_model", code=0)


@row("trajectory of CP2K of positions (`NAME-pos-1.xyz`)")
def test_a_trajectory_of_positions(ms25: Command) -> None:
    rows = "  O 0.0 0.0 0.1\n  H 0.0 0.8 -0.5\n  H 0.0 -0.8 -0.5\n"
    Path("w-pos-1.xyz").write_text(f"3\n i = 0, time = 0.5, E = -17.2\n{rows}")
    said = imported(ms25, "w-pos-1.xyz", code=0)
    assert "there is no cell. Its forces are in w-frc-1.xyz" in said
    assert "energy in hartree" in said


@row("trajectory of CP2K of forces or velocities (`NAME-frc-1.xyz`)")
@pytest.mark.parametrize("kind", ["frc", "vel"])
def test_trajectories_of_other_things(ms25: Command, kind: str) -> None:
    name = f"w-{kind}-1.xyz"
    Path(name).write_text("1\n i = 0, time = 0.5, E = -17.2\n  O 0.0 0.0 0.1\n")
    assert "those are in w-pos-1.xyz" in imported(ms25, name)


@row("`E` beside CP2K's `i` and `time`, or in a file that names CP2K")
@pytest.mark.parametrize("mark", ["header", "name"])
def test_energies_of_cp2k(
    judge: Judge, images: list[Atoms], dataset: Dataset, emt: str, mark: str
) -> None:
    images = of_cp2k(images, *ATOMIC)
    if mark == "name":
        for atoms in images:
            del atoms.info["time"]
            atoms.info["program"] = "CP2K"
    outcome = judge(f"--mlip={emt}", f"--dataset={dataset(images)}")
    judged = {r["quantity"]: r["verdict"] for r in outcome.results if r["metric"] == "mae"}
    assert (judged["energy"], judged["forces"]) == ("pass", "pass")
    assert "units-" in json.dumps(outcome.document)


@row("`E` without them, where neither work, bonds nor isolated atoms decide")
def test_energies_of_unknown_unit(
    refused: Callable[[object], str], images: list[Atoms], dataset: Dataset
) -> None:
    images = of_cp2k(images[:3], *ATOMIC)
    for atoms in images:
        atoms.info = {"E": atoms.info["E"]}
        atoms.arrays["forces"][:] = 0.0
    said = refused(dataset(images))
    assert "eV or hartree? CP2K writes hartree under this key" in said
    assert "--units energy=hartree,forces=hartree/bohr or --units energy=eV" in said
    assert 'units = { energy = "hartree", forces = "hartree/bohr" }' in said


@row(
    "forces of CP2K that fit neither hartree/bohr nor eV/Å (gradients too), or only eV/Å where "
    "nothing shows the unit of the energy, or under two names"
)
@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        (1e-3, "hartree/bohr do not fit, nor do eV and eV/Å"),
        (1.0, "State which, --units energy=hartree,forces=eV/Å or --units energy=eV,forces=eV/Å"),
        (-ATOMIC[1], "are these gradients, the negative of the forces?"),
        (0.0, "`f`, `frc`"),
    ],
)
def test_doubtful_forces_of_cp2k(
    refused: Callable[[object], str],
    images: list[Atoms],
    dataset: Dataset,
    unit: float,
    expected: str,
) -> None:
    images = of_cp2k(images, ATOMIC[0], unit or ATOMIC[1])
    for atoms in images if unit == 0.0 else ():
        atoms.arrays["frc"] = atoms.arrays["forces"]
        atoms.arrays["f"] = atoms.arrays.pop("forces")
    assert expected in refused(dataset(images))


@row("labels of usual names beside CP2K's `i` and `time`, without `E`")
def test_usual_names_beside_the_header(
    judge: Judge,
    refused: Callable[[object], str],
    images: list[Atoms],
    dataset: Dataset,
    emt: str,
) -> None:
    images = of_cp2k(images, *ATOMIC)
    for atoms in images:
        atoms.info["energy"] = atoms.info.pop("E")
    outcome = judge(f"--mlip={emt}", f"--dataset={dataset(images)}")
    judged = {r["quantity"]: r["verdict"] for r in outcome.results if r["metric"] == "mae"}
    assert (judged["energy"], judged["forces"]) == ("pass", "pass")
    assert "by the numbers" in json.dumps(outcome.document)
    for atoms in images:
        del atoms.arrays["forces"]
    assert "--units energy=hartree or --units energy=eV" in refused(dataset(images))


@row("zeros in place of the forces of CP2K, or none, so that nothing confirms the units")
def test_nothing_confirms_the_units(
    judge: Judge, images: list[Atoms], dataset: Dataset, emt: str
) -> None:
    images = of_cp2k(images, *ATOMIC)
    for atoms in images:
        atoms.arrays["forces"][:] = 0.0
    outcome = judge(f"--mlip={emt}", f"--dataset={dataset(images)}")
    said = json.dumps(outcome.document)
    assert "zero-forces" in said
    assert "units-untested" in said


@row("array that could be the forces of CP2K under an unknown name")
def test_forces_of_cp2k_of_an_unknown_name(
    judge: Judge, images: list[Atoms], dataset: Dataset, emt: str
) -> None:
    images = of_cp2k(images, *ATOMIC)
    for atoms in images:
        atoms.arrays["xyzzy"] = atoms.arrays.pop("forces")
    outcome = judge(f"--mlip={emt}", f"--dataset={dataset(images)}")
    assert "`xyzzy` could be forces" in outcome.warnings


@row("stress of CP2K whose unit is not known")
def test_a_stress_of_cp2k(judge: Judge, images: list[Atoms], dataset: Dataset, emt: str) -> None:
    images = of_cp2k(images, *ATOMIC)
    for atoms in images:
        atoms.info["stress"] = np.arange(6.0)
    outcome = judge(f"--mlip={emt}", f"--dataset={dataset(images)}")
    assert "the unit of `stress` is not known" in outcome.warnings
    assert "stress=…" in outcome.warnings


@row("key of a card whose own name says another unit (`energy_hartree`), without a stated one")
def test_a_key_that_names_its_unit(
    refused: Callable[[object], str], images: list[Atoms], dataset: Dataset
) -> None:
    for atoms in images:
        atoms.info["energy_hartree"] = atoms.info.pop("REF_energy") / ATOMIC[0]
    said = refused(dataset(images, '[labels]\nenergy = "energy_hartree"\n'))
    assert "says hartree, but its unit is not stated: --units energy=…" in said


@row("`[labels] units` of a card that are unknown, or of an unknown quantity")
@pytest.mark.parametrize("units", ['{ energy = "furlong" }', '{ velocity = "eV" }'])
def test_units_of_a_card(
    refused: Callable[[object], str], images: list[Atoms], dataset: Dataset, units: str
) -> None:
    said = refused(dataset(images, f"[labels]\nunits = {units}\n"))
    assert "kcal/mol" in said if "furlong" in units else "velocity" in said


@row("archive with an array of an unknown name that could be forces, or with `E` of unknown unit")
@pytest.mark.parametrize("what", ["name", "unit"])
def test_archives_of_cp2k(ms25: Command, what: str) -> None:
    known = bare("water-64", 2)
    images = bare("cha", 3, forces="xyzzy") if what == "name" else bare("cha", 3, header=False)
    Path("in").mkdir()
    write("in/water.extxyz", known)
    write("in/cha.extxyz", images)
    said = ms25("data", "archive", "in", "--out", "out", code=1).text
    assert ("forces=xyzzy" if what == "name" else "eV or hartree?") in said
    assert sorted(path.name for path in Path("out").glob("*.toml")) == ["water-64.toml"]


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
