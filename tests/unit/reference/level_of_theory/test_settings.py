from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule

from ms25_suite.core.errors import UsageError
from ms25_suite.datasets.registry import builtin_card
from ms25_suite.reference.level_of_theory.settings import (
    find_level_of_theory,
    known_systems,
    refuse_frame,
)
from ms25_suite.reference.mgo.slab import slab

SYSTEMS = ("hea", "mgo", "reaction", "water", "zeolites", "zro")


def water() -> Atoms:
    atoms = molecule("H2O", cell=[6, 6, 6], pbc=True)
    atoms.center()
    return atoms


def test_every_system_of_the_paper_has_a_level_of_theory() -> None:
    assert known_systems() == SYSTEMS


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_setting_says_where_it_is_from(system: str) -> None:
    text = (
        files("ms25_suite.reference.level_of_theory").joinpath(f"{system}.toml").read_text("utf-8")
    )
    table = tomllib.loads(text)
    groups = [table.get("settings", {}), *table.get("member-settings", {}).values()]
    for sections in groups:
        for entries in sections.values():
            for entry in entries.values():
                assert set(entry) in ({"value", "paper"}, {"value", "choice"})
                assert all(
                    isinstance(entry[key], str) and entry[key] for key in {*entry} - {"value"}
                )


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_level_of_theory_is_that_of_the_cards(system: str) -> None:
    level = find_level_of_theory(system)
    for member in level.members:
        card = builtin_card(member)
        if card is not None:
            assert card.paper_level_of_theory == level.summary
            assert set(card.elements) == set(level.elements)


@pytest.mark.parametrize(
    ("name", "system", "member"),
    [
        ("water", "water", "water-64"),
        (" Water-192 ", "water", "water-192"),
        ("mgo", "mgo", "mgo-2x2"),
        ("mgo-4x4", "mgo", "mgo-4x4"),
        ("LTA", "zeolites", "lta"),
        ("zeolite", "zeolites", "cha"),
        ("methane", "reaction", "reaction"),  # an alias of the card
        ("Zr-O", "zro", "zro"),
    ],
)
def test_names(name: str, system: str, member: str) -> None:
    level = find_level_of_theory(name)
    assert (level.name, level.member) == (system, member)


def test_unknown_names() -> None:
    with pytest.raises(UsageError, match=r"'watr'\. Did you mean 'water'\? Known: bea, cha"):
        find_level_of_theory("watr")
    with pytest.raises(UsageError, match=r"for 'qqqq'\. Known: "):
        find_level_of_theory("qqqq")


@pytest.mark.parametrize(
    ("name", "setting", "value"),
    [
        ("water", "FORCE_EVAL/DFT/MGRID/CUTOFF", "[Ry] 1200"),
        ("cha", "FORCE_EVAL/DFT/MGRID/CUTOFF", "[Ry] 1000"),
        ("water", "FORCE_EVAL/DFT/SCF/OT/STEPSIZE", 0.1),
        ("water", "FORCE_EVAL/DFT/XC/VDW_POTENTIAL/PAIR_POTENTIAL/REFERENCE_FUNCTIONAL", "RPBE"),
        ("mgo-2x2", "KPOINTS/GRID", [3, 3, 1]),
        ("mgo-4x4", "KPOINTS/GRID", [1, 1, 1]),
        ("mgo", "INCAR/ENCUT", 400),
        ("mgo", "INCAR/SIGMA", 0.1),
        ("reaction", "INCAR/SIGMA", 0.2),
        ("reaction", "INCAR/IVDW", 13),
        ("zro", "INCAR/ENCUT", 500),
        ("zro", "POTCAR/Zr", "Zr_sv"),
        ("zro", "POTCAR/RELEASE", "52"),
    ],
)
def test_what_the_paper_says(name: str, setting: str, value: object) -> None:
    (item,) = (item for item in find_level_of_theory(name).settings if item.name == setting)
    assert item.value == value
    assert item.from_paper


