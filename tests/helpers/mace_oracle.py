"""Predictions of MACE's own calculator, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

SCRIPTS = Path(__file__).parent / "scripts"


def mace_calculator(model: Path, frames: Path, out: Path, *more: str) -> dict[str, np.ndarray]:
    """Energies, forces and stresses of the frames of a file.

    ``more`` are keys of ``info`` that the model reads, and options (``head=NAME``).
    """
    script = str(SCRIPTS / "mace_oracle.py")
    command = [sys.executable, script, str(model), str(frames), str(out), *more]
    subprocess.run(command, check=True, capture_output=True)
    return dict(np.load(out))
