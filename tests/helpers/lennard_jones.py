"""Lennard-Jones as an architecture: as small as an adapter can be."""

from __future__ import annotations

import json

import numpy as np

from ms25_suite.core.errors import ModelFileError
from ms25_suite.potentials.base import Architecture, EdgeModel, ModelInfo


class LennardJonesModel(EdgeModel):
    """Shifted so that it is zero at the cutoff, as ASE's calculator is."""

    def __init__(self, epsilon=0.3, sigma=2.2, cutoff=5.0):
        self.epsilon, self.sigma, self.cutoff = epsilon, sigma, cutoff

    @property
    def info(self):
        return ModelInfo(elements=(28, 29), r_max=self.cutoff, n_layers=1, n_parameters=2)

    def evaluate(self, graph):
        r2 = (graph.vectors**2).sum(axis=1)
        c6 = (self.sigma**2 / r2) ** 3
        at_cutoff = (self.sigma / self.cutoff) ** 6
        pair = 4 * self.epsilon * (c6**2 - c6 - at_cutoff**2 + at_cutoff)
        frames = graph.graph_of_atom[graph.senders]
        # Each pair is two directed edges, so each of them carries half of the energy.
        energy = 0.5 * np.bincount(frames, weights=pair, minlength=graph.n_graphs)
        slope = -12 * self.epsilon * (2 * c6**2 - c6) / r2
        return energy, slope[:, None] * graph.vectors


class LennardJonesArchitecture(Architecture):
    name = "lj"
    package = "lennard_jones"
    distributions = ()
    requirement = "lennard-jones"

    def recognises(self, summary):
        return summary.head.startswith(b'{"lennard-jones"')

    def load(self, path, *, device, dtype):
        try:
            return LennardJonesModel(**json.loads(path.read_text())["lennard-jones"])
        except (ValueError, KeyError, TypeError) as error:
            raise ModelFileError(f"{path} is no Lennard-Jones potential: {error}") from error
