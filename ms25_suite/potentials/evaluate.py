"""Evaluation of an edge model: energies, forces and stresses of any number of frames."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from ms25_suite.core.errors import OutOfMemoryError, PotentialError
from ms25_suite.core.frames import FloatArray, Frames, IntArray, Predictions, to_voigt
from ms25_suite.potentials.base import EdgeModel, ForceModel, Graph, ModelInfo
from ms25_suite.potentials.neighbours import neighbours

__all__ = ["EdgeEvaluator", "batches", "build_graph", "forces_and_stress", "is_out_of_memory"]

BATCH_ATOMS = 512
"""Most atoms in a batch: larger ones exceed the caches of a CPU and are slower (measured for
MACE)."""


def build_graph(frames: Frames, cutoff: float) -> Graph:
    """Graph with the edges of all frames that are within the cutoff.

    Parameters
    ----------
    frames
        Frames of any size and periodicity; cells may be smaller than the cutoff.
    cutoff
        Longest edge in Å.
    """
    parts: list[tuple[IntArray, IntArray, FloatArray]] = []
    for index in range(len(frames)):
        first, last = int(frames.offsets[index]), int(frames.offsets[index + 1])
        i, j, vectors = neighbours(
            frames.positions[first:last], frames.cells[index], frames.pbc[index], cutoff
        )
        # Numbers of atoms in the whole batch: no edge joins two frames.
        parts.append((i + first, j + first, vectors))
    return Graph(
        numbers=np.asarray(frames.numbers, dtype=np.int64),
        senders=np.concatenate([part[0] for part in parts]),
        receivers=np.concatenate([part[1] for part in parts]),
        vectors=np.concatenate([part[2] for part in parts]),
        graph_of_atom=frames.frame_of_atom,
        n_graphs=len(frames),
        inputs=frames.inputs,
    )


def _sum_by(index: IntArray, values: FloatArray, n: int) -> FloatArray:
    """Sums of the rows of ``values`` with the same index, shape ``(n, n_columns)``."""
    # bincount, since NumPy's values[index] += … counts a repeated index once.
    columns = [np.bincount(index, weights=column, minlength=n) for column in values.T]
    return np.stack(columns, axis=1)


def forces_and_stress(
    frames: Frames, graph: Graph, gradient: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Forces and stresses from the derivatives of the energy with respect to the edges.

    With ``D_ij = r_j - r_i``, the chain rule gives ``F_i = sum_j dE/dD_ij - sum_j dE/dD_ji``. A
    homogeneous strain turns every ``D`` into ``(1 + strain) D``, so that the derivative of the
    energy with respect to strain is ``sum_ij D_ij (x) dE/dD_ij``; the stress is this over the
    volume.

    Parameters
    ----------
    frames
        The frames.
    graph
        Their graph, from `build_graph`.
    gradient
        ``dE/dD`` in eV/Å, shape ``(n_edges, 3)``.

    Returns
    -------
    :
        Forces in eV/Å, shape ``(n_atoms_total, 3)``, and stresses in eV/Å^3, Voigt order, shape
        ``(n_frames, 6)``; NaN for a frame that is not periodic in all three directions.
    """
    n_atoms = len(frames.numbers)
    # An atom moves the vectors of edges from it backwards and of edges to it forwards.
    forces = _sum_by(graph.senders, gradient, n_atoms) - _sum_by(graph.receivers, gradient, n_atoms)
    # The virial is symmetric for an energy that rotations leave unchanged; to_voigt averages what
    # rounding leaves.
    return forces, _stress(frames, to_voigt(_virial(graph, gradient)))


def _virial(graph: Graph, gradient: FloatArray) -> FloatArray:
    """``sum_ij D_ij (x) dE/dD_ij`` of each frame, shape ``(n_frames, 3, 3)``."""
    # The edges of a frame are consecutive, so each virial is one product of two slices.
    ends = np.searchsorted(graph.graph_of_atom[graph.senders], np.arange(graph.n_graphs + 1))
    return np.stack(
        [graph.vectors[a:b].T @ gradient[a:b] for a, b in itertools.pairwise(ends.tolist())]
    )


