"""Thresholds, where they come from, and the verdict about a value."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Self

from ms25_suite.core.catalogue import Measure, catalogue
from ms25_suite.core.documents.parsing import parse_toml, read_toml
from ms25_suite.core.errors import ThresholdError, did_you_mean
from ms25_suite.core.results import Verdict

__all__ = ["MIN_FRAMES", "SAMPLED", "Threshold", "Thresholds", "card_thresholds", "judge"]

MIN_FRAMES: Final = 10
"""Fewest independent frames or trajectories whose 95 % interval can support a ``pass``.

From ten on, the intervals of mean absolute errors hold in at least 93 % of the cases for all
distributions of ``docs/statistics.md``, also if the trajectories are of unequal length, and at most
5 % of them end below the true error, which is when a potential passes and should not. Without any
assumption about the distribution, six are the fewest for an interval of a typical value (Hahn and
Meeker, Statistical Intervals, 1991, section 5.2)."""

SAMPLED: Final = frozenset({"mae", "rmse", "ratio", "rate", "part", "difference"})
"""Metrics that are statistics of a sample of frames, and mean little without an interval. Other
numbers (one barrier, the largest of some differences) belong to one structure: the potential is
deterministic, they are the same at each repetition, and there is nothing to draw a sample of."""

_KEYS = {"value", "unit", "metric", "source"}
_OPTIONAL = {"share"}


@dataclass(frozen=True, slots=True)
class Threshold:
    """A threshold: a value up to and including ``value`` passes.

    Parameters
    ----------
    value, unit
        The threshold and its unit.
    metric
        What is compared with it, for instance ``mae``.
    source
        Where the threshold comes from.
    at_least
        True if larger values are better: a value from ``value`` upwards passes.
    share
        Per cent of the number that predictions without a look at the structure have. Where that is
        more than ``value``, it is the threshold; see `against`. None for a threshold that is the
        same for all data.
    """

    value: float
    unit: str
    metric: str
    source: str
    at_least: bool = False
    share: float | None = None

    def against(
        self, without_model: float | None, what: str = "the error without a model"
    ) -> Threshold:
        """The threshold where predictions without a look at the structure have a given number.

        Parameters
        ----------
        without_model
            That number, in the unit of the threshold; None if it is not known.
        what
            What the number is, if it is another one that the threshold is a share of.

        Returns
        -------
        :
            A threshold without ``share``, whose source says where the value comes from.

        Examples
        --------
        >>> mark = Threshold(70.0, "meV/Å", "mae", "somewhere", share=15.0)
        >>> mark.against(800.0).value, mark.against(100.0).value
        (120.0, 70.0)
        """
        if self.share is None:
            return self
        # Three digits, which people read.
        part = 0.0 if without_model is None else float(f"{1e-2 * self.share * without_model:.3g}")
        plain = replace(self, share=None)
        if part <= self.value:
            return plain
        of = f"{self.share:g} % of {without_model:.4g} {self.unit}, {what}"
        return replace(plain, value=part, source=f"{of}; {self.source}")

    @classmethod
    def from_dict(cls, entry: Mapping[str, Any], where: str, *, at_least: bool = False) -> Self:
        """Validate one entry of a thresholds file.

        Raises
        ------
        ThresholdError
            A key is missing or unknown, or a number is not positive.
        """
        if not isinstance(entry, Mapping) or set(entry) - _OPTIONAL != _KEYS:
            found = sorted(entry) if isinstance(entry, Mapping) else repr(entry)
            msg = (
                f"{where}: expected exactly the keys {sorted(_KEYS)} (and `share`, if the "
                f"threshold depends on the labels), found {found}"
            )
            raise ThresholdError(msg)
        for key in ("value", *sorted(_OPTIONAL & set(entry))):
            number = entry[key]
            # In Python a bool is an int.
            is_number = isinstance(number, int | float) and not isinstance(number, bool)
            if not is_number or not 0 < number < math.inf:
                msg = f"{where}: `{key}` must be a positive number, found {number!r}"
                raise ThresholdError(msg)
        for key in ("unit", "metric", "source"):
            if not isinstance(entry[key], str) or not entry[key]:
                msg = f"{where}: `{key}` must be a non-empty text, found {entry[key]!r}"
                raise ThresholdError(msg)
        texts = (entry["unit"], entry["metric"], entry["source"])
        share = float(entry["share"]) if "share" in entry else None
        return cls(float(entry["value"]), *texts, at_least, share)

    def widened(self, main: Threshold, default: Threshold) -> Threshold:
        """The threshold of a part, where that of the whole is another one than the suite's.

        Parameters
        ----------
        main
            Threshold of the whole.
        default
            That of the suite.

        Returns
        -------
        :
            A threshold as much wider as that of the whole is; the same where that is narrower.
        """
        if default.share is not None and main.share is None:
            # A number in place of one that depends on the labels: the parts have both.
            wide = replace(self, value=max(self.value, main.value))
        elif main.value > default.value:
            factor = main.value / default.value
            share = None if self.share is None else factor * self.share
            wide = replace(self, value=factor * self.value, share=share)
        else:
            return self
        return replace(wide, source=f"as wide in proportion as {main.source!r}; {self.source}")


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
            measures = _measures(criterion, where)
            for name, quantities in _level(classes, f"{where}: [{criterion}]").items():
                above = f"{where}: [{criterion}.{name}"
                for quantity, entry in _level(quantities, f"{above}]").items():
                    at = f"{above}.{quantity}]"
                    measure = _measure(measures, quantity, at)
                    mark = Threshold.from_dict(entry, at, at_least=measure.at_least)
                    _refuse_other_number(mark, measure, at)
                    self._marks[criterion, name, quantity] = mark

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Read a TOML file.

        Raises
        ------
        ThresholdError
            The file cannot be read, is not TOML, or is invalid.
        """
        return cls(read_toml(path, "the thresholds file", ThresholdError), str(path))

    @classmethod
    def default(cls) -> Thresholds:
        """Thresholds that ship with the checks, and with the criteria of other packages.

        Raises
        ------
        ThresholdError
            Another package names a file that cannot be read, or is invalid.
        """
        thresholds: Thresholds = cls(
            _packaged("ms25_suite.checks:thresholds.toml"), "checks/thresholds.toml"
        )
        for criterion in catalogue().values():
            if not criterion.thresholds:
                continue
            table = _packaged(criterion.thresholds)
            others = sorted(set(table) - {criterion.name})
            if others:
                # An installed package must not move the thresholds of other criteria.
                msg = (
                    f"{criterion.thresholds}: expected thresholds of the criterion "
                    f"{criterion.name} only, found {', '.join(others)}"
                )
                raise ThresholdError(msg)
            thresholds = thresholds.updated(cls(table, criterion.thresholds))
        return thresholds

    def updated(self, other: Thresholds) -> Thresholds:
        """These thresholds, with those of another file in place of theirs."""
        merged = Thresholds({}, "")
        merged._marks = {**self._marks, **other._marks}
        return merged

    def get(self, criterion: str, threshold_class: str, quantity: str) -> Threshold | None:
        """Threshold of a quantity; None if none is set."""
        return self._marks.get((criterion, threshold_class, quantity))

    def items(self) -> Iterable[tuple[tuple[str, str, str], Threshold]]:
        """Criterion, class and quantity of each threshold, and the threshold."""
        return self._marks.items()

    def classes(self) -> tuple[str, ...]:
        """Names of the threshold classes, sorted."""
        return tuple(sorted({name for _, name, _ in self._marks}))


