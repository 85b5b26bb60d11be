"""Forces and stresses from the derivatives of the energy with respect to the edges, in NumPy."""

from __future__ import annotations

import itertools

import numpy as np

from ms25_suite.core.frames import FloatArray, Frames, IntArray, to_voigt
from ms25_suite.potentials.base import Graph

__all__ = ["forces_and_virials", "stresses"]


def forces_and_virials(graph: Graph, gradient: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Forces and strain derivatives from the derivatives of the energy by the edges.

    With ``D_ij = r_j - r_i``, the chain rule gives ``F_i = sum_j dE/dD_ij - sum_j dE/dD_ji``. A
    homogeneous strain turns every ``D`` into ``(1 + strain) D``, so that the derivative of the
    energy with respect to strain is ``sum_ij D_ij (x) dE/dD_ij``.

    Parameters
    ----------
    graph
        The graph, with the edges of a frame together and in the order of the frames.
    gradient
        ``dE/dD`` in eV/Å, shape ``(n_edges, 3)``.

    Returns
    -------
    :
        Forces in eV/Å, shape ``(n_atoms, 3)``, and derivatives by strain in eV, shape
        ``(n_graphs, 3, 3)``.
    """
    n_atoms = len(graph.numbers)
    # An atom moves the vectors of edges from it backwards and of edges to it forwards.
    forces = _sum_by(graph.senders, gradient, n_atoms) - _sum_by(graph.receivers, gradient, n_atoms)
    # The edges of a frame are consecutive, so each virial is one product of two slices.
    ends = np.searchsorted(graph.graph_of_atom[graph.senders], np.arange(graph.n_graphs + 1))
    virials = [graph.vectors[a:b].T @ gradient[a:b] for a, b in itertools.pairwise(ends.tolist())]
    return forces, np.stack(virials)


def _sum_by(index: IntArray, values: FloatArray, n: int) -> FloatArray:
    """Sums of the rows of ``values`` with the same index, shape ``(n, n_columns)``."""
    # bincount, since NumPy's values[index] += … counts a repeated index once.
    columns = [np.bincount(index, weights=column, minlength=n) for column in values.T]
    return np.stack(columns, axis=1)


def stresses(frames: Frames, virials: FloatArray) -> FloatArray:
    """Virial over volume.

    Parameters
    ----------
    frames
        The frames.
    virials
        Derivatives of their energies by strain in eV, shape ``(n_frames, 3, 3)``. They are
        symmetric for an energy that rotations leave unchanged; what rounding leaves is averaged.

    Returns
    -------
    :
        Stresses in eV/Å^3, Voigt order, shape ``(n_frames, 6)``; NaN for a frame that is not
        periodic in all three directions.
    """
    virial = to_voigt(virials)
    stress = np.full((len(frames), 6), np.nan)
    # A slab or a molecule has no volume to divide by.
    periodic = frames.pbc.all(axis=1) & (frames.volumes > 0.0)
    stress[periodic] = virial[periodic] / frames.volumes[periodic, None]
    return stress
