"""Potentials without a worker process: starting one takes longer than most tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ase.calculators.emt import EMT

from ms25_suite.core.frames import Frames, Predictions
from ms25_suite.potentials.base import EdgeModel, ModelInfo
from ms25_suite.potentials.evaluate import EdgeEvaluator
from ms25_suite.potentials.from_ase import CalculatorEvaluator
from ms25_suite.potentials.potential import Potential, PotentialOptions
from ms25_suite.potentials.workers.jobs import CalculatorJob


class InProcess(Potential):
    """A calculator that is evaluated in this process."""

    def __init__(self, calculator: Any = EMT, name: str = "emt") -> None:
        super().__init__(name, "ase", CalculatorJob("unused"), PotentialOptions())
        made = calculator() if isinstance(calculator, type) else calculator
        self._evaluator = CalculatorEvaluator(made)

    def info(self) -> ModelInfo:
        return self._evaluator.info

    def predict(self, frames: Frames) -> Predictions:
        return self._evaluator.predict(frames)

    compute = predict


class InProcessModel(Potential):
    """A model of edges that is evaluated in this process, as if it came from a file."""

    def __init__(
        self,
        model: EdgeModel,
        options: PotentialOptions | None = None,
        *,
        architecture: str = "mace",
        acceleration: str = "",
    ) -> None:
        options = options or PotentialOptions()
        job = CalculatorJob("unused")
        super().__init__("model", architecture, job, options, path=Path("x"), sha256="0" * 64)
        self.model = model
        self._evaluator = EdgeEvaluator(model, options.batch_atoms, acceleration=acceleration)

    def info(self) -> ModelInfo:
        return self._evaluator.info

    def predict(self, frames: Frames) -> Predictions:
        return self._evaluator.predict(frames)

    compute = predict

    def again(self, options: PotentialOptions) -> Potential:
        return InProcessModel(self.model, options, architecture=self.architecture)
