"""Dynamics in LAMMPS as on a GPU, with tensors on the CPU."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from ms25_suite.architectures.testing import standard_frames
from ms25_suite.core.frames import Frames
from ms25_suite.lammps.plan import LammpsRun, MdPlan
from ms25_suite.lammps.run import run_lammps
from ms25_suite.potentials.batching.graphs import build_graph
from ms25_suite.potentials.evaluate import EdgeEvaluator
from ms25_suite.potentials.workers.lammps import make_route
from tests.helpers.lennard_jones import LennardJonesModel

torch = pytest.importorskip("torch")
pytest.importorskip("lammps")

from tests.helpers.torch_lennard_jones import TorchLennardJones  # noqa: E402

pytestmark = pytest.mark.lammps

STRUCTURES = {
    name: atoms for name, atoms in standard_frames(("Ni", "Cu")).items() if atoms.cell.any()
}


def _start() -> Frames:
    atoms: Atoms = bulk("Cu", cubic=True) * (3, 3, 3)
    atoms.symbols[::3] = "Ni"
    atoms.rattle(0.1, seed=2)
    return Frames.from_atoms([atoms])


def _run(model: object, plan: MdPlan) -> LammpsRun:
    frame = _start()
    return run_lammps(make_route(EdgeEvaluator(model), frame), frame, plan)


@pytest.mark.parametrize("ensemble", ["nve", "npt"])
def test_the_same_dynamics_as_on_the_host(ensemble: str) -> None:
    """Hot and with a thin skin, so that the list is rebuilt and LAMMPS reorders its atoms."""
    plan = MdPlan(
        ensemble=ensemble,
        n_steps=40,
        temperature_K=900.0,
        timestep_fs=1.0,
        skin_A=0.2,
        thermo_every=5,
    )
    host, device = (_run(model, plan) for model in (LennardJonesModel(), TorchLennardJones()))
    assert device.neighbour_builds > 2
    assert device.route == "fix external"
    np.testing.assert_allclose(device.energy, host.energy, rtol=1e-12)
    np.testing.assert_allclose(device.forces, host.forces, rtol=0, atol=1e-11)
    np.testing.assert_allclose(device.stress, host.stress, rtol=0, atol=1e-13)
    np.testing.assert_allclose(device.thermo.total_eV, host.thermo.total_eV, rtol=1e-9)
    np.testing.assert_allclose(device.thermo.pressure_bar, host.thermo.pressure_bar, rtol=1e-6)


def test_pairs_are_found_only_when_it_is_due(monkeypatch: pytest.MonkeyPatch) -> None:
    from ms25_suite.architectures.torch_pairs import TorchPairs

    taken: list[int] = []
    take = TorchPairs._take

    def counted(self: TorchPairs, numbers: object, images: object, positions: object) -> None:
        taken.append(images.build)  # type: ignore[attr-defined]
        take(self, numbers, images, positions)  # type: ignore[arg-type]

    monkeypatch.setattr(TorchPairs, "_take", counted)
    model = TorchLennardJones()
    run = _run(model, MdPlan(ensemble="nve", n_steps=30, temperature_K=900.0, skin_A=0.3))
    assert len(taken) == len(set(taken)) == run.neighbour_builds + 1
    assert len(model.seen) > 2 * len(taken)
    # Each edge followed by its reverse, and none beyond the cutoff.
    graph = model.seen[-1]
    assert graph.in_pairs
    assert torch.equal(graph.senders[::2], graph.receivers[1::2])
    assert torch.equal(graph.vectors[::2], -graph.vectors[1::2])
    assert float(graph.vectors.norm(dim=1).max()) <= model.info.r_max


@pytest.mark.parametrize("name", STRUCTURES)
def test_edges_of_each_kind_of_frame(name: str) -> None:
    """Cells smaller than the cutoff, skewed ones, slabs and clusters; each pair once."""
    model = TorchLennardJones()
    frame = Frames.from_atoms([STRUCTURES[name]])
    plan = MdPlan(ensemble="nve", n_steps=1)
    run = run_lammps(make_route(EdgeEvaluator(model), frame), frame, plan)
    expected = EdgeEvaluator(LennardJonesModel()).predict(frame)
    np.testing.assert_allclose(run.energy, expected.energy[0], rtol=1e-12)
    # Rotated to the axes of LAMMPS and back.
    np.testing.assert_allclose(run.forces, expected.forces, rtol=0, atol=1e-11)
    n_edges = len(build_graph(frame, model.info.r_max).senders)
    assert len(model.seen[0].senders) == n_edges


def test_a_minimisation() -> None:
    plan = MdPlan(ensemble="minimize", n_steps=20)
    host, device = (_run(model, plan) for model in (LennardJonesModel(), TorchLennardJones()))
    assert device.thermo.potential_eV[-1] < device.thermo.potential_eV[0]
    np.testing.assert_allclose(device.thermo.potential_eV, host.thermo.potential_eV, rtol=1e-9)


def test_a_system_that_does_not_fit_is_named() -> None:
    from ms25_suite.core.errors import OutOfMemoryError

    model = TorchLennardJones()

    def full(graph: object) -> None:
        msg = "CUDA out of memory. Tried to allocate 3.00 GiB"
        raise torch.cuda.OutOfMemoryError(msg)

    model.evaluate_tensors = full  # type: ignore[method-assign, assignment]
    with pytest.raises(OutOfMemoryError, match="a frame of 108 atoms does not fit"):
        _run(model, MdPlan(ensemble="nve", n_steps=1))
