"""Rows on the published archive: its splits, units and reaction path."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

from ms25_suite.datasets import open_dataset
from tests.helpers.bare_energies import bare
from tests.helpers.published_archives import save
from tests.helpers.published_samples import hea, many, reaction
from tests.plugin.bad_input.conftest import Outcome
from tests.plugin.bad_input.rows import row

Command = Callable[..., Outcome]


def _split(folder: Path, images: list[Atoms]) -> None:
    for role, part in (("train", images[:8]), ("val", images[8:10]), ("test", images[10:])):
        save(folder / f"{role}.traj", part)


def _said(outcome: Outcome) -> str:
    return " ".join(outcome.text.split())


@row(
    "folder in which the names of some files say train, val or test and others say nothing, or "
    "with training files of several sizes"
)
@pytest.mark.parametrize("other", ["more.traj", "train-50.traj"])
def test_a_folder_of_files_with_and_without_a_role(ms25: Command, other: str) -> None:
    _split(Path("set1"), many(hea(), 16))
    save(Path("set1") / other, many(hea(), 3))
    said = _said(ms25("data", "show", "set1", code=1))
    assert "could be judged on frames that it was trained on" in said


@row("part of a split of the published archive that is empty, cut off, or without usable labels")
@pytest.mark.parametrize("damage", ["empty", "cut off", "without labels"])
def test_a_split_with_a_part_missing(ms25: Command, damage: str) -> None:
    _split(Path("in/HEA/set1"), many(hea(), 16))
    ms25("data", "archive", "in", "--out", "out", code=0)
    test = Path("in/HEA/set1/test.traj")
    if damage == "without labels":
        save(test, [hea() for _ in range(3)])
    else:
        test.write_bytes(test.read_bytes()[: 2000 * (damage == "cut off")])
    save(Path("in/Reaction/all.traj"), many(reaction(), 5))
    said = _said(ms25("data", "archive", "in", "--out", "out", "--overwrite", code=1))
    assert "hea was recognised, and not written" in said
    assert "removed of an earlier import" in said
    assert not Path("out/hea.toml").exists()
    assert Path("out/reaction.toml").is_file()


@row("system of the published archive of which there are test frames only")
@pytest.mark.parametrize("beside", [False, True])
def test_a_system_of_test_frames(ms25: Command, beside: bool) -> None:
    images = many(hea(), 20)
    save(Path("in/HEA/set2/test.traj"), images[16:])
    if beside:
        _split(Path("in/HEA/set1"), images[:16])
    said = _said(ms25("data", "archive", "in", "--out", "out", code=0))
    dataset = open_dataset("out/hea.toml")
    assert dataset.splits.n_sets == 1
    (train, _, test) = dataset.splits.parts[0]
    assert (len(train), len(test)) == ((8, 6) if beside else (0, 4))
    assert ("set 2: it has no training frames" if beside else "no training frames of it") in said


@row("sets of the published archive in folders without a number, or counted from 0")
@pytest.mark.parametrize("names", [("s1", "s2"), ("fold0", "fold1")])
def test_sets_of_other_names(ms25: Command, names: tuple[str, str]) -> None:
    images = many(hea(), 16)
    _split(Path("in/HEA") / names[0], images)
    _split(Path("in/HEA") / names[1], images[::-1])
    said = _said(ms25("data", "archive", "in", "--out", "out", code=0))
    parts = open_dataset("out/hea.toml").splits.parts
    assert [[len(part) for part in parts_] for parts_ in parts] == [[8, 2, 6], [8, 2, 6]]
    assert ("each is a set of its own" if names[0] == "s1" else "set 0 of the archive") in said


def _alloy(n: int, *, atomic: bool) -> list[Atoms]:
    """Built-in frames under usual names, in hartree and hartree/bohr or in eV and eV/Å."""
    units = {} if atomic else {"energy": 1.0, "force": 1.0}
    images = bare("hea", n, header=False, **units)
    for atoms in images:
        results = {"energy": atoms.info.pop("E"), "forces": atoms.arrays.pop("forces")}
        atoms.calc = SinglePointCalculator(atoms, **results)
    return images


@row("labels of the published archive whose numbers contradict their units, or that mix units")
@pytest.mark.parametrize("mixed", [False, True])
def test_labels_in_other_units(ms25: Command, mixed: bool) -> None:
    images = bare("water-64", 8, forces=None) if mixed else _alloy(10, atomic=True)
    for atoms in images[4:] if mixed else []:
        atoms.info["E"] *= 27.211386
    _split(Path("in/any"), images[:2] * 4 + images)
    save(Path("in/Reaction/all.traj"), many(reaction(), 5))
    said = _said(ms25("data", "archive", "in", "--out", "out", code=1))
    name = "water-64" if mixed else "hea"
    assert f"{name} was recognised, and not written" in said
    assert ("--units energy=eV" if mixed else f"--units {name}:energy=…") in said
    assert not Path(f"out/{name}.toml").exists()
    assert Path("out/reaction.toml").is_file()


@row("units that a person states at an import, and the numbers contradict")
@pytest.mark.parametrize("command", ["import", "archive"])
def test_units_that_are_contradicted(ms25: Command, command: str) -> None:
    save(Path("in/water.extxyz"), bare("water-64", 4))
    units = "energy=eV,forces=eV/Å"
    if command == "import":
        options = ("in/water.extxyz", "--out", "x.extxyz", "--units", units)
    else:
        options = ("in", "--out", "out", "--units", f"water-64:{units}")
    assert "units-contradicted" in _said(ms25("data", command, *options, code=1))
    card = "x.toml" if command == "import" else "out/water-64.toml"
    assert "[doubts]" in Path(card).read_text()
    assert "units-contradicted" in [finding.code for finding in open_dataset(card).findings]


@row("source without forces, at an import")
def test_energies_alone(ms25: Command) -> None:
    save(Path("water.extxyz"), bare("water-64", 4, forces=None))
    said = _said(ms25("data", "import", "water.extxyz", "--out", "x.extxyz", code=0))
    assert "energies alone are judged" in said
    # That nothing confirms the unit of the energies is not forgotten.
    assert "units-untested" in said
    dataset = open_dataset("x.toml")
    assert dataset.card.labels.waived == {"forces"}
    assert "units-untested" in [finding.code for finding in dataset.findings]


def _path(top: float = 0.4) -> list[Atoms]:
    images = []
    for number in range(9):
        atoms = reaction()
        atoms.positions[-1, 0] += 0.3 * number
        energy = -50 + top * (1 - np.cos(np.pi * number / 4))
        atoms.calc = SinglePointCalculator(atoms, energy=energy, forces=np.zeros((len(atoms), 3)))
        images.append(atoms)
    return images


@row(
    "reaction path of the published archive that lacks images, or whose energy turns again and "
    "again"
)
@pytest.mark.parametrize("wrong", ["cut off", "an image without labels", "turns"])
def test_a_path_that_is_none(ms25: Command, wrong: str) -> None:
    images = _path()
    if wrong == "an image without labels":
        images[4].calc = None
    if wrong == "turns":
        for atoms in images[1:-1:2]:
            atoms.calc.results["energy"] += 1.5
    neb = Path("in/Reaction/neb.traj")
    save(neb, images)
    if wrong == "cut off":
        neb.write_bytes(neb.read_bytes()[:-2000])
    save(Path("in/Reaction/all.traj"), many(reaction(), 5))
    said = _said(ms25("data", "archive", "in", "--out", "out", code=0))
    assert "neb.traj is no reaction path that can be used" in said
    assert "[neb]" not in Path("out/reaction.toml").read_text()


@row("reaction path of the published archive in a file whose name says nothing of it, or says test")
@pytest.mark.parametrize("name", ["images.traj", "test-neb.traj"])
def test_a_path_of_another_name(ms25: Command, name: str) -> None:
    _split(Path("in/Reaction"), many(reaction(), 16))
    save(Path("in/Reaction") / name, _path())
    said = _said(ms25("data", "archive", "in", "--out", "out", code=0))
    assert f"the 9 frames of Reaction/{name} lead from one end to another over a barrier" in said


@row("`ms25 data archive --units` with two units of a label, also in two options, or a length")
@pytest.mark.parametrize(
    "words",
    [
        ["--units", "energy=eV", "energy=hartree"],
        ["--units", "energy=eV", "--units", "energy=hartree"],
        ["--units", "energy=hartree,forces=hartree/bohr,length=bohr"],
    ],
)
def test_units_that_are_none(ms25: Command, words: list[str]) -> None:
    save(Path("in/all.traj"), many(hea(), 4))
    said = _said(ms25("data", "archive", "in", "--out", "out", *words, code=1))
    assert "length=bohr" in said if "length" in words[-1] else "two units of the energy" in said
    assert not Path("out").exists()


@row("`ms25 data archive --units` that is the unit of no label")
def test_units_of_no_label(ms25: Command) -> None:
    save(Path("in/all.traj"), many(hea(), 4))
    words = ["--units", "water-64:energy=hartree", "--units", "water-64:forces=hartree/bohr"]
    said = _said(ms25("data", "archive", "in", "--out", "out", *words, code=0))
    # Both options count.
    assert "--units water-64:energy=hartree is the unit of no label" in said
    assert "--units water-64:forces=hartree/bohr is the unit of no label" in said


@row(
    "`E` beside CP2K's `i` and `time` that would be below the energy of all electrons in hartree "
    "(energies converted to eV)"
)
def test_energies_of_cp2k_in_ev(ms25: Command) -> None:
    save(Path("x.extxyz"), bare("water-64", 4, forces=None, energy=1.0))
    said = _said(ms25("data", "show", "x.extxyz", code=1))
    assert "--units energy=eV" in said


@row(
    "`E` beside CP2K's `i` and `time` that is too high for total energies in hartree (energies for "
    "each atom, or relative ones)"
)
def test_energies_of_cp2k_for_each_atom(ms25: Command) -> None:
    images = bare("water-64", 4, forces=None)
    for atoms in images:
        atoms.info["E"] /= len(atoms)
    save(Path("x.extxyz"), images)
    said = _said(ms25("data", "show", "x.extxyz", code=1))
    assert "Are they energies for each atom" in said
    assert "--units energy=hartree" in said
