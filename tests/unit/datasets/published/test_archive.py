from __future__ import annotations

import gzip
import os
import tarfile
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from ms25_suite.core.errors import DatasetError
from ms25_suite.datasets.published.archive import members
from ms25_suite.datasets.published.importer import import_archive
from tests.helpers.published_archives import energies, energies_of, leftovers, opened, pack, save
from tests.helpers.published_samples import (
    hea,
    many,
    mgo,
    outcar,
    zro,
)


def test_outcars_in_an_archive_in_an_archive(tmp_path: Path) -> None:
    """A folder for each calculation; one of them packed."""
    images = many(mgo(2), 6)
    for number, atoms in enumerate(images[:4]):
        path = tmp_path / "in" / "train" / f"{number:04d}" / "OUTCAR"
        path.parent.mkdir(parents=True)
        path.write_text(outcar([atoms]))
    path = tmp_path / "in" / "test" / "all" / "OUTCAR.gz"
    path.parent.mkdir(parents=True)
    with gzip.open(path, "wt") as out:
        out.write(outcar(images[4:]))
    pack(tmp_path / "in", tmp_path / "inner.zip")
    (tmp_path / "outer").mkdir()
    (tmp_path / "inner.zip").rename(tmp_path / "outer" / "vasp.zip")
    found = import_archive(pack(tmp_path / "outer", tmp_path / "o.tar.gz"), tmp_path / "out")
    assert found.left_out == ()
    dataset = opened(found, "mgo-2x2")
    assert energies_of(dataset, dataset.splits.train()) == energies(images[:4])
    assert energies_of(dataset, dataset.splits.test()) == energies(images[4:])
    assert found.datasets[0].files[0] == ("vasp.zip/test/all/OUTCAR.gz", 2)


@pytest.mark.parametrize("kind", ["in.zip", "in.tar.gz", "in.tar.xz", "in.tar"])
def test_a_truncated_archive(tmp_path: Path, kind: str) -> None:
    save(tmp_path / "in" / "a.xyz", many(hea(), 20))
    save(tmp_path / "in" / "b.xyz", many(zro(), 20))
    archive = pack(tmp_path / "in", tmp_path / kind) if kind != "in.tar" else tmp_path / kind
    if kind == "in.tar":
        with tarfile.open(archive, "w") as out:
            for path in sorted((tmp_path / "in").iterdir()):
                out.add(path, path.name)
    whole = archive.read_bytes()
    archive.write_bytes(whole[: len(whole) * 3 // 4])
    with pytest.raises(DatasetError, match=f"{kind} is damaged or incomplete.*Get it again"):
        import_archive(archive, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("name", ["../../evil.xyz", "/etc/evil.xyz", "a\\..\\..\\evil.xyz", "C:/x"])
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_names_that_lead_out_of_the_archive(tmp_path: Path, name: str, kind: str) -> None:
    archive = tmp_path / f"in.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(archive, "w") as out:
            out.writestr("good.txt", "x")
            out.writestr(zipfile.ZipInfo(name), "x")
    else:
        with tarfile.open(archive, "w") as out:
            out.addfile(tarfile.TarInfo(name))
    with pytest.raises(DatasetError, match=r"leads out of the folder.*Nothing was written"):
        import_archive(archive, tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == [archive.name]


def test_links_and_encrypted_files_are_left_out(tmp_path: Path) -> None:
    save(tmp_path / "hea.xyz", many(hea(), 3))
    with tarfile.open(tmp_path / "in.tar", "w") as out:
        out.add(tmp_path / "hea.xyz", "hea.xyz")
        link = tarfile.TarInfo("secret.xyz")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        out.addfile(link)
    found = import_archive(tmp_path / "in.tar", tmp_path / "out")
    assert [(e.name, e.reason) for e in found.left_out] == [("secret.xyz", "a link or device")]
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as out:
        out.write(tmp_path / "hea.xyz", "hea.xyz")
        info = zipfile.ZipInfo("secret.xyz")
        info.external_attr = 0o120777 << 16
        out.writestr(info, "/etc/passwd")
    found = import_archive(tmp_path / "in.zip", tmp_path / "o2")
    assert [(e.name, e.reason) for e in found.left_out] == [("secret.xyz", "a link")]


def test_a_named_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "data.zip")
    with pytest.raises(DatasetError, match="expected a file, found a named pipe"):
        list(members(tmp_path / "data.zip", tmp_path, lambda *_: None))


def test_a_member_that_does_not_fit_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "data.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.extxyz", b"0" * (1 << 20))
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1000))
    with pytest.raises(DatasetError, match=r"a\.extxyz has 1048576 bytes, but .* has 1000 left"):
        list(members(path, tmp_path, lambda *_: None))
