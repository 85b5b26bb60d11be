"""The verdict of a run as a badge: JSON that shields.io reads from an address."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import CheckResult, Verdict, worst_verdict

__all__ = ["badge"]

_COLOURS: Final = {
    Verdict.PASS: "brightgreen",
    Verdict.UNDECIDED: "yellow",
    Verdict.INCOMPARABLE: "lightgrey",
    Verdict.FAIL: "red",
    Verdict.ERROR: "red",
    Verdict.SKIP: "lightgrey",
    None: "lightgrey",
}


def badge(run: RunRecord, results: Sequence[CheckResult], *, label: str = "MS25") -> dict[str, Any]:
    """Document of a badge, in the layout of https://shields.io/badges/endpoint-badge.

    It is green only if the run ended as a success: a run that judged nothing is grey, and one that
    was cut off red.

    Parameters
    ----------
    run
        Description of the run.
    results
        Its results.
    label
        Left-hand side.
    """
    count = Counter(result.verdict for result in results)
    judged = count[Verdict.PASS] + count[Verdict.FAIL] + count[Verdict.UNDECIDED]
    worst = worst_verdict(result.verdict for result in results)
    message, colour = f"{count[Verdict.PASS]} of {judged} passed", _COLOURS[worst]
    if count[Verdict.ERROR]:
        message = f"{message}, {count[Verdict.ERROR]} not run"
    elif not judged:
        message = "not judged"
    if run.cut_off:
        message, colour = "cut off", "red"
    # Statuses other than 0 and 1 mean that something is missing.
    elif colour == _COLOURS[Verdict.PASS] and not run.ended_well:
        colour = _COLOURS[Verdict.UNDECIDED]
    return {"schemaVersion": 1, "label": label, "message": message, "color": colour}
