from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.lj import LennardJones
from ase.neighborlist import neighbor_list

from ms25_suite.architectures.testing import standard_frames
from ms25_suite.core.errors import OutOfMemoryError, PotentialError
from ms25_suite.core.frames import FloatArray, Frames
from ms25_suite.potentials.base import Graph, ModelInfo
from ms25_suite.potentials.batching.graphs import batches, build_graph
from ms25_suite.potentials.evaluate import EdgeEvaluator
from tests.helpers.edges import ordered
from tests.helpers.lennard_jones import LennardJonesModel

STRUCTURES = standard_frames(("Ni", "Cu"))


@pytest.mark.parametrize("name", STRUCTURES)
def test_edges_are_those_of_ase(name: str) -> None:
    atoms = STRUCTURES[name]
    graph = build_graph(Frames.from_atoms([atoms]), 5.0)
    i, j, vectors = neighbor_list("ijD", atoms, 5.0)
    np.testing.assert_allclose(
        ordered(graph.senders, graph.receivers, graph.vectors), ordered(i, j, vectors), atol=1e-8
    )


def test_forces_and_stress_of_a_mixed_batch_are_those_of_ase() -> None:
    images = [atoms.copy() for atoms in STRUCTURES.values()]
    frames = Frames.from_atoms(images)
    found = EdgeEvaluator(LennardJonesModel()).predict(frames)
    for index, atoms in enumerate(images):
        atoms.calc = LennardJones(epsilon=0.3, sigma=2.2, rc=5.0)
        rows = slice(frames.offsets[index], frames.offsets[index + 1])
        assert found.energy[index] == pytest.approx(
            atoms.get_potential_energy(), rel=1e-12, abs=1e-10
        )
        np.testing.assert_allclose(found.forces[rows], atoms.get_forces(), atol=1e-10)
        if atoms.pbc.all():
            np.testing.assert_allclose(found.stress[index], atoms.get_stress(), atol=1e-10)
        else:
            assert np.isnan(found.stress[index]).all()


def test_batches_do_not_change_the_numbers() -> None:
    frames = Frames.from_atoms([atoms.copy() for atoms in STRUCTURES.values()])
    one = EdgeEvaluator(LennardJonesModel(), batch_atoms=1).predict(frames)
    many = EdgeEvaluator(LennardJonesModel(), batch_atoms=10_000).predict(frames)
    np.testing.assert_allclose(one.energy, many.energy, atol=1e-12)
    np.testing.assert_allclose(one.forces, many.forces, atol=1e-12)
    np.testing.assert_allclose(one.stress, many.stress, atol=1e-12)


def test_frames_without_any_edge_have_no_forces() -> None:
    lone = Atoms("Ni", cell=[30, 30, 30], pbc=True)
    found = EdgeEvaluator(LennardJonesModel()).predict(Frames.from_atoms([lone, lone]))
    np.testing.assert_array_equal(found.forces, 0.0)
    np.testing.assert_array_equal(found.stress, 0.0)


@pytest.mark.parametrize(
    ("limit", "expected"),
    [(1, [[0], [1], [2], [3]]), (5, [[0, 1], [2], [3]]), (100, [[0, 1, 2, 3]])],
)
def test_batches_are_consecutive_and_never_empty(limit: int, expected: list[list[int]]) -> None:
    found = [chosen.tolist() for chosen in batches(np.array([2, 3, 9, 1]), limit)]
    assert found == expected


class _SmallMemory(LennardJonesModel):
    """Fails as PyTorch does when a batch has more than ``most`` atoms."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most
        self.calls = 0

    def evaluate(self, graph: Graph) -> tuple[FloatArray, FloatArray]:
        self.calls += 1
        if len(graph.numbers) > self.most:
            msg = "DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"
            raise RuntimeError(msg)
        return super().evaluate(graph)


def test_a_batch_that_does_not_fit_is_halved() -> None:
    frames = Frames.from_atoms([bulk("Cu", cubic=True)] * 20)
    evaluator = EdgeEvaluator(_SmallMemory(12), batch_atoms=80)
    expected = EdgeEvaluator(LennardJonesModel()).predict(frames)
    np.testing.assert_allclose(evaluator.predict(frames).energy, expected.energy)
    assert evaluator.limit.value <= 12


def test_a_frame_that_does_not_fit_is_an_error_with_a_name() -> None:
    frames = Frames.from_atoms([bulk("Cu", cubic=True)])
    with pytest.raises(OutOfMemoryError, match="a frame of 4 atoms does not fit"):
        EdgeEvaluator(_SmallMemory(3)).predict(frames)


def test_other_errors_of_a_model_are_not_mistaken_for_memory() -> None:
    class Broken(LennardJonesModel):
        def evaluate(self, graph: Graph) -> tuple[FloatArray, FloatArray]:
            msg = "expected scalar type Double"
            raise RuntimeError(msg)

    with pytest.raises(RuntimeError, match="scalar type"):
        EdgeEvaluator(Broken()).predict(Frames.from_atoms([bulk("Cu")]))


def test_a_model_must_state_its_cutoff() -> None:
    class Unknown(LennardJonesModel):
        @property
        def info(self) -> ModelInfo:
            return ModelInfo(elements=(28,))

    with pytest.raises(PotentialError, match="r_max"):
        EdgeEvaluator(Unknown())


def test_molecules_of_ase_give_frames() -> None:
    frames = Frames.from_atoms([molecule("CH4"), bulk("Cu")])
    assert frames.elements == (1, 6, 29)
    assert frames.atoms(0).get_chemical_formula() == "CH4"
    assert frames.select([1, 0]).n_atoms.tolist() == [1, 5]
