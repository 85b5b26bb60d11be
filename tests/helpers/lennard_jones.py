"""The Lennard-Jones model of the example package in the documentation."""

from __future__ import annotations

import sys
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "ms25-lennard-jones"
sys.path.append(str(EXAMPLE))

from ms25_lennard_jones.architecture import LennardJonesModel  # noqa: E402

__all__ = ["EXAMPLE", "LennardJonesModel"]
