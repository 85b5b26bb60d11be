"""Training of the Lennard-Jones potential; the training program is `run`."""

from __future__ import annotations

from ms25_lennard_jones.architecture import LennardJonesArchitecture
from ms25_suite.training import Trainer


class LennardJonesTrainer(Trainer):
    """Fits the parameters by least squares; a step of the fit counts as an epoch."""

    architecture = LennardJonesArchitecture
    suffix = ".lj"
    module = "ms25_lennard_jones.run"
    cpu_only = True
    weights = "parameters"
