"""A framework's model, loaded in a worker of its environment."""

from __future__ import annotations

import warnings
from typing import Final

from ms25_suite.potentials.base import Evaluator
from ms25_suite.potentials.frameworks.batches import BATCHES
from ms25_suite.potentials.frameworks.evaluator import BatchEvaluator
from ms25_suite.potentials.from_ase import CalculatorEvaluator, load_calculator
from ms25_suite.potentials.workers.jobs import FrameworkJob

__all__ = ["load_framework"]

_TARGET: Final = "ms25_suite.potentials.frameworks.factories:calculator"


def load_framework(job: FrameworkJob) -> Evaluator:
    """Load the framework's calculator, and its batches if they are asked for.

    Raises
    ------
    ModelFileError
        The package cannot be imported, or has no such model.
    """
    calculator = load_calculator(_TARGET, job.arguments, hint=job.hint)
    if job.batch_atoms == 0:
        return CalculatorEvaluator(calculator)
    try:
        batched = BATCHES[job.arguments["framework"]](calculator)
    except Exception as error:
        # Another version of the package may have none of it; the calculator gives the same numbers.
        reason = f"{type(error).__name__}: {error}"
        warnings.warn(f"no batches ({reason}): frames are predicted alone", stacklevel=2)
        return CalculatorEvaluator(calculator)
    return BatchEvaluator(calculator, batched, job.batch_atoms)
