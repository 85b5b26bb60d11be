"""Units of labels in an archive: systems of CP2K in hartree beside those of VASP in eV."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.units import GPa

from ms25_suite.cli.main import main
from ms25_suite.datasets.cards.card import LabelKeys
from ms25_suite.datasets.formats.units import Units
from ms25_suite.datasets.published import files as published_files
from ms25_suite.datasets.published.frames import labelled_frames
from ms25_suite.datasets.published.importer import ArchiveImport, import_archive
from tests.helpers.bare_energies import bare, same_labels
from tests.helpers.published_archives import opened, save

ATOMIC = Units(energy="hartree", forces="hartree/bohr")


def in_ev(name: str, n: int) -> list[Atoms]:
    """Frames with a calculator of ASE."""
    images = bare(name, n, header=False, energy=1.0, force=1.0)
    for atoms in images:
        results = {"energy": atoms.info.pop("E"), "forces": atoms.arrays.pop("forces")}
        atoms.calc = SinglePointCalculator(atoms, **results)
    return images


def reasons(found: ArchiveImport) -> str:
    return "\n".join(entry.reason for entry in found.left_out)


def note(found: ArchiveImport, system: str) -> str:
    notes = next(dataset.notes for dataset in found.datasets if dataset.system == system)
    return next(text for text in notes if "the labels of" in text)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    save(folder / "MgO-2x2" / "frames.traj", in_ev("mgo-2x2", 6))
    save(folder / "H2O-64" / "frames.traj", bare("water-64", 4, calculator=True))
    save(folder / "CHA" / "frames.extxyz", bare("cha", 12, forces="frc"))
    save(folder / "H2O-192" / "frames.traj", bare("water-192", 3, forces=None))
    return folder


def test_systems_of_two_programs(tmp_path: Path, archive: Path) -> None:
    found = import_archive(archive, tmp_path / "out")
    assert found.left_out == ()
    for name in ("mgo-2x2", "water-64", "cha"):
        same_labels(opened(found, name), name)
    same_labels(opened(found, "water-192"), "water-192", forces=False)
    assert "energy in hartree, forces in hartree/bohr, as CP2K writes them" in note(found, "cha")
    card = opened(found, "cha").card
    assert "labels read as energy in hartree, forces in hartree/bohr" in card.recipe
    assert "hartree" not in opened(found, "mgo-2x2").card.recipe


def test_energies_alone_are_said_and_declared(tmp_path: Path, archive: Path) -> None:
    found = import_archive(archive, tmp_path / "out")
    notes = next(d.notes for d in found.datasets if d.system == "water-192")
    assert any("no frame has forces: energies only" in text for text in notes)
    assert opened(found, "water-192").card.labels.waived == {"forces"}
    assert opened(found, "water-64").card.labels.waived == set()


def test_energies_alone_do_not_join_frames_with_forces(tmp_path: Path) -> None:
    images = in_ev("mgo-2x2", 9)
    for atoms in images[6:]:
        del atoms.calc.results["forces"]
    save(tmp_path / "in" / "curve.traj", images[6:])
    save(tmp_path / "in" / "frames.traj", images[:6])
    found = import_archive(tmp_path / "in", tmp_path / "out")
    assert len(opened(found, "mgo-2x2")) == 6
    assert "no forces, while other frames of the system have them" in reasons(found)


def test_an_array_that_could_be_the_forces_is_named(tmp_path: Path, archive: Path) -> None:
    save(archive / "CHA" / "frames.extxyz", bare("cha", 12, forces="xyzzy"))
    found = import_archive(archive, tmp_path / "out")
    assert "cha" in found.refused
    assert "could it be `xyzzy`? Name it, --keys energy=E forces=xyzzy" in reasons(found)
    named = {"cha": LabelKeys(energy="E", forces="xyzzy")}
    found = import_archive(archive, tmp_path / "named", by_system=named)
    same_labels(opened(found, "cha"), "cha")
    same_labels(opened(found, "mgo-2x2"), "mgo-2x2")
    # Or there are none.
    without = {"cha": LabelKeys(forces="none")}
    found = import_archive(archive, tmp_path / "none", by_system=without)
    same_labels(opened(found, "cha"), "cha", forces=False)


def test_e_of_another_program_is_left_out_with_both_readings(tmp_path: Path, archive: Path) -> None:
    images = bare("water-64", 4, header=False, calculator=True)
    save(archive / "H2O-64" / "frames.traj", images)
    found = import_archive(archive, tmp_path / "out")
    assert "water-64" in found.refused
    assert "eV or hartree?" in reasons(found)
    assert "--units energy=hartree,forces=hartree/bohr or --units energy=eV" in reasons(found)
    # Units for what the files leave open do not touch what they do not.
    found = import_archive(archive, tmp_path / "all", keys=LabelKeys(units=ATOMIC))
    same_labels(opened(found, "water-64"), "water-64")
    same_labels(opened(found, "mgo-2x2"), "mgo-2x2")
    assert "stated by the user" in note(found, "water-64")


def test_a_system_in_units_of_its_own(tmp_path: Path) -> None:
    images = in_ev("mgo-2x2", 6)
    for atoms in images:
        atoms.calc.results["energy"] *= 1000
        atoms.calc.results["forces"] *= 1000
    save(tmp_path / "in" / "x.traj", images)
    stated = {"mgo-2x2": LabelKeys(units=Units(energy="meV", forces="meV/Å"))}
    found = import_archive(tmp_path / "in", tmp_path / "out", by_system=stated)
    same_labels(opened(found, "mgo-2x2"), "mgo-2x2")


def test_frames_without_labels_do_not_decide_about_the_others(tmp_path: Path) -> None:
    images = bare("cha", 26, calculator=True, force=1.0)
    images[3].info = {}
    images[3].calc = None
    left_out: list[str] = []
    found = labelled_frames(
        images, LabelKeys(), "x.traj", lambda reason, _: left_out.append(reason)
    )
    assert [frame.index for frame in found] == [0, 1, 2, *range(4, 26)]
    # One by one, no frame could show that its forces are in eV/Å.
    assert {frame.decided.forces for frame in found} == {"eV/Å"}
    assert len(left_out) == 1


def test_a_file_has_one_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The first frames decide; the last two could not.
    monkeypatch.setattr(published_files, "_CHUNK", 24)
    save(tmp_path / "in" / "x.traj", bare("cha", 26, header=False, calculator=True))
    found = import_archive(tmp_path / "in", tmp_path / "out")
    assert found.left_out == ()
    same_labels(opened(found, "cha"), "cha")


def test_a_stress_of_unknown_unit_is_said(tmp_path: Path, archive: Path) -> None:
    images = bare("water-64", 4)
    for atoms in images:
        results = {"forces": atoms.arrays.pop("forces"), "stress": np.arange(6.0)}
        atoms.calc = SinglePointCalculator(atoms, **results)
    save(archive / "H2O-64" / "frames.traj", images)
    found = import_archive(archive, tmp_path / "out")
    assert opened(found, "water-64").labels.stress is None
    assert "The stress was left out: the unit of `stress` is not known" in note(found, "water-64")
    stated = LabelKeys(units=Units(stress="GPa"))
    found = import_archive(archive, tmp_path / "stated", keys=stated)
    dataset = opened(found, "water-64")
    same_labels(dataset, "water-64")
    np.testing.assert_allclose(dataset.labels.stress[0], np.arange(6.0) * GPa, rtol=1e-7)


def test_options(tmp_path: Path, archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save(archive / "CHA" / "frames.extxyz", bare("cha", 12, forces="xyzzy"))
    save(archive / "H2O-64" / "frames.traj", bare("water-64", 4, header=False, calculator=True))
    command = ["data", "archive", str(archive), "--out", str(tmp_path / "out")]
    keys = ["--keys", "cha:energy=E", "cha:forces=xyzzy"]
    units = ["--units", "water-64:energy=hartree,forces=hartree/bohr"]
    assert main([*command, *keys, *units]) == 0
    said = capsys.readouterr().out
    assert "cha: the labels of 12 frames are read as energy in hartree" in said
    assert "water-64: the labels of 4 frames are read as energy in hartree" in said
    assert main([*command, "--units", "copper:energy=eV"]) == 1
    assert "expected --units SYSTEM:… with SYSTEM one of mgo-2x2" in capsys.readouterr().err
    assert main([*command, "--units", "energy=furlong"]) == 1
    assert "unknown unit 'furlong'" in capsys.readouterr().err


def test_labels_are_the_same_to_the_last_digits(tmp_path: Path, archive: Path) -> None:
    found = import_archive(archive, tmp_path / "out")
    _, expected = opened(found, "water-64").part(range(4))
    forces = bare("water-64", 4, force=1.0)
    numbers = np.concatenate([atoms.arrays["forces"] for atoms in forces])
    np.testing.assert_allclose(expected.forces, numbers, rtol=0, atol=5e-9)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_usual_names_in_atomic_units_are_refused_where_the_paper_used_cp2k(
    tmp_path: Path, sign: float
) -> None:
    images = in_ev("water-64", 12)
    for atoms in images:
        atoms.calc.results["energy"] /= 27.211386245988
        atoms.calc.results["forces"] *= sign / 51.42206707
    for name, frames in (("H2O-64", images), ("MgO-2x2", in_ev("mgo-2x2", 12))):
        save(tmp_path / "in" / name / "train.traj", frames[:8])
        save(tmp_path / "in" / name / "test.traj", frames[8:])
    found = import_archive(tmp_path / "in", tmp_path / "out")
    assert found.refused == ("water-64",)
    assert not (tmp_path / "out" / "water-64.toml").exists()
    assert ("hartree/bohr" if sign > 0 else "gradients") in reasons(found)
    if sign > 0:
        found = import_archive(tmp_path / "in", tmp_path / "out2", keys=LabelKeys(units=ATOMIC))
        assert found.left_out == ()
        assert len(opened(found, "water-64")) == 12


def test_a_length_is_refused_and_a_unit_of_no_label_is_said(
    tmp_path: Path, archive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["data", "archive", str(archive), "--out", str(tmp_path / "out")]
    units = "water-64:energy=hartree,forces=hartree/bohr,length=bohr"
    assert main([*command, "--units", units]) == 1
    assert "positions and cells of an archive are read in Å" in capsys.readouterr().err
    assert main([*command, "--units", "energy=hartree,energy=eV"]) == 1
    assert "two units of the energy, hartree and eV" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    units = "water-64:energy=hartree,forces=hartree/bohr,stress=kbar"
    assert main([*command, "--units", units, "mgo-4x4:energy=eV", "energy=hartree"]) == 0
    said = capsys.readouterr().out
    for unused in ("water-64:stress=kbar", "mgo-4x4:energy=eV", "energy=hartree"):
        assert f"--units {unused} is the unit of no label" in said
    assert "--units water-64:energy=hartree is" not in said


def test_what_puts_the_units_in_doubt_is_a_finding(tmp_path: Path) -> None:
    for name, images in (
        ("H2O-64", bare("water-64", 4, forces=None)),
        ("CHA", bare("cha", 12, calculator=True, force=np.inf)),
        ("H2O-192", bare("water-192", 4, calculator=True)),
    ):
        save(tmp_path / "in" / name / "train.traj", images[:-2])
        save(tmp_path / "in" / name / "test.traj", images[-2:])
    found = import_archive(tmp_path / "in", tmp_path / "out")
    codes = {
        d.system: {f.code for f in d.findings if f.severity == "warning"} for d in found.datasets
    }
    assert "units-untested" in codes["water-64"]
    assert {"zero-forces", "units-untested"} <= codes["cha"]
    assert not codes["water-192"] & {"zero-forces", "units-untested"}
