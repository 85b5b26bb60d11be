"""Features of ANI and the derivative of an energy of them, compiled for the CPU by Numba.

TorchANI forms every triple as rows of 32 numbers in memory, several times over. Here a triple is
added up where it is met: the same numbers to rounding, at a fraction of the time. Terms:
Smith, Isayev and Roitberg, Chem. Sci. 8, 3192 (2017), equations 2 to 4, with TorchANI's factors.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ms25_suite.frames import FloatArray, IntArray

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


@dataclass(frozen=True, slots=True)
class Environment:
    """Features of atoms, and what their derivative needs again.

    Parameters
    ----------
    features
        Atomic environment vectors, shape ``(n_atoms, n_features)``.
    senders
        Atom i of each edge, shape ``(n_edges,)``.
    kinds
        Index of the element of atom j of each edge, shape ``(n_edges,)``.
    vectors
        ``r_j - r_i`` of each edge in Å, shape ``(n_edges, 3)``.
    lengths
        Their lengths in Å, shape ``(n_edges,)``.
    near
        Edges of triples, ordered by their atom i, shape ``(n_near,)``.
    starts
        Where those of each atom start in ``near``, and the end, shape ``(n_atoms + 1,)``.
    gaussians
        Radial terms of the edges without the cutoff function, shape ``(n_edges, n_shifts)``.
    triple_gaussians
        Radial terms of the triples without it, shape ``(n_triples, n_angular_shifts)``.
    powers
        Angular terms, but with an exponent that is smaller by one, shape
        ``(n_triples, n_sections)``.
    """

    features: FloatArray
    senders: IntArray
    kinds: IntArray
    vectors: FloatArray
    lengths: FloatArray
    near: IntArray
    starts: IntArray
    gaussians: FloatArray
    triple_gaussians: FloatArray
    powers: FloatArray


class AniTerms:
    """The features of one network.

    Parameters
    ----------
    computer
        ``torchani.aev.AEVComputer`` that `supports` says yes to.
    """

    def __init__(self, computer: Any) -> None:
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
        angular = self._angular
        kinds = species[graph.receivers]
        features = np.zeros((n_atoms, self._n_features))
        lengths = np.sqrt(np.einsum("ij,ij->i", graph.vectors, graph.vectors))
        radial = self._radial
        gaussians = lengths[:, None] - radial.shifts
        gaussians *= gaussians
        gaussians *= -radial.eta
        np.exp(gaussians, out=gaussians)
        gaussians *= 0.25
        kernels = _kernels()
        kernels.pairs(graph.senders, kinds, lengths, radial, gaussians, features)
        near = np.flatnonzero(lengths <= angular.cutoff)
        near = near[np.argsort(graph.senders[near], kind="stable")]
        counts = np.bincount(graph.senders[near], minlength=n_atoms)
        n_triples = int((counts * (counts - 1) // 2).sum())
        environment = Environment(
            features=features,
            senders=graph.senders,
            kinds=kinds,
            vectors=graph.vectors,
            lengths=lengths,
            near=near,
            starts=np.concatenate([[0], np.cumsum(counts)]),
            gaussians=gaussians,
            triple_gaussians=np.empty((n_triples, len(angular.shifts))),
            powers=np.empty((n_triples, len(angular.cosines))),
        )
        kernels.triples(
            near,
            environment.starts,
            kinds,
            graph.vectors,
            lengths,
            angular,
            features,
            environment.triple_gaussians,
            environment.powers,
        )
        return environment

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
        gradient = np.empty_like(found.vectors)
        kernels = _kernels()
        kernels.pairs_back(
            found.senders,
            found.kinds,
            found.vectors,
            found.lengths,
            self._radial,
            slope,
            found.gaussians,
            gradient,
        )
        kernels.triples_back(
            found.near,
            found.starts,
            found.kinds,
            found.vectors,
            found.lengths,
            self._angular,
            slope,
            found.triple_gaussians,
            found.powers,
            gradient,
        )
        return gradient


def _kernels() -> Any:
    """Compiled functions; imported late, as Numba takes a second to import."""
    from ms25_suite.potentials import ani_kernels

    return ani_kernels
