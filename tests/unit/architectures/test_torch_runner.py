"""Evaluation as on a GPU, with tensors on the CPU."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms

from ms25_suite.architectures.testing import standard_frames
from ms25_suite.core.frames import Frames
from ms25_suite.potentials.batching.graphs import build_graph
from ms25_suite.potentials.batching.profile import Profile
from ms25_suite.potentials.batching.sums import forces_and_virials
from ms25_suite.potentials.evaluate import EdgeEvaluator
from tests.helpers.lennard_jones import LennardJonesModel

torch = pytest.importorskip("torch")

from ms25_suite.architectures.torch_graph import tensor_graph  # noqa: E402
from ms25_suite.architectures.torch_runner import device_sums  # noqa: E402
from tests.helpers.torch_lennard_jones import TorchLennardJones  # noqa: E402

FRAMES = Frames.from_atoms(standard_frames(("Ni", "Cu")).values())


def _close(found: np.ndarray, expected: np.ndarray, tolerance: float) -> None:
    assert found.shape == expected.shape
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
    assert np.nanmax(np.abs(found - expected)) <= tolerance * np.nanmax(np.abs(expected))


@pytest.mark.parametrize("gradient_type", ["float64", "float32"])
def test_sums_on_the_device_are_those_of_numpy(gradient_type: str) -> None:
    """Whatever the gradient is, and also if it is not antisymmetric."""
    graph = build_graph(FRAMES, 5.0)
    rng = np.random.default_rng(3)
    gradient = rng.normal(size=graph.vectors.shape).astype(gradient_type)
    forces, virials = forces_and_virials(graph, gradient.astype(np.float64))
    model = TorchLennardJones()
    found = device_sums(tensor_graph(model, graph), torch.from_numpy(gradient))
    _close(found[0].numpy(), forces, 1e-12)
    _close(found[1].numpy(), virials, 1e-12)
    assert found[0].dtype == found[1].dtype == torch.float64


@pytest.mark.parametrize("threads", [0, 1, 3])
def test_predictions_are_those_of_the_host(threads: int) -> None:
    """Every kind of cell in one prediction, in the order of the frames."""
    expected = EdgeEvaluator(LennardJonesModel()).predict(FRAMES)
    for batch_atoms in (None, 40):
        found = EdgeEvaluator(TorchLennardJones(), batch_atoms, threads=threads).predict(FRAMES)
        _close(found.energy, expected.energy, 1e-12)
        _close(found.forces, expected.forces, 1e-12)
        _close(found.stress, expected.stress, 1e-12)


def test_a_float32_model_is_summed_in_double_precision() -> None:
    single = EdgeEvaluator(TorchLennardJones(dtype="float32")).predict(FRAMES)
    double = EdgeEvaluator(LennardJonesModel()).predict(FRAMES)
    _close(single.forces, double.forces, 1e-5)
    # The forces of all edges cancel in each frame, also where their digits are few.
    for index in range(len(FRAMES)):
        total = single.forces[FRAMES.atoms_of(index)].sum(axis=0)
        assert np.abs(total).max() < 1e-12 * np.abs(single.forces).max()


def test_lone_atoms_have_no_edges() -> None:
    lone = Frames.from_atoms([Atoms("Ni", cell=[30, 30, 30], pbc=True)] * 3)
    found = EdgeEvaluator(TorchLennardJones()).predict(lone)
    np.testing.assert_array_equal(found.forces, 0.0)
    np.testing.assert_array_equal(found.stress, 0.0)


def test_parts_of_the_time_are_known() -> None:
    profile = Profile()
    EdgeEvaluator(TorchLennardJones(), 40, threads=1).predict(FRAMES, profile=profile)
    assert sum(batch.n_frames for batch in profile.batches) == len(FRAMES)
    assert sum(batch.n_atoms for batch in profile.batches) == len(FRAMES.numbers)
    seconds = profile.seconds()
    assert all(seconds[part] > 0 for part in ("neighbours", "transfer", "model", "sums"))
    assert seconds["model"] < profile.wall_s


def test_inputs_arrive_with_their_types_and_shapes() -> None:
    """All arrays travel in one block of memory."""
    model = TorchLennardJones()
    given = {
        "lone": np.zeros(4),
        "flag": np.array([[True, False, True]]),
        "small": np.array([7], dtype=np.int32),
        "empty": np.zeros((0, 3), dtype=np.float32),
        "single": np.array([[1.5], [2.5]], dtype=np.float32),
    }
    model.inputs = lambda graph: given  # type: ignore[method-assign]
    graph = build_graph(FRAMES.select([3]), 5.0)
    staged = model.runner.stage(graph)
    for name, values in given.items():
        found = staged.graph.inputs[name].numpy()
        np.testing.assert_array_equal(found, values)
        assert found.dtype == values.dtype
    np.testing.assert_array_equal(staged.graph.vectors.numpy(), graph.vectors)
