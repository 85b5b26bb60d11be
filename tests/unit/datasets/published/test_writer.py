from __future__ import annotations

from pathlib import Path

from ms25_suite.datasets.dataset import open_partner
from ms25_suite.datasets.published.importer import import_archive
from tests.helpers.published_archives import opened, save
from tests.helpers.published_samples import (
    hea,
    many,
    mgo,
    zeolite,
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


def test_the_same_archive_gives_the_same_bytes(tmp_path: Path) -> None:
    save(tmp_path / "in" / "a.xyz", many(hea(), 12))
    for name in ("one", "two"):
        import_archive(tmp_path / "in", tmp_path / name)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()