def _stress(frames: Frames, virial: FloatArray) -> FloatArray:
    """Virial over volume; NaN for a frame that is not periodic in all three directions."""
    stress = np.full((len(frames), 6), np.nan)
    # A slab or a molecule has no volume to divide by.
    periodic = frames.pbc.all(axis=1) & (frames.volumes > 0.0)
    stress[periodic] = virial[periodic] / frames.volumes[periodic, None]
    return stress


def batches(n_atoms: IntArray, limit: int) -> Iterator[IntArray]:
    """Split frames into consecutive batches of at most ``limit`` atoms, but at least one frame.

    Parameters
    ----------
    n_atoms
        Number of atoms of each frame, shape ``(n_frames,)``.
    limit
        Most atoms in a batch.

    Yields
    ------
    :
        Frame indices of a batch.

    Examples
    --------
    >>> [batch.tolist() for batch in batches(np.array([2, 3, 9, 1]), 5)]
    [[0, 1], [2], [3]]
    """
    start, total = 0, 0
    for index, n in enumerate(n_atoms):
        # Memory grows with atoms (and edges), not with frames: batches are cut by atoms.
        if index > start and total + n > limit:
            yield np.arange(start, index)
            start, total = index, 0
        total += int(n)
    if start < len(n_atoms):
        yield np.arange(start, len(n_atoms))


class EdgeEvaluator:
    """Predictions of an edge model, in batches that fit into the memory.

    Parameters
    ----------
    model
        The loaded model.
    batch_atoms
        Most atoms in a batch; halved, for all later batches too, if the memory is exhausted.

    Attributes
    ----------
    model
        The loaded model.
    cutoff
        Its cutoff in Å.
    """

    def __init__(self, model: EdgeModel | ForceModel, batch_atoms: int = BATCH_ATOMS) -> None:
        if model.info.r_max is None:
            msg = f"{type(model).__name__}.info must state r_max, the cutoff of its edges in Å"
            raise PotentialError(msg)
        self.cutoff = model.info.r_max
        self.model = model
        self.batch_atoms = batch_atoms

    @property
    def info(self) -> ModelInfo:
        """Elements, cutoff and size of the model."""
        return self.model.info

    def predict(self, frames: Frames) -> Predictions:
        """Energies, forces and stresses of all frames.

        Raises
        ------
        OutOfMemoryError
            A single frame does not fit into the memory.
        """
        parts: list[Predictions] = []
        done = 0
        while done < len(frames):
            rest = np.arange(done, len(frames))
            # One batch at a time, since the limit may shrink on the way.
            chosen = rest[next(batches(frames.n_atoms[rest], self.batch_atoms))]
            batch = frames.select(chosen)
            try:
                parts.append(self._evaluate(batch))
            except (MemoryError, RuntimeError) as error:
                if not is_out_of_memory(error):
                    raise
                if len(batch) == 1:
                    raise out_of_memory(len(batch.numbers), error) from error
                # Half of the batch that failed, which may have been smaller than the limit.
                self.batch_atoms = max(1, len(batch.numbers) // 2)
                continue
            done += len(batch)
        return Predictions.concatenate(parts)

    def _evaluate(self, frames: Frames) -> Predictions:
        graph = build_graph(frames, self.cutoff)
        if isinstance(self.model, ForceModel):
            energy, forces, virial = self.model.evaluate(graph)
            # A compiled model returns forces and virials itself.
            stress = _stress(frames, to_voigt(virial))
        else:
            energy, gradient = self.model.evaluate(graph)
            forces, stress = forces_and_stress(frames, graph, gradient)
        return Predictions(energy=energy, forces=forces, stress=stress)


def out_of_memory(n_atoms: int, error: BaseException) -> OutOfMemoryError:
    """Error for a single frame that does not fit into the memory of a worker.

    Parameters
    ----------
    n_atoms
        Number of atoms of the frame.
    error
        What was raised, see `is_out_of_memory`.
    """
    return OutOfMemoryError(
        f"a frame of {n_atoms} atoms does not fit into the memory of the worker ({error}). Use "
        "fewer workers, --dtype=float32, a smaller cell or a larger machine"
    )


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error means exhausted memory, which PyTorch reports as a plain RuntimeError."""
    text = str(error).lower()
    return isinstance(error, MemoryError) or "out of memory" in text or "can't allocate" in text
