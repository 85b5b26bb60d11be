"""Numbers of a run in the layout that github-action-benchmark keeps a history of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import CheckResult
from ms25_suite.core.units import DIMENSIONLESS
from ms25_suite.report.order import sort_results
from ms25_suite.report.wording import pair_label, quantity_text

__all__ = ["benchmark_points"]


def benchmark_points(
    run: RunRecord, results: Sequence[CheckResult], *, larger: bool = False
) -> list[dict[str, Any]]:
    """Entries for the tools ``customSmallerIsBetter`` and ``customBiggerIsBetter``.

    The two need files of their own: https://github.com/benchmark-action/github-action-benchmark.

    Parameters
    ----------
    run
        Description of the run, for the order.
    results
        Its results; those without a number are left out, and so are measurements, of which neither
        a small nor a large value is good.
    larger
        Whether to return the numbers of which a larger one is better, or all others.
    """
    return [
        _point(result)
        for result in sort_results(run, results)
        if result.value is not None and result.metric != "measurement" and result.at_least is larger
    ]


def _point(result: CheckResult) -> dict[str, Any]:
    where = pair_label(result.dataset, result.test_dataset)
    what = quantity_text(result.quantity, result.metric)
    point: dict[str, Any] = {
        # The name is the identity of the series, so it must not depend on a number.
        "name": f"{result.potential} on {where}: {what} ({result.criterion})",
        "unit": "1" if result.unit == DIMENSIONLESS else result.unit,
        "value": result.value,
    }
    if result.interval is not None:
        low, high = result.interval
        point["range"] = f"{low:.6g} to {high:.6g}"
    facts = [f"verdict: {result.verdict or 'measured'}"]
    if result.threshold is not None:
        facts.append(f"threshold: {result.threshold:g}")
    facts.append(f"frames: {result.n_frames}")
    if result.potential_sha256:
        facts.append(f"sha256: {result.potential_sha256[:12]}")
    point["extra"] = "\n".join(facts)
    return point
