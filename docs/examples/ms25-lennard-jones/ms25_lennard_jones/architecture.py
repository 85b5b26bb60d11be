"""The Lennard-Jones potential: model and adapter."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from ase.data import atomic_numbers

from ms25_suite.core.errors import ModelFileError
from ms25_suite.core.frames import FloatArray
from ms25_suite.potentials.base import Architecture, EdgeModel, Graph, ModelInfo
from ms25_suite.potentials.model_file import FileSummary


class LennardJonesModel(EdgeModel):
    """One interaction for all elements, shifted to zero at the cutoff.

    Parameters
    ----------
    epsilon
        Depth of the well in eV.
    sigma
        Distance in Å at which the energy of a pair is zero.
    cutoff
        Cutoff radius in Å.
    energies
        Energy of a lone atom of each element in eV, by chemical symbol.
    """

    def __init__(
        self,
        epsilon: float = 0.3,
        sigma: float = 2.2,
        cutoff: float = 5.0,
        energies: Mapping[str, float] | None = None,
    ) -> None:
        self.epsilon, self.sigma, self.cutoff = epsilon, sigma, cutoff
        known = {"Ni": 0.0, "Cu": 0.0} if energies is None else energies
        self.energies = {atomic_numbers[symbol]: energy for symbol, energy in known.items()}

    @property
    def info(self) -> ModelInfo:
        """Elements, cutoff and size."""
        elements = tuple(sorted(self.energies))
        # It reads nothing besides the structure: no charge, no spin.
        return ModelInfo(elements, self.cutoff, 1, n_parameters=2 + len(elements), inputs=())

    def evaluate(self, graph: Graph) -> tuple[FloatArray, FloatArray]:
        """Energies in eV and their derivatives in eV/Å; see `EdgeModel.evaluate`."""
        r2 = (graph.vectors**2).sum(axis=1)
        c6 = (self.sigma**2 / r2) ** 3
        at_cutoff = (self.sigma / self.cutoff) ** 6
        pair = 4 * self.epsilon * (c6**2 - c6 - at_cutoff**2 + at_cutoff)
        atoms = np.array([self.energies[number] for number in graph.numbers.tolist()])
        # Each pair is two directed edges, so each edge carries half of its energy.
        energy = np.bincount(graph.graph_of_atom, weights=atoms, minlength=graph.n_graphs)
        frames = graph.graph_of_atom[graph.senders]
        energy += 0.5 * np.bincount(frames, weights=pair, minlength=graph.n_graphs)
        slope = -12 * self.epsilon * (2 * c6**2 - c6) / r2
        return energy, slope[:, None] * graph.vectors


class LennardJonesArchitecture(Architecture):
    """Files of JSON with one table, ``lennard-jones``: the arguments of `LennardJonesModel`."""

    name = "lennard-jones"
    package = "ms25_lennard_jones"
    distributions = ("ms25-lennard-jones",)
    requirement = "ms25-lennard-jones"
    trainer = "ms25_lennard_jones.trainer:LennardJonesTrainer"

    def recognises(self, summary: FileSummary) -> bool:
        """Whether the file begins with the name of the table."""
        return summary.head.startswith(b'{"lennard-jones"')

    def load(self, path: Path, *, device: str, dtype: str) -> LennardJonesModel:
        """Load a model file; it is computed on the CPU, in double precision."""
        try:
            return LennardJonesModel(**json.loads(path.read_text())["lennard-jones"])
        except (ValueError, KeyError, TypeError) as error:
            msg = f"{path} is not a Lennard-Jones potential: {error!r}"
            raise ModelFileError(msg) from error
