"""Laws that hold for every potential: forces are derivatives, and descriptions do not matter."""

from __future__ import annotations

from ms25_suite.core.catalogue import Criterion, Measure
from ms25_suite.core.units import FORCES_UNIT, STRESS_UNIT, TOLERANCE_UNIT

__all__ = ["CRITERION", "DERIVATIVES", "EQUALITIES"]

DERIVATIVES = ("forces_from_energy", "stress_from_energy")
"""Forces and stress are derivatives of the energy; judged in their own units."""

EQUALITIES = (
    "rotation",
    "translation",
    "permutation",
    "inversion",
    "periodic_images",
    "cell_choice",
    "supercell",
    "determinism",
    "net_force",
    "net_torque",
)
"""What must be equal, or zero, up to rounding; judged in multiples of what rounding explains."""

CRITERION = Criterion(
    name="consistency",
    title="Consistency",
    question="Are forces and stress derivatives of the energy, and do descriptions not matter?",
    place=15,
    measures={
        "forces_from_energy": Measure("error", FORCES_UNIT),
        "stress_from_energy": Measure("error", STRESS_UNIT),
        **{law: Measure("error", TOLERANCE_UNIT) for law in EQUALITIES},
    },
    is_law=True,
    not_asked="ms25_suite.criteria.consistency.frames:not_asked",
    section="ms25_suite.criteria.consistency.figure:section",
)
