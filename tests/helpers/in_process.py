"""A potential of ASE without a worker process: starting one takes longer than most tests."""

from __future__ import annotations

from typing import Any

from ase.calculators.emt import EMT

from ms25_suite.core.frames import Frames, Predictions
from ms25_suite.potentials.base import ModelInfo
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