def test_the_energy_gap_is_in_hartree() -> None:
    from ase.units import Hartree

    gap = find_level_of_theory("water").section("FORCE_EVAL/DFT/SCF/OT")["ENERGY_GAP"]
    assert gap * Hartree == pytest.approx(0.05, rel=1e-5)


def test_the_potentials_are_those_that_vasp_recommends() -> None:
    """ASE keeps the list of VASP's recommendations."""
    from ase.calculators.vasp.setups import setups_defaults

    for name in ("mgo", "reaction", "zro"):
        table = find_level_of_theory(name).section("POTCAR")
        del table["RELEASE"]
        for element, potential in table.items():
            assert potential == element + setups_defaults["recommended"].get(element, "")


def test_frames_that_can_be_labelled() -> None:
    refuse_frame(find_level_of_theory("water"), water())
    # Fewer elements than the level has settings for are fine: Zr-O has frames of zirconium alone.
    refuse_frame(find_level_of_theory("zro"), bulk("Zr"))
    refuse_frame(find_level_of_theory("mgo-2x2"), slab(2))
    refuse_frame(find_level_of_theory("mgo-4x4"), slab(4))
    refuse_frame(find_level_of_theory("mgo-2x2-small"), slab(2, primitive=True))


def test_frames_that_a_levelnot_label() -> None:
    level = find_level_of_theory("water")
    with pytest.raises(UsageError, match="expected a frame with atoms, found an empty one"):
        refuse_frame(level, Atoms(cell=[6, 6, 6], pbc=True))
    with pytest.raises(UsageError, match="settings for H O, the frame also contains Cu"):
        refuse_frame(level, bulk("Cu"))
    open_ = water()
    open_.pbc = (True, True, False)
    with pytest.raises(UsageError, match="periodic in three directions, found pbc"):
        refuse_frame(level, open_)
    with pytest.raises(UsageError, match="periodic in three directions"):
        refuse_frame(level, Atoms("H2", positions=[[0, 0, 0], [0, 0, 0.7]], pbc=True))
    broken = water()
    broken.positions[0, 0] = np.nan
    with pytest.raises(UsageError, match="finite positions"):
        refuse_frame(level, broken)
    with pytest.raises(UsageError, match=r"HO has an odd number|OH has an odd number"):
        refuse_frame(level, water()[:2])


def test_a_frame_of_the_other_cell_has_other_k_points() -> None:
    with pytest.raises(
        UsageError, match=r"one of mgo-4x4, .*GRID \[1, 1, 1\].*level of theory mgo-4x4"
    ):
        refuse_frame(find_level_of_theory("mgo-2x2"), slab(4))
    with pytest.raises(UsageError, match=r"one of mgo-2x2, .*GRID \[3, 3, 1\]"):
        refuse_frame(find_level_of_theory("mgo-2x2-small"), slab(2))


def test_k_points_of_the_small_slab_are_no_farther_apart_than_those_of_the_paper() -> None:
    grids = [
        find_level_of_theory(name).section("KPOINTS")["GRID"][0]
        for name in ("mgo-2x2", "mgo-2x2-small")
    ]
    edges = [slab(2).cell.lengths()[0], slab(2, primitive=True).cell.lengths()[0]]
    assert grids[1] * edges[1] >= grids[0] * edges[0]


def test_quotations_are_in_the_paper() -> None:
    """The text of the paper is not ours to ship."""
    import os
    import re

    path = Path(os.environ.get("MS25_PAPER_TEXT", ""))
    if not path.is_file():
        pytest.skip("set MS25_PAPER_TEXT to a file with the text of the paper")
    text = re.sub(r"<sup>.*?</sup>", "", path.read_text("utf-8")).replace("\\_", "_")
    text = re.sub(r"\s+", " ", text)
    for system in SYSTEMS:
        for member in find_level_of_theory(system).members:
            for item in find_level_of_theory(member).settings:
                assert not item.from_paper or item.source in text, item
