from __future__ import annotations

import argparse
import shlex
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.emt import EMT
from ase.io import read

from ms25_suite.cli import data as cli_data
from ms25_suite.cli.main import main
from ms25_suite.core.errors import DatasetError, UsageError
from ms25_suite.datasets import open_dataset
from ms25_suite.datasets.writer import write_extxyz
from ms25_suite.reference.level_of_theory.inputs import how_to_run
from ms25_suite.reference.level_of_theory.settings import find_level_of_theory
from ms25_suite.reference.mgo.slab import slab
from tests.helpers.published_samples import outcar


def recipe(*arguments: str | Path) -> int:
    parser = argparse.ArgumentParser()
    cli_data.add_parser(parser.add_subparsers(dest="command"))
    return cli_data.run(parser.parse_args(["data", "recipe", *map(str, arguments)]))


def waters(path: Path, n_frames: int = 3) -> list[Atoms]:
    images = []
    for index in range(n_frames):
        atoms = molecule("H2O", cell=[6, 6, 6 + index], pbc=True)
        atoms.center()
        images.append(atoms)
    write_extxyz(path, images)
    return images


def test_frame_of_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    images = waters(tmp_path / "water.extxyz")
    out = tmp_path / "in puts"
    arguments = ("--structure", tmp_path / "water.extxyz", "--frame", 2, "--out", out)
    assert recipe("water-192", *arguments) == 0
    text = capsys.readouterr().out
    assert "RPBE-D3(0) (CP2K, GTH-PBE, DZVP-MOLOPT-SR-GTH, 1200 Ry)\nH2O, 3 atoms\n" in text
    assert f"wrote {out}: cp2k.inp, README.md" in text
    assert f"    cd '{out}'\n" in text
    assert "ms25 data import cp2k.out --out labelled.extxyz" in text
    back = read(out / "cp2k.inp", format="cp2k-restart")
    np.testing.assert_allclose(back.cell.array, images[2].cell.array)
    with pytest.raises(UsageError, match="is not empty"):
        recipe("water", *arguments)
    assert recipe("water", *arguments, "--overwrite") == 0


def test_frame_of_a_built_in_dataset(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert recipe("MgO-4x4", "--code", "VASP") == 0
    assert "ms25 data import OUTCAR --keys energy=free_energy" in capsys.readouterr().out
    folder = tmp_path / "mgo-4x4-vasp-0"
    assert "1 1 1" in (folder / "KPOINTS").read_text()
    assert len(read(folder / "POSCAR")) == 256


def test_labels_of_vasp_are_imported_as_the_recipe_says(tmp_path: Path) -> None:
    """The free energy, not the one extrapolated to zero smearing that ASE calls the energy."""
    atoms = bulk("Cu", cubic=True)
    atoms.calc = EMT()
    free = atoms.get_potential_energy()
    text = outcar([atoms])
    extrapolated = f"energy(sigma->0) = {free:18.8f}"
    assert extrapolated in text
    path = tmp_path / "OUTCAR"
    path.write_text(text.replace(extrapolated, f"energy(sigma->0) = {free - 1.0:18.8f}"))
    command = next(
        line
        for line in how_to_run(find_level_of_theory("mgo"), slab(2))
        if line.startswith("ms25 ")
    )
    words = shlex.split(command)[1:]
    assert words[:3] == ["data", "import", "OUTCAR"]
    words[2] = str(path)
    words[words.index("labelled.extxyz")] = str(tmp_path / "labelled.extxyz")
    assert main(words) == 0
    dataset = open_dataset(str(tmp_path / "labelled.extxyz"))
    assert dataset.card.level_of_theory == find_level_of_theory("mgo").summary
    np.testing.assert_allclose(dataset.labels.energy, [free], atol=1e-7)


def test_usage_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    waters(tmp_path / "water.extxyz")
    file = ("--structure", tmp_path / "water.extxyz")
    for arguments, message in (
        (("watre", *file), "Did you mean 'water'"),
        (("water", "--code", "vasp", *file), "expected --code=cp2k for water, got 'vasp'"),
        (("water", "--frame", -1, *file), "expected --frame to be at least 0, got -1"),
        (("water", "--frame", 3, *file), "below 3, the number of frames of .*water.extxyz, got 3"),
        (("mgo", "--frame", 10**6), "below 500, the number of frames of mgo-2x2"),
        (("cha", *file), "settings for Si O, the frame also contains H"),
        (("hea",), "which the suite runs itself"),
        (("hea", "--code", "cp2k"), "expected --code=lammps for hea"),
    ):
        with pytest.raises(UsageError, match=message):
            recipe(*arguments)
    with pytest.raises(DatasetError, match="there is no file"):
        recipe("water", "--structure", tmp_path / "missing.xyz")
    assert [path.name for path in tmp_path.iterdir()] == ["water.extxyz"]


def test_a_system_without_built_in_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ms25_suite.datasets.registry.builtin_card", lambda _: None)
    with pytest.raises(UsageError, match=r"no built-in dataset cha .*--structure=FILE"):
        recipe("cha")


def test_errors_end_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "recipe", "watre"]) == 1
    assert capsys.readouterr().err.startswith(
        "ms25: there is no level of theory for 'watre'. Did you mean"
    )
