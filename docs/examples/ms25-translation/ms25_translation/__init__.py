"""Translation: the energy does not depend on where in space a structure is."""

from __future__ import annotations

from ms25_suite.core.catalogue import Criterion, Measure
from ms25_suite.core.units import ENERGY_UNIT, FORCES_UNIT

__all__ = ["CRITERION"]

CRITERION = Criterion(
    name="translation",
    title="Translation",
    question="Do energies and forces stay the same when all atoms move together?",
    measures={
        "energy": Measure("error", ENERGY_UNIT),
        "forces": Measure("error", FORCES_UNIT),
    },
    main="energy",
    section="ms25_translation.figure:section",
    checks="ms25_translation.test_translation",
    thresholds="ms25_translation:thresholds.toml",
    page="https://example.org/ms25-translation",
)
