"""Lines, walls and pushes, for curves that are known."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT

from ms25_suite.core.frames import Frames
from ms25_suite.metrics.scans.approach import (
    approach_frames,
    choose_approaches,
    push_pull,
    push_work,
)
from ms25_suite.metrics.scans.dimers import dimer_frames, pull
from ms25_suite.metrics.scans.lines import energy_steps, force_jumps
from ms25_suite.metrics.scans.walls import find_wall
from ms25_suite.metrics.scans.zbl import CORE_EV, core_distance, zbl_energy


def test_a_smooth_curve_leaves_nothing_however_steep_it_is() -> None:
    r = np.arange(2.0, 3.0, 0.01)
    energy, force = 4e4 * r**-12, 48e4 * r**-13
    assert np.abs(energy_steps(energy, force, 0.01)).max() < 1e-6
    assert force_jumps(np.stack([force, 0 * r, 0 * r], axis=1)[:, None]).max() < 2e-4


@pytest.mark.parametrize("size", [0.003, -0.2])
def test_a_jump_is_left_as_it_is(size: float) -> None:
    r = np.arange(2.0, 3.0, 0.01)
    force = r**-3 + size * (r > 2.505)
    jumps = force_jumps(np.stack([force, 0 * r, 0 * r], axis=1)[:, None])
    assert jumps.max() == pytest.approx(abs(size), rel=1e-3)
    steps = energy_steps(0.5 * r**-2 + size * (r > 2.505), r**-3, 0.01)
    assert steps[np.abs(steps).argmax()] == pytest.approx(size, rel=1e-3)


def test_the_work_of_a_push_is_the_change_of_the_energy() -> None:
    frames = Frames.from_atoms([bulk("Cu", cubic=True) * (2, 2, 2)])
    groups, absent = choose_approaches(frames, 40)
    assert (len(groups), absent) == (1, [])
    ((one,),) = groups
    moved = approach_frames(frames, groups)
    energies, forces = [], []
    for index in range(len(moved)):
        atoms = moved.atoms(index)
        atoms.calc = EMT()
        energies.append(atoms.get_potential_energy())
        forces.append(atoms.get_forces())
        a, b = one.atoms
        assert atoms.get_distance(a, b, mic=True) == pytest.approx(one.distances[index], abs=1e-9)
    work = push_work(one.distances, push_pull(one, np.array(forces)))
    rise = np.array(energies) - energies[0]
    assert work[-1] == pytest.approx(rise[-1], rel=0.02)


def test_pairs_that_are_pushed_at_once_are_apart() -> None:
    atoms = bulk("Cu", cubic=True) * (3, 3, 3)
    atoms.numbers[::3] = 28
    frames = Frames.from_atoms([atoms])
    groups, absent = choose_approaches(frames, 5)
    assert absent == []
    assert sorted(one.pair for group in groups for one in group) == [(28, 28), (28, 29), (29, 29)]
    for group in groups:
        used = [atom for one in group for atom in one.atoms]
        assert len(set(used)) == len(used)


def test_elements_that_are_no_neighbours_are_said() -> None:
    atoms = Atoms("CuNi", [[0, 0, 0], [9, 0, 0]], cell=[30, 30, 30], pbc=True)
    groups, absent = choose_approaches(Frames.from_atoms([atoms]), 5)
    assert groups == []
    assert absent == [(28, 28), (28, 29), (29, 29)]


@pytest.mark.parametrize("pbc", [True, False])
def test_dimers_are_like_the_frame(pbc: bool) -> None:
    like = Atoms("OSi", [[0, 0, 0], [1.6, 0, 0]], cell=[5, 5, 5], pbc=pbc, info={"charge": 1})
    frames = dimer_frames([(8, 14)], [np.array([1.0, 2.0])], Frames.from_atoms([like]))
    assert frames.pbc.all() == pbc
    found = [frames.atoms(index) for index in range(2)]
    assert [atoms.get_distance(0, 1) for atoms in found] == pytest.approx([1.0, 2.0])
    assert [atoms.info["charge"] for atoms in found] == [1, 1]
    apart = frames.positions.reshape(2, 2, 3)
    away = (apart[:, 1] - apart[:, 0])[:, None] * np.array([-0.5, 0.5])[None, :, None]
    assert (pull(away.reshape(-1, 3)) > 0).all()


def test_a_wave_on_the_way_up_is_no_hole() -> None:
    r = np.linspace(2.0, 0.5, 6)
    wall = find_wall(r, np.array([0.0, -0.1, 1.0, 0.8, 9.0, 30.0]), drop=0.5)
    assert (wall.height, wall.open) == (30.0, False)


def test_screened_nuclei_have_their_energy_at_the_edge_of_the_core() -> None:
    for pair in ((1, 8), (8, 14), (24, 78)):
        assert float(zbl_energy(*pair, core_distance(*pair))) == pytest.approx(CORE_EV)
