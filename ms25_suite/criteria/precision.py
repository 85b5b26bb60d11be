"""Floating-point type of what a potential computes, which the rounding of its numbers follows."""

from __future__ import annotations

from ms25_suite.potentials.potential import Potential

__all__ = ["dtype_of", "is_foreign"]


def dtype_of(potential: Potential) -> str:
    """Floating-point type of a potential; of a calculator, whose is not known, the coarser one.

    Some models compute in the type of their weights, whatever ``--dtype`` says.
    """
    if is_foreign(potential):
        return "float32"
    return potential.info().precision or potential.options.dtype


def is_foreign(potential: Potential) -> bool:
    """Whether a potential is somebody's calculator, whose precision and device are not known."""
    return potential.architecture in ("ase", "reference")
