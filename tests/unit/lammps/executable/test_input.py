"""Input and data file of a LAMMPS program, as text."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms

from ms25_suite.core.errors import UsageError
from ms25_suite.core.frames import Frames
from ms25_suite.lammps.box import Box
from ms25_suite.lammps.executable.input import Interaction, data_file, input_file
from ms25_suite.lammps.plan import MdPlan

LJ = Interaction(name="lj", commands=("pair_style lj/cut 3.0", "pair_coeff * * 0.1 2.0"))


def box() -> Box:
    atoms = Atoms("OSi", [[0.1, 0.2, 1 / 3], [1, 2, 3]], cell=[4.0, 5.0, 6.0], pbc=True)
    return Box.from_frame(Frames.from_atoms([atoms]))


def test_a_data_file_has_types_masses_and_all_digits() -> None:
    lines = data_file(box(), (14, 8, 1)).splitlines()
    assert lines[2:4] == ["2 atoms", "3 atom types"]
    assert "0.0 4.0 xlo xhi" in lines
    assert "0.0 0.0 0.0 xy xz yz" in lines
    masses = lines[lines.index("Masses") + 2 :][:3]
    assert [line.split()[0] for line in masses] == ["1", "2", "3"]
    assert [float(line.split()[1]) for line in masses] == pytest.approx([28.085, 15.999, 1.008])
    atoms = lines[lines.index("Atoms # atomic") + 2 :]
    assert [line.split()[:2] for line in atoms] == [["1", "2"], ["2", "1"]]
    assert float(atoms[0].split()[4]) == 1 / 3


def test_an_element_without_a_type_is_refused() -> None:
    with pytest.raises(UsageError, match="elements Si Ni, but the frame also contains O"):
        data_file(box(), (14, 28))


def input_lines(**values: object) -> list[str]:
    return input_file(box(), LJ, MdPlan(**values)).splitlines()


def test_blocks_follow_the_warm_up_with_rows_counted_from_their_own_start() -> None:
    lines = input_lines(ensemble="nve", n_steps=25, n_blocks=2, warmup_steps=7, thermo_every=10)
    runs = [line for line in lines if line.startswith("run ")]
    assert runs == ["run 0 post no", "run 7 pre no post no", "run 25 pre no", "run 25 pre no"]
    rows = [line for line in lines if line.startswith("variable")]
    assert rows == [
        "variable ms25_rows equal stride(7,32,10)",
        "variable ms25_rows equal stride(32,57,10)",
    ]


def test_short_blocks_have_their_first_and_last_row() -> None:
    assert "thermo 0" in input_lines(ensemble="nve", n_steps=5, thermo_every=10)


def test_forces_come_after_the_atoms_and_before_the_run() -> None:
    lines = input_lines(ensemble="nve", n_steps=1)
    places = [lines.index(line) for line in ("read_data frame.data", *LJ.commands)]
    assert places == sorted(places)
    assert places[-1] < lines.index("run 0 post no")


def test_a_minimisation_does_not_run_dynamics() -> None:
    lines = input_lines(ensemble="minimize", n_steps=30, force_tolerance=0.01)
    assert "minimize 0.0 0.01 30 600" in lines
    assert [line for line in lines if line.startswith("run ")] == ["run 0 post no"]


def test_numbers_survive_the_text() -> None:
    positions = np.random.default_rng(1).normal(size=(2, 3))
    atoms = Atoms("OSi", positions, cell=[9.0] * 3, pbc=True)
    given = Box.from_frame(Frames.from_atoms([atoms]))
    rows = data_file(given, given.elements).splitlines()[-2:]
    found = np.array([line.split()[2:] for line in rows], dtype=float)
    np.testing.assert_array_equal(found, given.positions)
