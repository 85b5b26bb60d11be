"""Loss and units of the training program; whole trainings are in tests/integration."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from ms25_suite.architectures.ani.file import expect_no_extensions
from ms25_suite.architectures.ani.run import in_hartree, loss_of
from tests.helpers.tiny_ani import CONFIG, tiny_network

expect_no_extensions()
pytest.importorskip("torchani")
torch = pytest.importorskip("torch")
pytestmark = pytest.mark.ani

WEIGHTS = {"energy_weight": 2.0, "forces_weight": 3.0, "stress_weight": 5.0}


def test_loss_of_two_frames_of_which_one_has_no_stress() -> None:
    virial = torch.full((2, 6), float("nan"))
    virial[0] = 0.0
    batch = SimpleNamespace(
        n_atoms=torch.tensor([4, 1]),
        graph=torch.tensor([0, 0, 0, 0, 1]),
        energy=torch.zeros(2),
        forces=torch.zeros(5, 3),
        virial=virial,
    )
    forces = torch.zeros(5, 3)
    forces[0, 0], forces[4, 1] = 3.0, 6.0
    predicted = (torch.tensor([2.0, 1.0]), forces, torch.ones(2, 6))
    found = loss_of(batch, predicted, WEIGHTS)
    # energy dE^2 / sqrt(N), forces mean(dF^2), stress mean(dV^2) / sqrt(N)
    first = 2 * 4 / 2 + 3 * (9 / 3) / 4 + 5 * 1 / 2
    second = 2 * 1 + 3 * 36 / 3
    assert found.tolist() == pytest.approx([first, second])


def test_a_network_in_hartree() -> None:
    from ase.units import Hartree

    network = tiny_network(CONFIG)
    atomic = next(iter(network.neural_networks.atomics.values())).final_layer
    before = atomic.weight.detach().clone()
    copied = in_hartree(network, np.full(len(CONFIG.symbols), Hartree))
    after = next(iter(copied.neural_networks.atomics.values())).final_layer.weight
    assert torch.allclose(after * Hartree, before)
    assert torch.allclose(copied.energy_shifter.self_energies, torch.ones(5).double())
    # The training goes on with the network in eV.
    assert torch.equal(atomic.weight, before)
