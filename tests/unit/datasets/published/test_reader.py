from __future__ import annotations

from pathlib import Path

import pytest
from ase.calculators.singlepoint import SinglePointCalculator

from ms25_suite.core.errors import DatasetError
from ms25_suite.datasets.published.importer import import_archive
from tests.helpers.published_archives import energies, energies_of, opened, save
from tests.helpers.published_samples import (
    hea,
    many,
    mgo,
)


def test_repeated_frames_with_other_energies(tmp_path: Path) -> None:
    images = many(hea(), 5)
    save(tmp_path / "in" / "a.xyz", images)
    for atoms in images:
        atoms.calc.results["energy"] += 3.0
    save(tmp_path / "in" / "b.xyz", images)
    found = import_archive(tmp_path / "in", tmp_path / "out")
    assert found.datasets[0].n_frames == 5
    assert "5 repeated frames have another energy" in found.datasets[0].notes[1]
    found = import_archive(tmp_path / "in", tmp_path / "o2", exclude=["a.*"])
    assert energies_of(opened(found, "hea")) == energies(images)


def test_a_name_can_be_assigned(tmp_path: Path) -> None:
    save(tmp_path / "in" / "odd" / "thick.xyz", many(mgo(2, layers=6), 3))
    save(tmp_path / "in" / "hea.xyz", many(hea(), 3))
    found = import_archive(tmp_path / "in", tmp_path / "o1")
    assert [d.system for d in found.datasets] == ["hea"]
    found = import_archive(tmp_path / "in", tmp_path / "o2", assign=[("mgo-2x2", "*THICK*")])
    assert [d.system for d in found.datasets] == ["mgo-2x2", "hea"]
    with pytest.raises(DatasetError, match="--assign names hea, which has other elements"):
        import_archive(tmp_path / "in" / "odd", tmp_path / "o3", assign=[("hea", "*thick*")])


def test_a_file_that_ase_cannot_read_does_not_stop_the_rest(tmp_path: Path) -> None:
    save(tmp_path / "in" / "good.xyz", many(hea(), 4))
    text = (tmp_path / "in" / "good.xyz").read_text()
    (tmp_path / "in" / "cut.xyz").write_text(text[: len(text) // 2 + 300])
    (tmp_path / "in" / "bad.traj").write_bytes(b"- of Ulm" + b"\0" * 50)
    (tmp_path / "in" / "empty.xyz").write_text("")
    (tmp_path / "in" / "notes.txt").write_text("these are notes\n")
    (tmp_path / "in" / "more.7z").write_bytes(b"7z\xbc\xaf\x27\x1c")
    (tmp_path / "in" / "late.tar.gz").write_bytes(b"\x1f\x8b\x08\0\0\0\0\0\0\xff12345")
    found = import_archive(tmp_path / "in", tmp_path / "out")
    assert found.datasets[0].n_frames == 4
    reasons = {entry.name: entry.reason for entry in found.left_out}
    assert set(reasons) == {"cut.xyz", "bad.traj", "empty.xyz", "late.tar.gz", "more.7z"}
    assert "unpack it" in reasons["more.7z"]
    assert "cannot be read as extxyz" in reasons["cut.xyz"]
    assert "empty" in reasons["empty.xyz"]
    assert "late.tar.gz is damaged or incomplete" in reasons["late.tar.gz"]
    assert found.documents == ("notes.txt",)


def test_frames_before_a_damaged_one_are_taken(tmp_path: Path) -> None:
    images = many(hea(), 6)
    save(tmp_path / "a.xyz", images)
    lines = (tmp_path / "a.xyz").read_text().splitlines()
    lines[4 * 34 + 7] = "Fe 1.0 nonsense"
    (tmp_path / "a.xyz").write_text("\n".join(lines) + "\n")
    found = import_archive(tmp_path / "a.xyz", tmp_path / "out")
    assert energies_of(opened(found, "hea")) == energies(images[:4])
    assert found.left_out[0].reason.endswith("; the 4 frames before it were taken")


def test_a_frame_that_has_forces_in_one_file_only(tmp_path: Path) -> None:
    """The labels of both files are of one frame: the more complete ones are kept.

    A test file of energies alone is a part of the split.
    """
    images = many(hea(), 6)
    bare = [atoms.copy() for atoms in images]
    for atoms, whole in zip(bare, images, strict=True):
        atoms.calc = SinglePointCalculator(atoms, energy=whole.get_potential_energy())
    save(tmp_path / "in" / "test.traj", bare)
    save(tmp_path / "in" / "train.traj", images[:4])
    found = import_archive(tmp_path / "in", tmp_path / "out")
    assert (found.datasets[0].n_frames, found.datasets[0].n_forces) == (6, 4)
    assert "forces are on 4 of 6 frames; only these are trained on" in found.datasets[0].notes
    dataset = opened(found, "hea")
    assert energies_of(dataset) == energies(images)
    assert dataset.card.labels.waived == frozenset()


def test_images_of_a_path_and_curves_are_no_samples(tmp_path: Path) -> None:
    images = many(hea(), 9)
    save(tmp_path / "in" / "set1" / "all.traj", images[:5])
    save(tmp_path / "in" / "set1" / "neb.traj", images[5:7])
    save(tmp_path / "in" / "eos" / "a.traj", images[7:])
    found = import_archive(tmp_path / "in", tmp_path / "out")
    assert energies_of(opened(found, "hea")) == energies(images[:5])
    (entry,) = found.left_out
    assert entry.name == "eos/a.traj"
    assert "an equation of state by its name" in entry.reason


def test_only_images_of_a_path(tmp_path: Path) -> None:
    save(tmp_path / "in" / "a.traj", many(mgo(2), 4))
    save(tmp_path / "in" / "neb.traj", many(hea(), 4))
    found = import_archive(tmp_path / "in", tmp_path / "out")
    assert [d.system for d in found.datasets] == ["mgo-2x2"]
    assert found.refused == ()
    assert found.left_out[0].reason.startswith("of hea there are only images of a reaction path")
