"""What each criterion measures, thresholds, and what they say about a value."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from ms25_suite.core.errors import ThresholdError
from ms25_suite.core.results import Verdict
from ms25_suite.core.units import (
    BARRIER_UNIT,
    DIMENSIONLESS,
    DRIFT_UNIT,
    ENERGY_UNIT,
    FORCES_UNIT,
    LENGTH_UNIT,
    PERCENT,
    QUANTITY_UNITS,
    SPEED_UNIT,
)

__all__ = ["MEASURES", "Measure", "Threshold", "Thresholds", "judge"]

_KEYS = {"value", "unit", "metric", "source"}


@dataclass(frozen=True, slots=True)
class Measure:
    """The number by which a criterion judges a quantity.

    Parameters
    ----------
    metric, unit
        What is compared with a threshold, for instance the ``mae`` in meV/atom.
    at_least
        Whether more is better: then a value from the threshold upwards passes.
    """

    metric: str
    unit: str
    at_least: bool = False


_ERRORS: Final = {quantity: Measure("mae", unit) for quantity, unit in QUANTITY_UNITS.items()}

MEASURES: Final[Mapping[str, Mapping[str, Measure]]] = {
    "error_thresholds": _ERRORS,
    "training_rate": {
        quantity: Measure("rate", DIMENSIONLESS, at_least=True) for quantity in QUANTITY_UNITS
    },
    "size_extensivity": {
        **_ERRORS,
        "supercell_energy": Measure("error", ENERGY_UNIT),
        "supercell_forces": Measure("error", FORCES_UNIT),
    },
    "framework_transfer": _ERRORS,
    "eos": {
        "lattice_constant": Measure("error", LENGTH_UNIT),
        "volume": Measure("error", PERCENT),
        "bulk_modulus": Measure("error", PERCENT),
    },
    "neb_barrier": {"barrier": Measure("error", BARRIER_UNIT)},
    "stability": {"energy_drift": Measure("error", DRIFT_UNIT)},
    "throughput": {"katoms_per_s": Measure("measurement", SPEED_UNIT, at_least=True)},
}
"""For each criterion, what a threshold may be set for. A check may measure more than that."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """A pass mark: a value up to and including ``value`` passes.

    Parameters
    ----------
    value, unit
        The mark.
    metric
        What is compared with it, for instance ``mae``.
    source
        Where the mark comes from.
    at_least
        Whether it is the other way round: a value from ``value`` upwards passes.
    """

    value: float
    unit: str
    metric: str
    source: str
    at_least: bool = False

    @classmethod
    def from_dict(cls, entry: Mapping[str, Any], where: str, *, at_least: bool = False) -> Self:
        """Validate one entry of a thresholds file.

        Raises
        ------
        ThresholdError
            A key is missing or unknown, or the value is not a positive number.
        """
        if not isinstance(entry, Mapping) or set(entry) != _KEYS:
            found = sorted(entry) if isinstance(entry, Mapping) else repr(entry)
            msg = f"{where}: expected exactly the keys {sorted(_KEYS)}, found {found}"
            raise ThresholdError(msg)
        value = entry["value"]
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not 0 < value < math.inf:
            msg = f"{where}: `value` must be a positive number, found {value!r}"
            raise ThresholdError(msg)
        for key in ("unit", "metric", "source"):
            if not isinstance(entry[key], str) or not entry[key]:
                msg = f"{where}: `{key}` must be a non-empty text, found {entry[key]!r}"
                raise ThresholdError(msg)
        return cls(float(value), entry["unit"], entry["metric"], entry["source"], at_least)


class Thresholds:
    """Thresholds by criterion, threshold class and quantity.

    Parameters
    ----------
    table
        ``{criterion: {class: {quantity: entry}}}``, as in ``checks/thresholds.toml``.
    where
        Name of the file, for messages.

    Raises
    ------
    ThresholdError
        The table is not laid out so, or an entry is invalid.
    """

    def __init__(self, table: Mapping[str, Any], where: str) -> None:
        self._marks: dict[tuple[str, str, str], Threshold] = {}
        for criterion, classes in table.items():
            for name, quantities in _level(classes, f"{where}: [{criterion}]").items():
                label = f"{where}: [{criterion}.{name}]"
                for quantity, entry in _level(quantities, label).items():
                    at = f"{where}: [{criterion}.{name}.{quantity}]"
                    measure = MEASURES.get(criterion, {}).get(quantity)
                    self._marks[criterion, name, quantity] = Threshold.from_dict(
                        entry, at, at_least=measure is not None and measure.at_least
                    )

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Read a TOML file.

        Raises
        ------
        ThresholdError
            The file cannot be read, is not TOML, or is invalid.
        """
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            msg = f"cannot read the thresholds file {path}: {error}"
            raise ThresholdError(msg) from error
        return cls(table, str(path))

    @classmethod
    def default(cls) -> Self:
        """Thresholds that ship with the checks."""
        from importlib.resources import files

        path = files("ms25_suite.checks").joinpath("thresholds.toml")
        return cls(tomllib.loads(path.read_text(encoding="utf-8")), "checks/thresholds.toml")

    def updated(self, other: Thresholds) -> Thresholds:
        """These thresholds, with those of another file in place of theirs."""
        merged = Thresholds({}, "")
        merged._marks = {**self._marks, **other._marks}
        return merged

    def get(self, criterion: str, threshold_class: str, quantity: str) -> Threshold | None:
        """Threshold of a quantity, or None if nothing is asked of it."""
        return self._marks.get((criterion, threshold_class, quantity))

    def items(self) -> Iterable[tuple[tuple[str, str, str], Threshold]]:
        """Criterion, class and quantity of each threshold, and the threshold."""
        return self._marks.items()

    def classes(self) -> tuple[str, ...]:
        """Names of the threshold classes, sorted."""
        return tuple(sorted({name for _, name, _ in self._marks}))


def _level(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        msg = f"{where} must be a table [criterion.class.quantity], found {value!r}"
        raise ThresholdError(msg)
    return value


def judge(value: float, interval: tuple[float, float] | None, threshold: Threshold) -> Verdict:
    """Compare a value and its confidence interval with a threshold.

    The verdict is ``undecided`` where the interval straddles the threshold: with these frames
    one cannot tell. Without an interval the value alone decides.

    Raises
    ------
    ValueError
        The value or the interval is not finite: that is an error of the check, not a verdict.
    """
    low, high = (value, value) if interval is None else interval
    if not (math.isfinite(value) and math.isfinite(low) and math.isfinite(high)):
        msg = f"only finite numbers can be judged, got {value} with interval {interval}"
        raise ValueError(msg)
    if threshold.at_least:
        passes, fails = low >= threshold.value, high < threshold.value
    else:
        passes, fails = high <= threshold.value, low > threshold.value
    if passes:
        return Verdict.PASS
    return Verdict.FAIL if fails else Verdict.UNDECIDED
