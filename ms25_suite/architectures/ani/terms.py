"""Features of ANI and the derivative of an energy of them, compiled for the CPU by Numba.

TorchANI writes each triple as rows of 32 numbers to memory, several times. Here the terms of a
triple are added to the features at once: the same numbers to rounding, in a fraction of the time.
Terms: Smith, Isayev and Roitberg, Chem. Sci. 8, 3192 (2017), equations 2 to 4, with TorchANI's
factors.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ms25_suite.core.frames import FloatArray, IntArray

if TYPE_CHECKING:
    from ms25_suite.potentials.base import Graph

__all__ = ["AniTerms", "Environment"]


class _Radial(NamedTuple):
    cutoff: float
    eta: float
    shifts: FloatArray


class _Angular(NamedTuple):
    cutoff: float
    eta: float
    zeta: float
    shifts: FloatArray
    cosines: FloatArray
    sines: FloatArray
    first: IntArray  # first feature of a pair of elements, shape (n_elements, n_elements)


class _Edges(NamedTuple):
    kinds: IntArray  # index of the element of atom j
    vectors: FloatArray
    lengths: FloatArray
    ends: FloatArray  # cutoff function and its derivative
    slopes: FloatArray


@dataclass(frozen=True, slots=True)
class Environment:
    """Features of atoms, and intermediate values that their derivative needs.

    Parameters
    ----------
    features
        Atomic environment vectors, shape ``(n_atoms, n_features)``.
    senders
        Atom i of each edge, shape ``(n_edges,)``.
    edges
        All edges.
    near
        Indices of the edges that are sides of triples, ordered by atom i, shape ``(n_near,)``.
    sides
        The edges of ``near``.
    starts
        Index in ``near`` of the first side of each atom, and the total number, shape
        ``(n_atoms + 1,)``.
    gaussians
        Radial terms of the edges without the cutoff function, shape ``(n_edges, n_shifts)``.
    triple_gaussians
        Radial terms of the triples without it, shape ``(n_triples, n_angular_shifts)``.
    powers
        Angular terms with the exponent ``zeta - 1``, shape ``(n_triples, n_sections)``.
    """

    features: FloatArray
    senders: IntArray
    edges: _Edges
    near: IntArray
    sides: _Edges
    starts: IntArray
    gaussians: FloatArray
    triple_gaussians: FloatArray
    powers: FloatArray


class AniTerms:
    """The features of one network.

    Parameters
    ----------
    computer
        ``torchani.aev.AEVComputer`` for which `supports` is true.
    """

    def __init__(self, computer: Any) -> None:
        # Numba takes a second to import, and is optional.
        from ms25_suite.architectures.ani import kernels as ani_kernels

        self._kernels: Any = ani_kernels
        radial, angular = computer.radial, computer.angular

        def numbers(values: Any) -> FloatArray:
            return np.ascontiguousarray(values.detach().double().cpu().numpy())

        sections = numbers(angular.sections)
        self._n_features = int(computer.out_dim)
        self._radial = _Radial(float(radial.cutoff), float(radial.eta), numbers(radial.shifts))
        self._angular = _Angular(
            float(angular.cutoff),
            float(angular.eta),
            float(angular.zeta),
            numbers(angular.shifts),
            np.cos(sections),
            np.sin(sections),
            # The angular features follow the radial ones, a block for each pair of elements.
            int(computer.radial_len)
            + int(angular.num_feats) * computer.triu_index.cpu().numpy().astype(np.int64),
        )

    @staticmethod
    def supports(computer: Any) -> bool:
        """Whether the network has the terms of ANI with the cosine cutoff, and Numba is there."""
        from torchani.aev import ANIAngular, ANIRadial
        from torchani.cutoffs import CutoffCosine

        return (
            type(getattr(computer, "radial", None)) is ANIRadial
            and type(getattr(computer, "angular", None)) is ANIAngular
            and type(computer.radial.cutoff_fn) is CutoffCosine
            and type(computer.angular.cutoff_fn) is CutoffCosine
            and float(computer.angular.zeta) >= 1.0  # the kernels take one power less
            and find_spec("numba") is not None
        )

    def environment(self, graph: Graph, species: IntArray) -> Environment:
        """Features of all atoms.

        Parameters
        ----------
        graph
            Atoms and edges, with no edge longer than the cutoff of pairs.
        species
            Index of the element of each atom, shape ``(n_atoms,)``.
        """
        n_atoms = len(species)
        radial, angular, kernels = self._radial, self._angular, self._kernels
        features = np.zeros((n_atoms, self._n_features))
        kinds = species[graph.receivers]
        lengths = np.sqrt(np.einsum("ij,ij->i", graph.vectors, graph.vectors))
        edges = _edges(kinds, graph.vectors, lengths, radial.cutoff)
        gaussians = lengths[:, None] - radial.shifts
        gaussians *= gaussians
        gaussians *= -radial.eta
        np.exp(gaussians, out=gaussians)
        # TorchANI's factor; equation 3 of the paper has none.
        gaussians *= 0.25
        kernels.pairs(graph.senders, edges, gaussians, features)
        near = np.flatnonzero(lengths <= angular.cutoff)
        # The sides of an atom must lie together, for the loop over its pairs of sides.
        near = near[np.argsort(graph.senders[near], kind="stable")]
        sides = _edges(kinds[near], graph.vectors[near], lengths[near], angular.cutoff)
        counts = np.bincount(graph.senders[near], minlength=n_atoms)
        starts = np.concatenate([[0], np.cumsum(counts)])
        # n sides make n (n - 1) / 2 triples.
        n_triples = int((counts * (counts - 1) // 2).sum())
        triple_gaussians = np.empty((n_triples, len(angular.shifts)))
        powers = np.empty((n_triples, len(angular.cosines)))
        kernels.triples(starts, sides, angular, features, triple_gaussians, powers)
        return Environment(
            features=features,
            senders=graph.senders,
            edges=edges,
            near=near,
            sides=sides,
            starts=starts,
            gaussians=gaussians,
            triple_gaussians=triple_gaussians,
            powers=powers,
        )

    def gradient(self, found: Environment, slope: FloatArray) -> FloatArray:
        """Derivative of an energy with respect to the edges.

        Parameters
        ----------
        found
            The features.
        slope
            Derivative of the energy with respect to them, shape ``(n_atoms, n_features)``.

        Returns
        -------
        :
            The derivative with respect to each directed edge, shape ``(n_edges, 3)``.
        """
        gradient = np.empty_like(found.edges.vectors)
        self._kernels.pairs_back(
            found.senders, found.edges, self._radial, slope, found.gaussians, gradient
        )
        of_sides = np.zeros_like(found.sides.vectors)
        self._kernels.triples_back(
            found.starts,
            found.sides,
            self._angular,
            slope,
            found.triple_gaussians,
            found.powers,
            of_sides,
        )
        # `near` has no index twice: NumPy's += would add only one of them.
        gradient[found.near] += of_sides
        return gradient


def _edges(kinds: IntArray, vectors: FloatArray, lengths: FloatArray, cutoff: float) -> _Edges:
    """Edges with the cosine cutoff function, which is zero beyond the cutoff."""
    phase = np.pi / cutoff * np.minimum(lengths, cutoff)
    ends = 0.5 * np.cos(phase) + 0.5
    slopes = -0.5 * np.pi / cutoff * np.sin(phase)
    slopes[lengths > cutoff] = 0.0
    return _Edges(kinds, vectors, lengths, ends, slopes)
