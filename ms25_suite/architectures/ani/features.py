"""Features of ANI and their derivatives, computed once and used in every epoch.

The atomic environment vectors of ANI do not depend on the weights. So the energy needs the same
vectors in every epoch, and forces and stress, which are linear in the derivative of the network,
need the same derivatives of their terms. TorchANI's terms are evaluated, and differentiated by
PyTorch, when a frame is first used; afterwards an epoch is the network and a few sums.

A term of a triple is ``P_s(r1, r2) A_z(cos)``: Smith et al., Chem. Sci. 8, 3192 (2017), equation 4.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from ms25_suite.architectures.ani.model import half_list
from ms25_suite.core.frames import FloatArray, Frames, Labels
from ms25_suite.potentials.batching.graphs import build_graph

if TYPE_CHECKING:
    import torch
    from torchani.arch import ANI

__all__ = ["Batch", "FeatureMaker", "predict"]


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Frames without edges between them, as tensors; lengths in Å, energies in eV.

    Parameters
    ----------
    species
        Index of the element of each atom, shape ``(n_atoms,)``.
    graph
        Frame of each atom, shape ``(n_atoms,)``.
    n_atoms
        Atoms of each frame, shape ``(n_frames,)``.
    features
        Atomic environment vectors, shape ``(n_atoms, n_features)``.
    pairs
        Atoms i and j of each pair, each pair once, shape ``(2, n_pairs)``.
    vectors
        ``r_j - r_i`` of each pair, shape ``(n_pairs, 3)``.
    radial_slopes
        Derivatives of the radial terms with respect to the distance, shape ``(n_pairs, n_radial)``.
    sides
        The two pairs of each triple, shape ``(2, n_triples)``.
    blocks
        Row of the angular features, as blocks of a pair of elements, shape ``(n_triples,)``.
    radial
        ``P``, ``dP/dr1`` and ``dP/dr2``, shape ``(3, n_triples, n_shifts)``.
    angular
        ``A`` and ``dA/dcos``, shape ``(2, n_triples, n_sections)``.
    bends
        Derivative of the cosine with respect to the vector of each side, shape
        ``(2, n_triples, 3)``.
    energy
        Label without the energies of the elements, shape ``(n_frames,)``.
    forces
        Labels in eV/Å, shape ``(n_atoms, 3)``.
    virial
        Stress times volume in eV, Voigt order, NaN where there is no stress, shape
        ``(n_frames, 6)``.
    volume
        Volumes in Å^3, shape ``(n_frames,)``.
    """

    species: torch.Tensor
    graph: torch.Tensor
    n_atoms: torch.Tensor
    features: torch.Tensor
    pairs: torch.Tensor
    vectors: torch.Tensor
    radial_slopes: torch.Tensor
    sides: torch.Tensor
    blocks: torch.Tensor
    radial: torch.Tensor
    angular: torch.Tensor
    bends: torch.Tensor
    energy: torch.Tensor
    forces: torch.Tensor
    virial: torch.Tensor
    volume: torch.Tensor

    @property
    def n_bytes(self) -> int:
        """Memory that the tensors take."""
        values = [getattr(self, name) for name in self.__slots__]
        return sum(value.numel() * value.element_size() for value in values)

    def to(self, device: str) -> Self:
        """The same on a device."""
        return type(self)(*(getattr(self, name).to(device) for name in self.__slots__))

    @classmethod
    def join(cls, parts: Sequence[Batch], n_blocks: int) -> Batch:
        """One batch of several.

        Parameters
        ----------
        parts
            Batches, at least one.
        n_blocks
            Blocks of angular features of an atom: pairs of elements.
        """
        import torch

        if len(parts) == 1:
            return parts[0]
        atoms = np.cumsum([0, *(len(part.species) for part in parts)])
        pairs = np.cumsum([0, *(part.pairs.shape[1] for part in parts)])
        frames = np.cumsum([0, *(len(part.n_atoms) for part in parts)])
        # Indices of frames, atoms, pairs and blocks go on from those of the earlier parts.
        shifts = {
            "graph": frames,
            "pairs": atoms,
            "sides": pairs,
            "blocks": n_blocks * atoms,
        }
        # These have their sides, or values and derivatives, in front of the pairs or triples.
        second = {"pairs", "sides", "radial", "angular", "bends"}

        def joined(name: str) -> torch.Tensor:
            values = [getattr(part, name) for part in parts]
            if name in shifts:
                values = [v + int(s) for v, s in zip(values, shifts[name][:-1], strict=True)]
            return torch.cat(values, dim=1 if name in second else 0)

        return cls(*(joined(name) for name in cls.__slots__))