def card_thresholds(table: Mapping[str, Any], where: str) -> dict[tuple[str, str], Threshold]:
    """Thresholds in the card of a dataset, by criterion and quantity.

    ``[thresholds.energy]`` holds for all criteria that measure the same number, here the energy
    errors, and ``[thresholds.size_extensivity.energy]`` for one criterion. Metric, unit and source
    may be left out.

    Parameters
    ----------
    table
        The table ``thresholds`` of a card.
    where
        Name of the card, for messages.

    Raises
    ------
    ThresholdError
        A threshold is invalid, or no criterion would ever use it.
    """
    criteria, found = catalogue(), {}
    for quantity, entry in table.items():
        if quantity in criteria:
            continue
        measuring = [name for name, one in criteria.items() if quantity in one.measures]
        if not measuring:
            known = dict.fromkeys(name for one in criteria.values() for name in one.measures)
            msg = (
                f"{where}: [thresholds.{quantity}]: expected one of {', '.join(known)}, found "
                f"{quantity}.{did_you_mean(quantity, known)}"
            )
            raise ThresholdError(msg)
        measures = criteria[measuring[0]].measures
        mark = _card_threshold(measures, quantity, entry, f"{where}: [thresholds")
        for criterion in measuring:
            # "energy" may be measured by several criteria; the mark holds where metric and unit
            # are the same.
            if criteria[criterion].measures[quantity] == measures[quantity]:
                found[criterion, quantity] = mark
    for criterion in set(table) & set(criteria):
        above = f"{where}: [thresholds.{criterion}"
        for quantity, entry in _level(table[criterion], f"{above}]").items():
            measures = criteria[criterion].measures
            found[criterion, quantity] = _card_threshold(measures, quantity, entry, above)
    return found


