"""The water data that is shipped."""

from __future__ import annotations

import numpy as np
import pytest

from ms25_suite.datasets import open_dataset
from ms25_suite.reference.water.frames import SHIPPED_FRAMES, calculator
from ms25_suite.reference.water.sampling import MOLECULAR_VOLUME_A3

SHIPPED = {"water-64": (200, 64), "water-192": (70, 192)}


@pytest.mark.parametrize("name", SHIPPED)
def test_data_is_what_its_card_says(name: str) -> None:
    dataset = open_dataset(name)  # verifies the sha256
    n_frames, n_molecules = SHIPPED[name]
    assert set(dataset.frames.n_atoms.tolist()) == {3 * n_molecules}
    assert len(dataset.frames) == n_frames == SHIPPED_FRAMES[n_molecules]
    # Cells of 64 molecules are 12 Å wide, less than two of the paper's cutoffs, as in the paper.
    notes = ["small-cells"] if n_molecules == 64 else []
    assert [finding.code for finding in dataset.findings] == notes
    assert dataset.card.stand_in
    assert dataset.card.threshold_class == "standard"
    assert len(dataset.splits.parts) == 3
    for parts in dataset.splits.parts:
        assert sum(len(part) for part in parts) == n_frames
        assert len(parts[0]) == max(dataset.splits.train_sizes)
    ratios = dataset.frames.volumes / (n_molecules * MOLECULAR_VOLUME_A3)
    assert np.sort(ratios) == pytest.approx(np.linspace(0.9, 1.1, 2 * n_frames + 1)[1::2])
    positions = np.asarray(dataset.frames.positions).reshape(-1, 3, 3)
    bonds = np.linalg.norm(positions[:, 1:] - positions[:, :1], axis=2)
    assert (bonds.min(), bonds.max()) == pytest.approx((0.97, 0.97), abs=0.2)
    forces = dataset.labels.forces
    assert forces is not None
    # As many digits as are stored, summed over the atoms of a frame.
    net = np.add.reduceat(forces, dataset.frames.offsets[:-1])
    assert np.abs(net).max() < 1e-8 * np.sqrt(3 * n_molecules) * 4


@pytest.mark.xtb
def test_reference_gives_the_labels() -> None:
    """One frame: it takes seconds."""
    pytest.importorskip("tblite")
    dataset = open_dataset("water-64")
    index = len(dataset) // 2
    atoms = dataset.frames.atoms(index)
    atoms.calc = calculator()
    labels = dataset.labels.select([index], dataset.frames.offsets)
    assert labels.energy is not None
    # The charges are self-consistent to 1e-7 Hartree, which other linear algebra libraries, and
    # their numbers of threads, end up at in other digits; the same on one machine to 1e-8.
    assert atoms.get_potential_energy() == pytest.approx(labels.energy[0], abs=1e-5)
    assert atoms.get_forces() == pytest.approx(labels.forces, abs=1e-5)
    assert atoms.get_stress() == pytest.approx(np.asarray(labels.stress)[0], abs=1e-7)
