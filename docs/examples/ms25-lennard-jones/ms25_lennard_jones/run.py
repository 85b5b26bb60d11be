"""Training program of the Lennard-Jones potential.

The loss is the mean square error of the forces, in (eV/Å)^2, plus ``energy_weight`` times that of
the energies per atom, in eV^2.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from ase.data import chemical_symbols
from scipy.optimize import least_squares

from ms25_lennard_jones.architecture import LennardJonesModel
from ms25_suite.core.frames import FloatArray
from ms25_suite.potentials.baseline import element_energies
from ms25_suite.potentials.evaluate import EdgeEvaluator
from ms25_suite.training.curve import validation_errors
from ms25_suite.training.request import Part
from ms25_suite.training.run import TrainingRun


class LennardJonesRun(TrainingRun):
    """A training in the current folder."""

    checkpoint = "checkpoint.json"
    unit = "step"

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__(config)
        # Logarithms, so that both parameters stay positive.
        self._parameters = np.log([config["epsilon"], config["sigma"]])
        self._converged = False
        self.restore()

    def advance(self) -> float:
        """Take a few evaluations of the fit."""
        found = least_squares(
            lambda parameters: self._residuals(self._model(parameters), self.train),
            self._parameters,
            max_nfev=self.config["evaluations"],
        )
        self._parameters, self._converged = found.x, found.status > 0
        return float(2 * found.cost)

    def validate(self) -> tuple[float, dict[str, float]]:
        """Loss of the validation frames, and their errors."""
        model = self._model(self._parameters)
        loss = float((self._residuals(model, self.validation) ** 2).sum())
        frames, labels = self.validation
        return loss, validation_errors(frames, labels, EdgeEvaluator(model).predict(frames))

    def converged(self) -> str:
        """Whether the last step found the minimum."""
        return "convergence" if self._converged else ""

    def write_model(self, path: Path) -> None:
        """Write the model file."""
        model = self._model(self._parameters)
        content = {"epsilon": model.epsilon, "sigma": model.sigma, "cutoff": model.cutoff}
        energies = {chemical_symbols[number]: energy for number, energy in model.energies.items()}
        path.write_text(json.dumps({"lennard-jones": {**content, "energies": energies}}))

    def write_checkpoint(self, path: Path, progress: Mapping[str, Any]) -> None:
        """Write the parameters."""
        path.write_text(json.dumps({**progress, "parameters": self._parameters.tolist()}))

    def read_checkpoint(self, path: Path) -> Mapping[str, Any]:
        """Take over the parameters."""
        content: dict[str, Any] = json.loads(path.read_text())
        self._parameters = np.array(content["parameters"])
        return content

    def _model(self, parameters: FloatArray) -> LennardJonesModel:
        """Model with these parameters, and the best energies of the elements for them."""
        epsilon, sigma = np.exp(parameters).tolist()
        frames, labels = self.train
        symbols = [chemical_symbols[number] for number in frames.elements]
        cutoff = self.config["r_max"]
        pairs = LennardJonesModel(epsilon, sigma, cutoff, dict.fromkeys(symbols, 0.0))
        rest = labels.energy - EdgeEvaluator(pairs).predict(frames).energy
        energies = element_energies(frames, rest).tolist()
        return LennardJonesModel(epsilon, sigma, cutoff, dict(zip(symbols, energies, strict=True)))

    def _residuals(self, model: LennardJonesModel, part: Part) -> FloatArray:
        """Errors whose squares add up to the loss."""
        frames, labels = part
        found = EdgeEvaluator(model).predict(frames)
        energy = (found.energy - labels.energy) / frames.n_atoms
        forces = (found.forces - labels.forces).ravel()
        weight = np.sqrt(self.config["energy_weight"])
        scaled = (weight * energy / np.sqrt(len(energy)), forces / np.sqrt(len(forces)))
        return np.concatenate(scaled)


if __name__ == "__main__":
    LennardJonesRun.main()