def _card_threshold(
    measures: Mapping[str, Measure], quantity: str, entry: object, above: str
) -> Threshold:
    at = f"{above}.{quantity}]"
    measure = _measure(measures, quantity, at)
    if not isinstance(entry, Mapping):
        msg = f"{at} must be a table with a `value`, found {entry!r}"
        raise ThresholdError(msg)
    known = {"metric": measure.metric, "unit": measure.unit, "source": at}
    mark = Threshold.from_dict({**known, **entry}, at, at_least=measure.at_least)
    _refuse_other_number(mark, measure, at)
    return mark


def _measures(criterion: str, where: str) -> Mapping[str, Measure]:
    known = catalogue()
    if criterion not in known:
        hint = did_you_mean(criterion, known)
        msg = f"{where}: unknown criterion {criterion!r}.{hint} Known: {', '.join(known)}"
        raise ThresholdError(msg)
    return known[criterion].measures


def _measure(measures: Mapping[str, Measure], quantity: str, at: str) -> Measure:
    if quantity not in measures:
        hint = did_you_mean(quantity, measures)
        msg = f"{at}: expected one of {', '.join(measures)}, found {quantity}.{hint}"
        raise ThresholdError(msg)
    return measures[quantity]


def _refuse_other_number(mark: Threshold, measure: Measure, at: str) -> None:
    """Refuse a threshold that would be compared with another number than it is meant for."""
    if (mark.unit, mark.metric) != (measure.unit, measure.metric):
        msg = (
            f"{at} is for the {mark.metric} in {mark.unit!r}, expected the {measure.metric} in "
            f"{measure.unit!r}: give the {measure.metric} in {measure.unit!r}"
        )
        raise ThresholdError(msg)


def _packaged(target: str) -> Mapping[str, Any]:
    """Table of a TOML file that is named as ``package:file``."""
    from importlib.resources import files

    package, _, name = target.partition(":")
    try:
        text = files(package).joinpath(name).read_text(encoding="utf-8")
    except (ImportError, OSError, UnicodeDecodeError) as error:
        msg = f"cannot read the thresholds {target}: {error}"
        raise ThresholdError(msg) from error
    return parse_toml(text, f"the thresholds {target}", ThresholdError)


def _level(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        msg = f"{where} must be a table [criterion.class.quantity], found {value!r}"
        raise ThresholdError(msg)
    return value


def judge(value: float, interval: tuple[float, float] | None, threshold: Threshold) -> Verdict:
    """Compare a value and its confidence interval with a threshold.

    The verdict is ``undecided`` where the interval contains the threshold: these frames do not
    decide it. Without an interval the value alone decides.

    Raises
    ------
    ValueError
        The value or the interval is not finite: that is an error of the check, not a verdict.
    """
    # The whole interval has to be on one side of the threshold for a verdict. The threshold
    # itself passes.
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
