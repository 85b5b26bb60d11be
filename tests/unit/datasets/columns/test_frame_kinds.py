from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from ms25_suite.datasets.columns.frame_kinds import (
    config_type,
    is_isolated_atom,
    temperature_k,
    trajectories,
)


@pytest.mark.parametrize(
    ("info", "expected"),
    [
        ({"config_type": "bulk"}, "bulk"),
        ({"Config_type": "x"}, "x"),
        ({"config_types": "slab"}, "slab"),
        ({"configtype": 3}, "3"),
        ({"CONFIG-TYPE": " md "}, "md"),
        ({"config_type": "a\n\x1b[31mb\tc"}, "a [31mb c"),
        ({"config_type": "x" * 200}, "x" * 80),
        ({"config_type": True}, ""),
        ({"config_type": [1, 2]}, ""),
        ({"type": "bulk"}, ""),
    ],
)
def test_kind_of_a_frame(info: dict[str, Any], expected: str) -> None:
    assert config_type(info) == expected


@pytest.mark.parametrize(
    "word", ["IsolatedAtom", "isolated_atom", "isolatedatom", "ISOLATED-ATOMS", "isolated atom"]
)
def test_an_atom_that_is_said_to_be_isolated(word: str) -> None:
    assert is_isolated_atom(Atoms("Cu", info={"config_type": word}, cell=[5] * 3, pbc=True))
    # Only one atom can be a reference of its element.
    assert not is_isolated_atom(Atoms("Cu2", info={"config_type": word}))


@pytest.mark.parametrize(
    ("cell", "pbc", "expected"),
    [
        (None, False, True),
        ([15.0] * 3, True, True),
        ([4.0] * 3, False, True),
        # A chain, and a skewed cell whose shortest lattice vector is none of its cell vectors.
        ([20.0, 20.0, 2.5], True, False),
        ([[20.0, 0, 0], [19.0, 2.0, 0], [0, 0, 20.0]], True, False),
        ([20.0, 20.0, 2.5], (True, True, False), True),
    ],
)
def test_an_atom_is_isolated_by_its_cell(cell: Any, pbc: Any, expected: bool) -> None:
    assert is_isolated_atom(Atoms("Cu", cell=cell, pbc=pbc)) is expected


@pytest.mark.parametrize("name", ["Cu", "Cs", "Xe", "Fe", "W", "Ca", "Ba"])
def test_the_primitive_cell_of_a_crystal_is_an_ordinary_frame(name: str) -> None:
    atoms = bulk(name)
    for stretch in (0.9, 1.0, 1.15):
        scaled = atoms.copy()
        scaled.set_cell(atoms.cell * stretch, scale_atoms=True)
        assert not is_isolated_atom(scaled)


def test_temperature() -> None:
    assert temperature_k({"temperature_K": 300}) == 300.0
    assert np.isnan([temperature_k({}), temperature_k({"temperature_K": -1})]).all()


def test_frames_of_one_name_and_composition_are_of_one_trajectory() -> None:
    images = [Atoms("Cu2"), Atoms("Cu2"), Atoms("Cu3"), Atoms("Cu2"), Atoms("Cu2")]
    for atoms, name in zip(images, [0, 0, 0, 1, None], strict=True):
        if name is not None:
            atoms.info["Traj_ID"] = name
    assert trajectories(images).tolist() == [0, 0, 1, 2, -1]
    assert trajectories(images, "none").tolist() == [-1] * 5


def test_a_card_names_another_key() -> None:
    images = [Atoms("Cu", info={"config_type": name, "trajectory": 5}) for name in "aab"]
    assert trajectories(images, "config_type").tolist() == [0, 0, 1]
    assert trajectories(images, "absent").tolist() == [-1] * 3
