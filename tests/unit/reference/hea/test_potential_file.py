"""Where the EAM potential is found, and what is refused. Nothing here touches the network."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

import pooch
import pytest

from ms25_suite.core.cache import cache_dir
from ms25_suite.core.errors import ReferenceCalculatorError
from ms25_suite.reference.hea import potential_file
from ms25_suite.reference.hea.potential_file import FILE_NAME, SHA256, find_potential_file


@pytest.fixture(autouse=True)
def _empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MS25_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("MS25_POTENTIAL_FILE", raising=False)


@pytest.fixture(autouse=True)
def retrieved(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Addresses that were asked for; asking fails as without network."""
    asked: list[str] = []

    def fail(url: str, *_: Any, **__: Any) -> str:
        asked.append(url)
        msg = "Name or service not known"
        raise ConnectionError(msg)

    monkeypatch.setattr(pooch, "retrieve", fail)
    return asked


@pytest.fixture
def eam(shared_data: Path) -> Path:
    return shared_data / FILE_NAME


def test_given_path_is_taken(eam: Path, retrieved: list[str]) -> None:
    assert find_potential_file(eam) == eam.resolve()
    assert not retrieved


def test_given_path_wins_over_the_environment(
    eam: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MS25_POTENTIAL_FILE", str(tmp_path / "missing"))
    assert find_potential_file(eam) == eam.resolve()


def test_environment_is_taken(eam: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MS25_POTENTIAL_FILE", str(eam))
    assert find_potential_file() == eam.resolve()


def test_cache_is_taken(eam: Path, retrieved: list[str]) -> None:
    cached = cache_dir("potentials") / FILE_NAME
    shutil.copyfile(eam, cached)
    assert find_potential_file() == cached
    assert not retrieved


def test_missing_given_file_is_refused(tmp_path: Path, retrieved: list[str]) -> None:
    with pytest.raises(ReferenceCalculatorError, match=r"found no file: give the file"):
        find_potential_file(tmp_path / "missing.alloy")
    assert not retrieved


def test_wrong_checksum_is_refused(tmp_path: Path) -> None:
    wrong = tmp_path / FILE_NAME
    wrong.write_text("not a potential")
    found = hashlib.sha256(b"not a potential").hexdigest()
    expected = f"expected sha256 {SHA256}, found {found}; give the file"
    with pytest.raises(ReferenceCalculatorError, match=expected):
        find_potential_file(wrong)


def test_wrong_checksum_in_the_environment_is_not_passed_over(
    eam: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copyfile(eam, cache_dir("potentials") / FILE_NAME)
    wrong = tmp_path / "wrong.alloy"
    wrong.write_bytes(eam.read_bytes()[:-1])
    monkeypatch.setenv("MS25_POTENTIAL_FILE", str(wrong))
    with pytest.raises(ReferenceCalculatorError, match="MS25_POTENTIAL_FILE"):
        find_potential_file()


def test_without_network_it_says_what_to_do(retrieved: list[str]) -> None:
    with pytest.raises(ReferenceCalculatorError, match=r"not known.*by --potential-file") as caught:
        find_potential_file()
    assert retrieved == [potential_file.URL]
    assert potential_file.PAGE in str(caught.value)
    assert SHA256 in str(caught.value)


def test_damaged_cache_is_downloaded_anew(
    eam: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    cached = cache_dir("potentials") / FILE_NAME
    cached.write_bytes(b"half of it")

    def retrieve(url: str, known_hash: str, fname: str, path: Path) -> str:
        assert known_hash == f"sha256:{SHA256}"
        pooch.get_logger().info("Downloading data from %s", url)
        shutil.copyfile(eam, path / fname)
        return str(path / fname)

    monkeypatch.setattr(pooch, "retrieve", retrieve)
    level = pooch.get_logger().level
    assert find_potential_file() == cached
    assert cached.read_bytes() == eam.read_bytes()
    assert capfd.readouterr().err == ""
    assert pooch.get_logger().level == level


def test_wrong_download_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def retrieve(*_: Any, **__: Any) -> str:
        msg = "SHA256 hash of downloaded file does not match the known hash"
        raise ValueError(msg)

    monkeypatch.setattr(pooch, "retrieve", retrieve)
    with pytest.raises(ReferenceCalculatorError, match="does not match the known hash"):
        find_potential_file()
