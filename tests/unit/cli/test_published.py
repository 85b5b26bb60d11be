from __future__ import annotations

import argparse
import zipfile
from pathlib import Path

import pytest
from ase import Atoms
from ase.io import write

from ms25_suite.cli import data as cli_data
from ms25_suite.core.errors import DatasetError, UsageError
from ms25_suite.datasets import open_dataset
from ms25_suite.datasets.published.remote import download as published_download
from ms25_suite.datasets.published.remote.download import Downloaded
from ms25_suite.datasets.published.remote.listings import OfflineError
from tests.helpers.published_samples import hea, many, mgo


def ms25(*arguments: str | Path) -> int:
    parser = argparse.ArgumentParser()
    cli_data.add_parser(parser.add_subparsers(dest="command"))
    return cli_data.run(parser.parse_args(["data", *map(str, arguments)]))


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    strange = many(Atoms("Cu", cell=[3] * 3, pbc=True), 2)
    write(tmp_path / "a.xyz", many(hea(), 12) + strange)
    write(tmp_path / "b.xyz", many(mgo(2), 4))
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as out:
        out.write(tmp_path / "a.xyz", "x/[odd] name.xyz")
        out.write(tmp_path / "b.xyz", "x/slab.xyz")
        out.writestr("README.md", "text")
    return tmp_path / "in.zip"


def test_archive(
    tmp_path: Path,
    archive: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert ms25("archive", archive, "--out", tmp_path / "out", "--exclude", "*SLAB*") == 0
    text = capsys.readouterr().out
    assert "hea from x/[odd] name.xyz (12)\n" in text
    assert f"--dataset={tmp_path / 'out' / 'hea.toml'}" in text
    assert "made here: 3/1/8 x 3 sets" in text
    assert "these 12 were divided into 3, 1 and 8" in text
    assert "systems of the paper that were not found: mgo-2x2, mgo-4x4, water-64" in text
    assert "left out x/slab.xyz: excluded by --exclude" in text
    assert "left out x/[odd] name.xyz (2 frames): Cu: no system of the paper" in text
    assert "no files of frames: 1 (README.md)" in text
    assert len(open_dataset(str(tmp_path / "out" / "hea.toml"))) == 12


def test_many_files_with_the_same_problem_are_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in").mkdir()
    for number in range(30):
        copper = Atoms("Cu", cell=[3] * 3, pbc=True)
        write(tmp_path / "in" / f"{number}.xyz", many(copper, 1))
    write(tmp_path / "in" / "z.xyz", many(hea(), 3))
    assert ms25("archive", tmp_path / "in", "--out", tmp_path / "out") == 0
    assert "left out 0.xyz and 29 more like it (1 frame each): Cu" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "match"),
    [
        (["--assign", "gold=*"], "SYSTEM one of mgo-2x2"),
        (["--assign", "hea"], "got 'hea'"),
        (["--seed", "-1"], "--seed to be at least 0"),
        (["--keys", "energi=E"], "--keys LABEL=KEY"),
    ],
)
def test_senseless_options(tmp_path: Path, archive: Path, options: list[str], match: str) -> None:
    with pytest.raises(UsageError, match=match):
        ms25("archive", archive, "--out", tmp_path / "out", *options)
    assert not (tmp_path / "out").exists()


def test_options_are_handed_on(tmp_path: Path, archive: Path) -> None:
    options = ["--assign", "hea=*odd*", "--seed", "7"]
    assert ms25("archive", archive, "--out", tmp_path / "out", *options) == 0
    assert open_dataset(str(tmp_path / "out" / "hea.toml")).card.splits.seed == 7


def test_without_a_source_it_is_what_was_downloaded(
    tmp_path: Path, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MS25_CACHE_DIR", str(tmp_path / "cache"))
    with pytest.raises(DatasetError, match="ms25 data download"):
        ms25("archive", "--out", tmp_path / "out")
    archive.rename(published_download.download_folder() / "MS25.zip")
    checked = []
    monkeypatch.setattr(published_download, "download", lambda *_, **__: checked.append(1) or ())
    assert ms25("archive", "--out", tmp_path / "out") == 0
    assert checked == [1]
    assert (tmp_path / "out" / "mgo-2x2.toml").exists()


def test_by_default_it_is_imported_where_names_are_looked_for(
    tmp_path: Path,
    archive: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("MS25_CACHE_DIR", str(tmp_path / "cache"))
    assert ms25("archive", archive, "--exclude", "*neb*") == 0
    assert "--dataset=mgo-2x2 --data=published, or MS25_DATA=published" in capsys.readouterr().out
    dataset = open_dataset("hea", tier="published")
    assert (dataset.tier, dataset.card.published, len(dataset)) == ("published", True, 12)
    # The same labels by another method are no published data.
    options = ("--level-of-theory", "PBE", "--out", tmp_path / "mine")
    assert ms25("archive", archive, "--exclude", "*neb*", *options) == 0
    assert f"--data={tmp_path / 'mine'}" in capsys.readouterr().out
    assert open_dataset("hea", tier=str(tmp_path / "mine")).tier == "user"


def test_download(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.zip").write_bytes(b"1" * 2_000_000)
    calls = []

    def fetch(url: str, folder: Path | None) -> tuple[Downloaded, ...]:
        calls.append((url, folder))
        compared = "the checksum that the record states" if folder is None else ""
        return (Downloaded(tmp_path / "a.zip", "ab12", compared),)

    monkeypatch.setattr(published_download, "fetch", fetch)
    assert ms25("download") == 0
    assert ms25("download", "--url", "https://zenodo.org/records/1", "--out", tmp_path) == 0
    assert calls[0] == (published_download.RECORD_URL, None)
    assert calls[1] == ("https://zenodo.org/records/1", tmp_path)
    text = capsys.readouterr().out
    with_checksum, _, without, _ = text.splitlines()
    assert with_checksum.endswith("MB, checksum right: the checksum that the record states")
    assert "a.zip  2.0 MB, no checksum to compare with; sha256 ab12" in without
    assert "right" not in without
    assert f"next: ms25 data archive {tmp_path}\n" in text
    assert ms25("download", "--source", "mdf") == 0
    assert "10.18126" in calls[2][0]
    with pytest.raises(UsageError, match="either --source or --url"):
        ms25("download", "--source", "mdf", "--url", "https://zenodo.org/records/1")


def test_without_a_connection_the_other_archive_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fetch(*_: object, **__: object) -> None:
        msg = "cannot reach it"
        raise OfflineError(msg)

    monkeypatch.setattr(published_download, "fetch", fetch)
    with pytest.raises(OfflineError, match=r"cannot reach it.*--source=mdf"):
        ms25("download")
    with pytest.raises(OfflineError, match="--source=zenodo"):
        ms25("download", "--source=mdf")