class FeatureMaker:
    """Makes batches of frames, with everything that does not depend on the weights.

    Parameters
    ----------
    network
        The network, on the CPU: its features are used, and its dtype.
    energies
        Energies of the network's elements in eV, shape ``(n_elements,)``.
    """

    def __init__(self, network: ANI, energies: FloatArray) -> None:
        # Distances are differences of large numbers: double precision, whatever the network has.
        self._computer = deepcopy(network.aev_computer).double()
        self._dtype = next(network.parameters()).dtype
        self._energies = np.asarray(energies)
        elements = [int(z) for z in network.atomic_numbers]
        self._index = np.full(max(elements) + 1, -1)
        self._index[elements] = np.arange(len(elements))

    @property
    def n_blocks(self) -> int:
        """Blocks of angular features of an atom: pairs of elements."""
        return int(self._computer.num_species_pairs)

    def make(self, frames: Frames, labels: Labels) -> Batch:
        """A batch of frames with energies and forces, and a stress where a frame has one."""
        import torch
        from torchani.neighbors import Neighbors, discard_outside_cutoff, neighbors_to_triples

        computer, terms = self._computer, self._computer.angular
        graph = build_graph(frames, computer.radial.cutoff)
        keep = half_list(graph)
        pairs = torch.from_numpy(np.stack([graph.senders[keep], graph.receivers[keep]]))
        vectors = torch.from_numpy(graph.vectors[keep])
        species = torch.from_numpy(self._index[graph.numbers])
        # TorchANI's vectors point from the second atom to the first.
        neighbours = Neighbors(pairs, vectors.norm(dim=-1), -vectors)
        # Only the number of atoms is read from the positions; the geometry is in the vectors.
        positions = torch.zeros(1, len(species), 3, dtype=torch.float64)
        features = computer.compute_from_neighbors(species.unsqueeze(0), positions, neighbours)

        # Pairs beyond the shorter angular cutoff are no sides of triples.
        near = discard_outside_cutoff(neighbours, terms.cutoff)
        triples = neighbors_to_triples(near)
        (r1, r2), signs = triples.distances, triples.diff_signs
        # Both vectors run from the ends to the centre, so their cosine is that of the angle.
        unit1, unit2 = triples.diff_vectors / triples.distances.unsqueeze(-1)
        cosine = (unit1 * unit2).sum(-1)

        def along(r1: torch.Tensor, r2: torch.Tensor) -> torch.Tensor:
            # Equation 4: exp(-eta ((r1 + r2) / 2 - shift)^2) fc(r1) fc(r2). All that depends on the
            # distances is in P, so that A depends on the angle only.
            ends = terms.cutoff_fn(r1, terms.cutoff) * terms.cutoff_fn(r2, terms.cutoff)
            found: torch.Tensor = terms.compute_radial(r1[:, None], r2[:, None]) * ends[:, None]
            return found

        _, radial_slopes = _with_slope(computer.radial, neighbours.distances)
        value, slope1 = _with_slope(lambda r: along(r, r2), r1)
        _, slope2 = _with_slope(lambda r: along(r1, r), r2)
        angular = _with_slope(lambda c: terms.compute_cos_angles(c[:, None]), cosine)
        # d cos / d v1 = (u2 - cos u1) / r1 for v1 = r1 u1. It is perpendicular to v1: a pure turn.
        bends = [(unit2 - cosine[:, None] * unit1) / r1[:, None]]
        bends += [(unit1 - cosine[:, None] * unit2) / r2[:, None]]
        # Element at the outer end of each side.
        elements = species[near.indices][:, triples.side_idxs]
        # A sign of 1 means that the centre is the first atom of the pair.
        others = torch.where(signs == 1, elements[1], elements[0])
        block = computer.triu_index[others[0], others[1]]

        def numbers(values: Any) -> torch.Tensor:
            return torch.as_tensor(values).to(self._dtype)

        energy, virial = _labels(frames, labels, self._energies[species.numpy()])
        return Batch(
            species=species,
            graph=torch.from_numpy(frames.frame_of_atom),
            n_atoms=torch.from_numpy(frames.n_atoms),
            features=numbers(features.squeeze(0)),
            pairs=pairs,
            vectors=numbers(vectors),
            radial_slopes=numbers(radial_slopes),
            # TorchANI numbers the near pairs from 0: convert to the numbers of all pairs.
            sides=(neighbours.distances <= terms.cutoff).nonzero().squeeze(-1)[triples.side_idxs],
            blocks=triples.central_idxs * computer.num_species_pairs + block,
            radial=numbers(torch.stack([value, slope1, slope2])),
            angular=numbers(torch.stack(angular)),
            # The vectors of a triple point from its ends to its centre.
            bends=numbers(torch.stack(bends) * -signs.unsqueeze(-1)),
            energy=numbers(energy),
            forces=numbers(np.asarray(labels.forces)),
            virial=numbers(virial),
            volume=numbers(frames.volumes),
        )


