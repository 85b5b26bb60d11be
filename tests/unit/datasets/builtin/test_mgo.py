"""The MgO data that is shipped."""

from __future__ import annotations

import numpy as np
import pytest

from ms25_suite.datasets import open_dataset
from ms25_suite.datasets.published.systems import UnknownSystemError, recognise
from ms25_suite.reference.mgo.frames import SLABS, calculator
from tests.helpers.built_files import check_card, check_some_labels, shipped_frames

SHIPPED = {"mgo-2x2": (500, 64), "mgo-4x4": (400, 256), "mgo-2x2-small": (500, 32)}


@pytest.mark.parametrize("name", SHIPPED)
def test_data_is_what_its_card_says(name: str) -> None:
    check_card(name, *SHIPPED[name], trainable=True)


@pytest.mark.parametrize("name", SHIPPED)
def test_slabs_are_those_of_the_recipe(name: str) -> None:
    """Two layers are where the bulk has them, in a cell of the lattice constant."""
    start = SLABS[name].atoms()
    n_held = len(start) // 2
    for atoms in shipped_frames(name)[::50]:
        assert (atoms.numbers == start.numbers).all()
        np.testing.assert_allclose(atoms.cell.array, start.cell.array, atol=1e-5)
        np.testing.assert_allclose(atoms.positions[:n_held], start.positions[:n_held], atol=1e-5)
        assert np.abs(atoms.positions - start.positions).max() > 0.1


def test_only_the_slabs_of_the_paper_bear_its_names() -> None:
    for name in SHIPPED:
        slab = shipped_frames(name)[0]
        if name == "mgo-2x2-small":
            with pytest.raises(UnknownSystemError, match="expected 4 layers of 8"):
                recognise(slab)
        else:
            assert recognise(slab) == name


# Edges of 8.40, 16.79 and 5.94 Å, the cutoff of the paper's table 1: 6 Å.
@pytest.mark.parametrize(
    ("name", "images", "own"), [("mgo-2x2", 4, 0), ("mgo-4x4", 0, 0), ("mgo-2x2-small", 4, 500)]
)
def test_what_the_audit_says_of_periodic_images(name: str, images: int, own: int) -> None:
    notes = [f.message for f in open_dataset(name).findings if f.code == "small-cells"]
    assert len(notes) == bool(images)
    for note in notes:
        assert f"up to {images} images of one neighbour" in note
        own_text = (
            f"In {own} of them an atom has images of itself" if own else "No atom has an image"
        )
        assert own_text in note


@pytest.mark.lammps
@pytest.mark.parametrize("name", SHIPPED)
def test_reference_gives_the_labels(name: str) -> None:
    pytest.importorskip("lammps")
    reference = calculator()
    check_some_labels(name, reference)
    reference.clean()
