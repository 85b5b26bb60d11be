"""Features of ANI for a training, against TorchANI."""

from __future__ import annotations

import numpy as np
import pytest

from ms25_suite.architectures.ani.features import Batch, FeatureMaker, predict
from ms25_suite.architectures.ani.file import AniConfig, build_network, expect_no_extensions
from ms25_suite.architectures.ani.model import AniModel
from ms25_suite.architectures.testing import standard_frames
from ms25_suite.core.frames import Frames, Labels
from ms25_suite.potentials.evaluate import EdgeEvaluator

expect_no_extensions()
pytest.importorskip("torchani")
torch = pytest.importorskip("torch")
pytestmark = pytest.mark.ani


def test_features_give_what_torchani_gives() -> None:
    """Energies, forces and virials of every kind of frame, alone and joined."""
    from ase.units import Hartree

    config = AniConfig(("Ni", "Cu"), radial_cutoff=4.5, angular_cutoff=3.2, hidden=(8, 4))
    torch.manual_seed(0)
    network = build_network(config)
    frames = Frames.from_atoms(standard_frames(("Ni", "Cu")).values())
    labels = Labels(np.zeros(len(frames)), np.zeros((len(frames.numbers), 3)))
    maker = FeatureMaker(network, np.array([-1.0, -2.0]))
    singles = [
        maker.make(frames.select([k]), labels.select([k], frames.offsets))
        for k in range(len(frames))
    ]
    expected = EdgeEvaluator(AniModel(network, "cpu", torch.float64)).predict(frames)
    periodic = frames.pbc.all(axis=1)
    for batch in (Batch.join(singles, maker.n_blocks), maker.make(frames, labels)):
        energy, forces, virial = (
            Hartree * values.detach().numpy() for values in predict(network, batch, training=False)
        )
        np.testing.assert_allclose(energy, expected.energy, atol=1e-10)
        np.testing.assert_allclose(forces, expected.forces, atol=1e-10)
        stress = virial[periodic] / frames.volumes[periodic, None]
        np.testing.assert_allclose(stress, expected.stress[periodic], atol=1e-10)
        # Energies of the elements are no longer in the labels; a stress that is not there is NaN.
        counts = np.bincount(frames.frame_of_atom, weights=1.0 + (frames.numbers == 29))
        np.testing.assert_allclose(batch.energy.numpy(), counts)
        assert torch.isnan(batch.virial).all()
