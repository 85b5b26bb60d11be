"""Names: quantities, and labels in files with their shapes and units.

The ``REF_`` names are the defaults of MACE's training script (``mace/tools/default_keys.py``).
Since ASE 3.23, the plain names ``energy``, ``forces`` and ``stress`` belong to the attached
calculator and are dropped by some writers.
"""

from __future__ import annotations

from typing import Final, Literal

Quantity = Literal["energy", "forces", "stress"]

QUANTITIES: Final[tuple[Quantity, ...]] = ("energy", "forces", "stress")
"""Quantities that a potential predicts and a reference labels."""

Equation = Literal["murnaghan", "birch-murnaghan"]

EQUATIONS: Final[tuple[Equation, ...]] = ("murnaghan", "birch-murnaghan")
"""Equations of state that can be fitted; the first is the paper's."""

MIN_EOS_POINTS: Final = 5
"""Fewest volumes for a fit of an equation of state: one more than it has parameters. Datasets read
no shorter curves, and metrics fit none."""

Ensemble = Literal["nve", "nvt"]

ENSEMBLES: Final[tuple[Ensemble, ...]] = ("nve", "nvt")
"""Ensembles of the stability check, both at constant volume: constant energy and constant
temperature."""

Align = Literal["none", "element"]

ALIGNMENTS: Final[tuple[Align, ...]] = ("none", "element")
"""Whether energies are compared as they are, or without a constant for each element."""

NOT_STATED: Final = "not stated"
"""Level of theory of a dataset that does not state one."""

REF_ENERGY: Final = "REF_energy"
"""(per frame, scalar) total energy of the cell in eV."""

REF_FORCES: Final = "REF_forces"
"""(n_atoms, 3) forces in eV/Å."""

TEMPERATURE_KEY: Final = "temperature_K"
"""(per frame, scalar) temperature in K at which the frame was sampled. The unit is part of the
name, since a plain ``temperature`` may be an instantaneous one, or in another unit."""

REF_STRESS: Final = "REF_stress"
"""(6,) Voigt xx yy zz yz xz xy, or (3, 3); eV/Å^3, tension positive."""

CONVERGED_KEY: Final = "converged"
"""(per frame) false where the calculation behind the labels did not converge."""
