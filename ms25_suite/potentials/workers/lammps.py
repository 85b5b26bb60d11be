"""Functions that LAMMPS calls by ``fix external``, for the potential of a worker."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ms25_suite.core.errors import UsageError
from ms25_suite.core.frames import FloatArray, Frames, IntArray, from_voigt
from ms25_suite.core.inputs import Inputs
from ms25_suite.lammps.fix_external import ExternalEdges, ExternalFrames, ExternalImages
from ms25_suite.lammps.images import Images
from ms25_suite.potentials.base import (
    DeviceDynamics,
    EdgeModel,
    Evaluator,
    ForceModel,
    Graph,
    ModelInfo,
)
from ms25_suite.potentials.batching.memory import is_out_of_memory, out_of_memory
from ms25_suite.potentials.evaluate import EdgeEvaluator

if TYPE_CHECKING:
    from ms25_suite.lammps.run import Route

__all__ = ["DeviceFunction", "EvaluatorFunction", "ModelFunction", "make_route"]


def make_route(
    evaluator: Evaluator, frame: Frames, on_step: Callable[[], None] = lambda: None
) -> Route:
    """Route by which LAMMPS calls a potential.

    An edge model gets LAMMPS' own neighbour list, or finds neighbours itself on a device; any other
    potential gets whole frames.

    Parameters
    ----------
    evaluator
        The loaded potential.
    frame
        The start, for its charge, spin, …, which stay what they are.
    on_step
        Called after each evaluation.

    Raises
    ------
    UsageError
        The model reads an input of the frame that LAMMPS cannot carry along.
    """
    if isinstance(evaluator, EdgeEvaluator):
        inputs = _of_the_system(frame.inputs, evaluator.info)
        runner = evaluator.model.runner
        if runner is not None:
            steps = runner.dynamics(evaluator.cutoff, inputs)
            return ExternalImages(DeviceFunction(steps, evaluator.cutoff), on_step)
        return ExternalEdges(ModelFunction(evaluator.model, evaluator.cutoff, inputs), on_step)
    return ExternalFrames(EvaluatorFunction(evaluator), on_step)


def _of_the_system(inputs: Inputs, info: ModelInfo) -> Inputs:
    """Inputs that a model reads, all of them single values of the whole system.

    LAMMPS turns the axes and reorders the atoms: vectors and values of atoms would be wrong.
    """
    read = {name: inputs[name] for name in inputs if name in (info.inputs or ())}
    bad = [name for name, one in read.items() if one.per == "atom" or one.values.ndim > 1]
    if bad:
        msg = (
            f"the model reads `{'`, `'.join(bad)}`, which has a value for each atom or a "
            "direction: LAMMPS cannot carry it along, so that the run would be one of another "
            "system. Use frames without it"
        )
        raise UsageError(msg)
    return Inputs(read)


class ModelFunction:
    """An edge model as a `ms25_suite.lammps.fix_external.EdgeFunction`."""

    def __init__(
        self, model: EdgeModel | ForceModel, cutoff: float, inputs: Inputs | None = None
    ) -> None:
        self.cutoff = cutoff
        self._inputs = inputs or Inputs()
        self.model_s = 0.0
        self._model = model

    def __call__(
        self, numbers: IntArray, senders: IntArray, receivers: IntArray, vectors: FloatArray
    ) -> tuple[float, FloatArray, FloatArray]:
        """Energy, forces and virial of the edges.

        Raises
        ------
        OutOfMemoryError
            The frame does not fit into the memory of the worker.
        """
        n_atoms = len(numbers)
        # One frame: all atoms belong to graph 0.
        of_atom = np.zeros(n_atoms, dtype=np.int64)
        graph = Graph(numbers, senders, receivers, vectors, of_atom, 1, self._inputs)
        start = time.perf_counter()
        try:
            answer = self._model.evaluate(graph)
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            raise out_of_memory(n_atoms, error) from error
        finally:
            self.model_s += time.perf_counter() - start
        # A compiled model sums forces and virial itself.
        if len(answer) == 3:
            return float(answer[0][0]), answer[1], answer[2][0]
        energy, gradient = answer
        # The sums of `ms25_suite.potentials.batching.sums`, with both directions of a pair
        # combined: since D_ji = -D_ij, only the difference of the two derivatives enters.
        # The second half of the edges is the first half reversed (`NeighbourList.edges`).
        n_pairs = len(senders) // 2
        pull = gradient[:n_pairs] - gradient[n_pairs:]
        first, second = senders[:n_pairs], receivers[:n_pairs]
        forces = np.empty((n_atoms, 3))
        for axis in range(3):
            column = np.ascontiguousarray(pull[:, axis])
            # bincount adds up repeated indices, one contiguous column at a time.
            forces[:, axis] = np.bincount(first, weights=column, minlength=n_atoms)
            forces[:, axis] -= np.bincount(second, weights=column, minlength=n_atoms)
        return float(energy[0]), forces, vectors[:n_pairs].T @ pull


class DeviceFunction:
    """A model on a device as a `ms25_suite.lammps.fix_external.ImageFunction`."""

    def __init__(self, steps: DeviceDynamics, cutoff: float) -> None:
        self.cutoff = cutoff
        self.model_s = 0.0
        self._steps = steps

    def on_images(self, numbers: IntArray, images: Images) -> tuple[float, FloatArray, FloatArray]:
        """Energy, forces and virial of atoms and their images.

        Raises
        ------
        OutOfMemoryError
            The frame does not fit into the memory of the device.
        """
        start = time.perf_counter()
        try:
            return self._steps.step(numbers, images)
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            raise out_of_memory(len(numbers), error) from error
        finally:
            self.model_s += time.perf_counter() - start


class EvaluatorFunction:
    """Any potential as a `ms25_suite.lammps.fix_external.FrameFunction`."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.model_s = 0.0
        self._evaluator = evaluator

    def __call__(self, frame: Frames) -> tuple[float, FloatArray, FloatArray | None]:
        """Energy in eV, forces in eV/Å and virial in eV of a frame; None without a stress."""
        start = time.perf_counter()
        found = self._evaluator.predict(frame)
        self.model_s += time.perf_counter() - start
        assert found.energy is not None
        assert found.forces is not None
        virial = None
        if found.stress is not None and frame.pbc.all():
            # LAMMPS takes an energy: stress times volume.
            virial = from_voigt(found.stress[0]) * float(frame.volumes[0])
        return float(found.energy[0]), found.forces, virial
