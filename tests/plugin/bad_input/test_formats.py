"""Rows about labels and units in files of other programs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.db import connect

from tests.plugin.bad_input.conftest import Outcome
from tests.plugin.bad_input.rows import row

Command = Callable[..., Outcome]
Dataset = Callable[..., str]
Judge = Callable[..., Outcome]


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


@row("trajectory of CP2K (`NAME-pos-1.xyz`) without forces, or of forces (`NAME-frc-1.xyz`)")
@pytest.mark.parametrize(
    ("name", "hint"),
    [("w-pos-1.xyz", "Its forces are in w-frc-1.xyz"), ("w-frc-1.xyz", "those are in w-pos-1.xyz")],
)
def test_trajectories_of_cp2k(ms25: Command, name: str, hint: str) -> None:
    Path(name).write_text("1\n i = 0, time = 0.5, E = -17.2\n  O 0.0 0.0 0.1\n")
    assert hint in imported(ms25, name)


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