def _labels(frames: Frames, labels: Labels, by_atom: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Energies minus the energies of the elements, and stress times volume."""
    energy = np.asarray(labels.energy)
    # The network learns what the elements do not explain: a few eV instead of thousands, which
    # float32 could not resolve.
    energy = energy - np.bincount(frames.frame_of_atom, weights=by_atom, minlength=len(frames))
    stress = np.full((len(frames), 6), np.nan)
    if labels.stress is not None and labels.has_stress is not None:
        stress[labels.has_stress] = labels.stress[labels.has_stress]
    return energy, stress * frames.volumes[:, None]


def _with_slope(
    function: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Values of a function of each number, and their derivatives with respect to that number."""
    import torch

    x = x.detach().requires_grad_(True)
    values = function(x)
    # The sum of weighted slopes is linear in the weights: its derivative is the slopes themselves.
    weights = torch.zeros_like(values, requires_grad=True)
    (weighted,) = torch.autograd.grad(values, [x], grad_outputs=weights, create_graph=True)
    (slopes,) = torch.autograd.grad(weighted.sum(), [weights])
    return values.detach(), slopes


def predict(
    network: ANI, batch: Batch, *, training: bool
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Energies, forces and virials of a network whose weights are in eV.

    Parameters
    ----------
    network
        The network.
    batch
        Frames.
    training
        Whether the result will be differentiated with respect to the weights.

    Returns
    -------
    :
        Energies in eV without those of the elements, shape ``(n_frames,)``; forces in eV/Å, shape
        ``(n_atoms, 3)``; virials (stress times volume) in eV, Voigt order, shape ``(n_frames, 6)``.
    """
    import torch

    computer = network.aev_computer
    features = batch.features.detach().requires_grad_(True)
    species = batch.species
    by_atom = network.neural_networks(species.unsqueeze(0), features.unsqueeze(0), atomic=True)
    by_atom = by_atom.squeeze(0)
    n_frames, n_atoms = len(batch.n_atoms), len(species)
    energy = by_atom.new_zeros(n_frames).index_add(0, batch.graph, by_atom)
    # The weights enter forces and virial through dE/dfeatures only; the rest of the chain rule is
    # stored. `create_graph`: a loss of the forces needs the second derivatives of the network.
    (slope,) = torch.autograd.grad(by_atom.sum(), [features], create_graph=training)

    # dE/dr of each pair: both atoms have a feature of the element of the other one.
    radial, angular = slope.split([computer.radial_len, computer.angular_len], dim=1)
    i, j = batch.pairs
    # Row: atom times number of elements, plus the element of its neighbour.
    blocks = radial.reshape(n_atoms * computer.num_species, -1)
    ends = blocks.index_select(0, i * computer.num_species + species[j])
    ends = ends + blocks.index_select(0, j * computer.num_species + species[i])
    stretch = (batch.radial_slopes * ends).sum(-1)

    # A triple's term is P(r1, r2) A(cos): its sides are stretched by dP and bent by dA.
    n_shifts, n_sections = batch.radial.shape[2], batch.angular.shape[2]
    blocks = angular.reshape(n_atoms * computer.num_species_pairs, n_shifts, n_sections)
    of_triple = blocks.index_select(0, batch.blocks)
    # einsum would be slow here: many products of tiny matrices.
    by_shift = (of_triple * batch.angular[0].unsqueeze(1)).sum(2)
    by_section = (of_triple * batch.radial[0].unsqueeze(2)).sum(1)
    turn = (by_section * batch.angular[1]).sum(-1)
    bend = torch.zeros_like(batch.vectors)
    for side in (0, 1):
        pull = (by_shift * batch.radial[1 + side]).sum(-1)
        stretch = stretch.index_add(0, batch.sides[side], pull)
        bend = bend.index_add(0, batch.sides[side], turn[:, None] * batch.bends[side])
    units = batch.vectors / batch.vectors.norm(dim=-1, keepdim=True)
    # dE/dD of each pair: along the pair from the distances, across it from the angles.
    gradient = stretch[:, None] * units + bend

    # D = r_j - r_i, so F_i = -dE/dr_i = dE/dD and F_j = -dE/dD.
    forces = torch.zeros_like(batch.forces).index_add(0, i, gradient).index_add(0, j, -gradient)
    # Strain derivative sum D (x) dE/dD. Each pair is there once, so there is no factor of 1/2; the
    # 0.5 takes the symmetric part. Flat indices of xx yy zz yz xz xy.
    outer = batch.vectors[:, :, None] * gradient[:, None, :]
    voigt = (0.5 * (outer + outer.transpose(1, 2))).flatten(1)[:, [0, 4, 8, 5, 2, 1]]
    virial = torch.zeros_like(batch.virial).index_add(0, batch.graph[i], voigt)
    return energy, forces, virial
