"""Can this machine-learned interatomic potential be trusted? (PYTEST_DONT_REWRITE)."""

from __future__ import annotations

__version__ = "0.1.0"

__all__ = ["__version__"]
