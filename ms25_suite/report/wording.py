"""Words, symbols and number formats of the report."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from ms25_suite.core.changes import Change, ChangeVerdict
from ms25_suite.core.errors import listed
from ms25_suite.core.results import CheckResult, Verdict, unjudged
from ms25_suite.core.units import DIMENSIONLESS, MEV_PER_EV

__all__ = [
    "QUANTITY_LETTERS",
    "SYMBOLS",
    "cell_number",
    "change_text",
    "count_sentence",
    "exit_words",
    "footnote",
    "in_mev",
    "limit_text",
    "middle_cut",
    "number",
    "pair_label",
    "plain_number",
    "pretty_unit",
    "quantity_text",
    "result_number",
    "result_text",
    "tiers_text",
    "unjudged_lines",
    "value_text",
    "verdict_word",
]

QUANTITY_LETTERS: Final = {"energy": "E", "forces": "F", "stress": "S"}
"""Heading of the column of each quantity that has an MAE."""

SYMBOLS: Final = {
    Verdict.PASS: "✓",
    Verdict.FAIL: "✗",
    Verdict.UNDECIDED: "?",
    Verdict.INCOMPARABLE: "≠",
    Verdict.ERROR: "!",
    Verdict.SKIP: "–",
    None: "·",
}
"""Sign of a verdict, so that no information is in its colour alone."""

_FOLDERS: Final = re.compile(r"(?<![\w/])(?:~|\.{1,2}|[A-Za-z]:)?[/\\](?:[^\s/\\:'\"()]+[/\\])+")
"""Folders before the name of a file, of a path with at least one of them."""

_CHANGES: Final = {
    ChangeVerdict.BETTER: "▼",
    ChangeVerdict.SAME: "=",
    ChangeVerdict.WORSE: "▲",
    ChangeVerdict.UNDECIDED: "?",
    ChangeVerdict.NEW: "+",
    ChangeVerdict.NOT_COMPARED: "–",
}

_EXIT: Final = {
    0: "no check failed (exit status 0)",
    1: "at least one check did not pass (exit status 1)",
    2: "the run was interrupted (exit status 2)",
    3: "an internal error ended the run (exit status 3)",
    4: "the command line was not valid (exit status 4)",
    5: "no check gave a verdict, or what could be expected was not judged (exit status 5)",
    10: "no check failed, and at least one could not be run (exit status 10)",
}


def verdict_word(verdict: Verdict | None) -> str:
    """Word for a verdict; ``measured`` for a number without a threshold."""
    return "measured" if verdict is None else verdict.value


def change_text(change: Change | None) -> str:
    """How a number changed since the baseline: ``▲ worse +12 %``; empty without a baseline."""
    if change is None:
        return ""
    text = f"{_CHANGES[change.verdict]} {change.verdict.value}"
    if change.difference is None or change.before is None:
        return text
    if change.before:
        return f"{text} {_signed(100 * change.difference / abs(change.before))} %"
    return f"{text} {_signed(change.difference)}"


def _signed(value: float) -> str:
    return _minus(f"{value:+.2g}" if abs(value) < 99.5 else f"{value:+.0f}") if value else "0"


def exit_words(status: int | None) -> str:
    """Exit status of pytest in words; None stands for a run without one."""
    if status is None:
        return "no exit status was recorded: the run was cut off before its end"
    return _EXIT.get(status, f"exit status {status}")


def tiers_text(tiers: Iterable[str]) -> str:
    """Where the data of a report come from.

    Examples
    --------
    >>> tiers_text(["mini", "published"])
    'data of the suite (mini) and published data'
    >>> tiers_text(["mine"])
    'data from mine'
    """
    known = {"mini": "data of the suite (mini)", "published": "published data"}
    return listed([known.get(tier, f"data from {tier}") for tier in dict.fromkeys(tiers) if tier])


def unjudged_lines(results: Sequence[CheckResult]) -> list[str]:
    """A line for each number that could be expected and was not judged: why, and what to do."""
    return [
        f"not judged: {result.quantity} of {result.potential} on {result.test_dataset} "
        f"({result.criterion}): {result.reason}"
        for result in unjudged(results)
    ]


def pair_label(dataset: str, test_dataset: str) -> str:
    """Name of a dataset, or ``trained on → tested on`` where the two differ."""
    return dataset if test_dataset in ("", dataset) else f"{dataset} → {test_dataset}"


def pretty_unit(unit: str) -> str:
    """Unit with typographic exponents; empty for a dimensionless number."""
    return "" if unit == DIMENSIONLESS else unit.replace("^3", "³").replace("^2", "²")


def in_mev(unit: str) -> tuple[str, float]:
    """Unit in which the report shows numbers of a unit, and what they are multiplied with.

    Examples
    --------
    >>> in_mev("eV/atom"), in_mev("GPa")
    (('meV/atom', 1000.0), ('GPa', 1.0))
    """
    return (f"m{unit}", MEV_PER_EV) if unit.partition("/")[0] == "eV" else (unit, 1.0)


def quantity_text(quantity: str, metric: str) -> str:
    """Quantity and metric as words; the metrics ``measurement`` and ``part`` are left out."""
    if not quantity:
        return ""
    shown = "" if metric in ("measurement", "part") else metric
    return f"{quantity} {shown}".replace("_", " ").strip()


def limit_text(threshold: float, at_least: bool) -> str:
    """Threshold with the sign of its direction."""
    return f"{'≥' if at_least else '≤'} {plain_number(threshold)}"


def middle_cut(text: str, length: int) -> str:
    """Text of at most ``length`` characters, shortened in the middle if necessary."""
    if len(text) <= length:
        return text
    tail = (length - 1) // 2
    return f"{text[: length - 1 - tail]}…{text[len(text) - tail :]}"


def number(value: float, digits: int = 3) -> str:
    """Number with about three significant digits, plain between 0.001 and 100 000."""
    if value == 0:
        return "0"
    size = abs(value)
    if not 1e-3 <= size < 1e5:
        mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
        return _minus(f"{mantissa}e{int(exponent)}")
    return _minus(f"{value:.{_decimals(size, digits)}f}")


def plain_number(value: float) -> str:
    """Number without trailing zeros, for round numbers such as thresholds."""
    return _minus(f"{value:.6g}")


def cell_number(value: float) -> str:
    """Number short enough for a cell of the heatmap."""
    return number(value) if value == 0 or 1e-2 <= abs(value) < 1e5 else number(value, 2)


def value_text(value: float, interval: tuple[float, float] | None) -> tuple[str, str]:
    """Value and interval, with enough decimals to tell the ends of the interval apart."""
    if interval is None:
        return number(value), ""
    low, high = interval
    largest = max(abs(value), abs(low), abs(high))
    if largest and not 1e-3 <= largest < 1e5:
        return number(value), f"[{number(low)}, {number(high)}]"
    # The width counts too: for a value near zero, finer digits than the interval mean nothing.
    decimals = _decimals(max(abs(value), high - low) or largest or 1.0, 3)
    if high > low:
        decimals = min(max(decimals, 1 - math.floor(math.log10(high - low))), decimals + 3)
    texts = [_minus(f"{x:.{decimals}f}") for x in (value, low, high)]
    return texts[0], f"[{texts[1]}, {texts[2]}]"


def result_text(result: CheckResult) -> tuple[str, str]:
    """Number and interval of a result, see `value_text`; a count is a whole number."""
    if result.value is None:
        return "", ""
    count = _count(result)
    return value_text(result.value, result.interval) if count is None else (f"{count}", "")


def result_number(result: CheckResult, *, unit: bool = True) -> str:
    """Number of a result with or without its unit, short enough for a cell; empty without one.

    Of a count the unit is what was counted: ``20 curves``.
    """
    if result.value is None:
        return ""
    count = _count(result)
    if count is None:
        text = cell_number(result.value)
        return f"{text} {pretty_unit(result.unit)}".rstrip() if unit else text
    noun = result.quantity.rpartition("_")[2]
    return f"{count} {noun.removesuffix('s') if count == 1 else noun}"


def _count(result: CheckResult) -> int | None:
    """Number of things that were counted; None for what was measured."""
    value = result.value
    is_plain = result.unit == DIMENSIONLESS and result.metric == "measurement"
    # Things are plural: curves, runs.
    is_count = is_plain and result.quantity.endswith("s") and result.interval is None
    if value is None or not is_count or not value.is_integer():
        return None
    return int(value)


def footnote(reason: str) -> str:
    r"""Reason short enough for the foot of a figure: without a traceback, and without folders.

    Examples
    --------
    >>> footnote("calling `get` failed:\n  File \"/home/me/calc.py\", line 3\nValueError: no")
    'calling `get` failed: ValueError: no'
    >>> footnote("/data/models/a.pt: cannot be read")
    'a.pt: cannot be read'
    """
    lines: list[str] = []
    for line in reason.splitlines():
        # What stands in a traceback: its head, the places, and the code there.
        if line.startswith((" ", "\t", "Traceback (")):
            continue
        if line.strip() == "In the worker process:":
            break
        lines += [line.strip()] if line.strip() else []
    return _FOLDERS.sub("", " ".join(lines))


def count_sentence(results: Sequence[CheckResult]) -> str:
    """How many results passed, failed and so on, in one sentence."""
    if not results:
        return "No check reported a result."
    count = Counter(result.verdict for result in results)
    judged = count[Verdict.PASS] + count[Verdict.FAIL] + count[Verdict.UNDECIDED]
    n_worse = sum(
        one.change is not None and one.change.verdict is ChangeVerdict.WORSE for one in results
    )
    worse = f" ({n_worse} worse than the baseline)" if n_worse else ""
    parts = []
    # The noun follows the first count of the sentence.
    noun = "result" if (judged or len(results)) == 1 else "results"
    if judged:
        one = count[Verdict.PASS] == 1
        does = f"{'meets its' if one else 'meet their'} threshold"
        if worse:
            # A result within its threshold fails too if it is worse than that of the baseline.
            does = "passes" if one else "pass"
        parts.append(f"{count[Verdict.PASS]} of {judged} {noun} {does}")
    for verdict, words in (
        (Verdict.FAIL, f"failed{worse}"),
        (Verdict.UNDECIDED, "undecided with these frames"),
        (Verdict.INCOMPARABLE, "of two levels of theory"),
        (Verdict.ERROR, "could not be computed"),
        (Verdict.SKIP, "skipped"),
        (None, "measured without a threshold"),
    ):
        if count[verdict]:
            parts.append(f"{count[verdict]}{'' if parts else f' {noun}'} {words}")
    return listed(parts) + "."


def _decimals(size: float, digits: int) -> int:
    # Rounded first: 9.996 is shown as 10.0, not as 10.00.
    exponent = math.floor(math.log10(float(f"{size:.{digits - 1}e}")))
    return max(digits - 1 - exponent, 0)


def _minus(text: str) -> str:
    return text.replace("-", "−")
