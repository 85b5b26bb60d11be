from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ms25_suite.core.errors import DatasetError
from ms25_suite.datasets import Dataset, open_dataset
from ms25_suite.datasets.dataset import open_partner
from ms25_suite.datasets.published import writer as published_writer
from ms25_suite.datasets.published.importer import import_archive
from tests.helpers.published_archives import energies, energies_of, opened, save
from tests.helpers.published_samples import (
    hea,
    many,
    mgo,
    primitive_cha,
    zeolite,
    zro,
)


def test_cells_of_two_sizes_name_each_other(tmp_path: Path) -> None:
    save(tmp_path / "in" / "a.xyz", many(mgo(2), 4) + many(mgo(4), 4))
    found = import_archive(tmp_path / "in", tmp_path / "out")
    small, large = opened(found, "mgo-2x2"), opened(found, "mgo-4x4")
    assert open_partner(small, small.card.partners.extensivity).sha256 == large.sha256
    assert open_partner(large, large.card.partners.extensivity).sha256 == small.sha256
    # One that is not there is not named.
    save(tmp_path / "one" / "a.xyz", many(mgo(2), 4))
    found = import_archive(tmp_path / "one", tmp_path / "alone")
    assert opened(found, "mgo-2x2").card.partners.extensivity == ""


def test_the_level_of_theory(tmp_path: Path) -> None:
    """The paper's, unless somebody says that it is other data; never that of the stand-in."""
    save(tmp_path / "in" / "a.xyz", many(hea(), 4))
    found = import_archive(tmp_path / "in", tmp_path / "out")
    card = opened(found, "hea").card
    assert card.level_of_theory.startswith("EAM (FeNiCrCoCu-with-ZBL")
    assert card.reference_calculator == "ms25_suite.reference.hea.frames:calculator"
    assert "10.5281/zenodo.10901820" in card.citation
    # The reference's curves are of that method, too: they come with it.
    curves = opened(found, "hea").eos()
    assert curves is not None
    assert len(curves.curves) == 20
    assert any("nothing in the files says so" in note for note in found.datasets[0].notes)
    found = import_archive(tmp_path / "in", tmp_path / "o2", level_of_theory="PBE")
    card = opened(found, "hea").card
    assert (card.level_of_theory, card.reference_calculator, card.citation) == ("PBE", None, "")
    assert card.eos is None
    assert not any("nothing in the files" in note for note in found.datasets[0].notes)


def test_frameworks_are_for_testing(tmp_path: Path, shared_data: Path) -> None:
    save(tmp_path / "in" / "a.xyz", many(zeolite(shared_data, "LTA"), 8))
    found = import_archive(tmp_path / "in", tmp_path / "out")
    assert [len(part) for part in opened(found, "lta").splits.parts[0]] == [0, 0, 8]
    assert any("all frames are for testing" in note for note in found.datasets[0].notes)


@pytest.mark.parametrize("parts", [{"test": 8}, {"val": 3, "test": 5}], ids=["test", "val-test"])
def test_a_system_without_training_frames(
    tmp_path: Path, shared_data: Path, parts: dict[str, int]
) -> None:
    """The frameworks beside CHA may come as test.traj alone; other systems too."""
    for folder, frames in (("LTA", many(zeolite(shared_data, "LTA"), 8)), ("HEA", many(hea(), 8))):
        start = 0
        for role, n in parts.items():
            save(tmp_path / "in" / folder / "set1" / f"{role}.traj", frames[start : start + n])
            start += n
    save(tmp_path / "in" / "CHA" / "x.traj", many(primitive_cha(shared_data), 8))
    found = import_archive(tmp_path / "in", tmp_path / "out")
    assert [dataset.system for dataset in found.datasets] == ["cha", "lta", "hea"]
    sizes = [0, parts.get("val", 0), parts["test"]]
    for name in ("lta", "hea"):
        dataset = opened(found, name)
        assert [len(part) for part in dataset.splits.parts[0]] == sizes
        assert dataset.splits.train_sizes == ()
    assert any("no training frames" in note for note in found.datasets[-1].notes)
    assert opened(found, "cha").card.partners.transfer == ("lta.toml",)


def test_the_same_archive_gives_the_same_bytes(tmp_path: Path) -> None:
    save(tmp_path / "in" / "a.xyz", many(hea(), 12))
    for name in ("one", "two"):
        import_archive(tmp_path / "in", tmp_path / name)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_training_sizes_where_the_archive_has_none(tmp_path: Path) -> None:
    """Nested, in a random order that is the same each time; files may be in order of time."""
    images = many(zro(), 130)
    for role, chosen in (("train-110", images[:110]), ("test", images[110:])):
        save(tmp_path / "in" / "Zr-O" / "set1" / f"{role}.traj", chosen)
    for name, seed in (("one", 0), ("two", 0), ("three", 5)):
        import_archive(tmp_path / "in", tmp_path / name, seed=seed)
    first, again, other = (
        open_dataset(str(tmp_path / name / "zro.toml")) for name in ("one", "two", "three")
    )
    assert first.splits.train_sizes == (50, 100, 110)
    taken = energies_of(first, first.splits.train(50))
    assert taken == energies_of(again, again.splits.train(50))
    assert taken != energies_of(other, other.splits.train(50))
    assert taken != energies(images[:50])
    assert set(taken) < set(energies(images[:110]))
    assert set(taken) < set(energies_of(first, first.splits.train(100)))


def test_forces_keep_eleven_digits(tmp_path: Path) -> None:
    """ASE writes eight decimals, of which a small force has few."""
    images = many(hea(), 3)
    for atoms in images:
        atoms.calc.results["forces"] *= 10.0 ** np.random.default_rng(0).uniform(-6, 1, (32, 3))
    save(tmp_path / "in" / "a.traj", images)
    dataset = opened(import_archive(tmp_path / "in", tmp_path / "out"), "hea")
    expected = np.concatenate([atoms.get_forces() for atoms in images])
    np.testing.assert_allclose(dataset.labels.forces, expected, rtol=1e-10, atol=0)


def test_a_partner_that_could_not_be_written_is_not_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(tmp_path / "in" / "a.xyz", many(mgo(2), 4) + many(mgo(4), 4))
    original = published_writer.open_dataset

    def broken(spec: str) -> Dataset:
        if "4x4" in spec:
            msg = "broken"
            raise DatasetError(msg)
        return original(spec)

    monkeypatch.setattr(published_writer, "open_dataset", broken)
    found = import_archive(tmp_path / "in", tmp_path / "out")
    assert found.refused == ("mgo-4x4",)
    assert opened(found, "mgo-2x2").card.partners.extensivity == ""
    assert not (tmp_path / "out" / "mgo-4x4.extxyz.xz").exists()


def test_smaller_training_files_that_are_not_used_are_not_denied(tmp_path: Path) -> None:
    """50 frames that are no part of the 100, beside a file without a number."""
    images = many(zro(), 130)
    parts = {"train-50": images[:50], "train-100": images[10:110], "train": images[10:105]}
    for role, chosen in {**parts, "test": images[112:]}.items():
        save(tmp_path / "in" / "Zr-O" / "set1" / f"{role}.traj", chosen)
    notes = import_archive(tmp_path / "in", tmp_path / "out").datasets[0].notes
    assert not any("no smaller training files" in note for note in notes)
    assert any("50, 100 and others, are no parts of each other" in note for note in notes)
    assert any("are not those of files of the archive" in note for note in notes)
