"""The smallest edge model: a Lennard-Jones potential, as ASE's calculator defines it."""

from __future__ import annotations

import numpy as np

from ms25_suite.frames import FloatArray
from ms25_suite.potentials.base import EdgeModel, Graph, ModelInfo


class LennardJonesModel(EdgeModel):
    def __init__(self, epsilon: float = 0.3, sigma: float = 2.2, cutoff: float = 5.0) -> None:
        self.epsilon, self.sigma, self.cutoff = epsilon, sigma, cutoff

    @property
    def info(self) -> ModelInfo:
        return ModelInfo(elements=(28, 29), r_max=self.cutoff, n_layers=1, n_parameters=2)

    def evaluate(self, graph: Graph) -> tuple[FloatArray, FloatArray]:
        r2 = (graph.vectors**2).sum(axis=1)
        c6 = (self.sigma**2 / r2) ** 3
        at_cutoff = (self.sigma / self.cutoff) ** 6
        pair = 4 * self.epsilon * (c6**2 - c6 - at_cutoff**2 + at_cutoff)
        graphs = graph.graph_of_atom[graph.senders]
        # Each pair is two directed edges, so each of them carries half of the energy.
        energy = 0.5 * np.bincount(graphs, weights=pair, minlength=graph.n_graphs)
        slope = -12 * self.epsilon * (2 * c6**2 - c6) / r2
        return energy, slope[:, None] * graph.vectors
