"""Details of errors: parity plots, errors per element, worst frames."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ms25_suite.core.details import KindError, WorstFrame, details_of
from ms25_suite.core.errors import ReportError
from ms25_suite.core.results import CheckResult
from ms25_suite.report.figures.embed import embed_png
from ms25_suite.report.figures.files import FigureFiles
from ms25_suite.report.figures.parity import draw_parities, read_parity
from ms25_suite.report.html.points import named_points
from ms25_suite.report.html.structures import Structures
from ms25_suite.report.wording import number, pair_label, pretty_unit

__all__ = ["error_groups"]


def error_groups(
    folder: Path, results: Sequence[CheckResult], files: FigureFiles | None = None
) -> tuple[list[dict[str, Any]], list[str], Structures]:
    """Collect parity plots and details per criterion, potential and dataset.

    Parameters
    ----------
    folder
        Folder of the report, which artifacts are relative to.
    results
        Sorted results.
    files
        Writes each figure as a file too.

    Returns
    -------
    groups, notes, structures
        Groups for the template of the page, a note for each artifact that cannot be read, and the
        worst frames.
    """
    structures = Structures()
    notes: dict[str, None] = {}
    groups: dict[tuple[str, str, str], list[CheckResult]] = {}
    for result in results:
        label = pair_label(result.dataset, result.test_dataset)
        groups.setdefault((result.criterion, label, result.potential), []).append(result)
    shown = []
    for (criterion, label, potential), own in groups.items():
        parities = []
        kept: dict[str, tuple[int, int]] = {}
        for result in own:
            try:
                parity = read_parity(folder, result)
            except ReportError as error:
                notes[f"{potential} on {label}, {result.quantity}: {error}"] = None
                continue
            if parity is not None:
                parities.append(parity)
                kept[result.quantity] = structures.add(parity.structures)
        details = [
            detail
            for result in own
            if (detail := _details(result, kept.get(result.quantity, (0, 0))))
        ]
        if not parities and not details:
            continue
        image = None
        panels: list[dict[str, Any]] = []
        if parities:
            figure = draw_parities(parities)
            names = ", ".join(parity.result.quantity for parity in parities)
            alt = f"Parity plots of {potential} on {label}: predicted against reference {names}."
            image = embed_png(figure, alt)
            panels = named_points(parities)
            if files is not None:
                files.save(f"parity-{criterion}-{potential}-{label}", figure)
        shown.append(
            {
                "criterion": criterion,
                "dataset": label,
                "potential": potential,
                "stand_in": any(result.stand_in for result in own),
                "incomparable": any(result.incomparable for result in own),
                "verdicts": list(dict.fromkeys(result.verdict for result in own)),
                "image": image,
                "panels": panels,
                "details": details,
            }
        )
    return shown, list(notes), structures


def _details(result: CheckResult, kept: tuple[int, int]) -> dict[str, Any]:
    """Errors per element, worst frames and further numbers of a result; empty if it has none."""
    per_element = details_of(result, "per_element", dict[str, float]) or {}
    elements = {name: value for name, value in per_element.items() if math.isfinite(value)}
    frames = details_of(result, "worst_frames", tuple[WorstFrame, ...]) or ()
    worst = [(str(frame.frame), frame.value) for frame in frames if math.isfinite(frame.value)]
    scalars = [
        _scalar(str(key), value, result)
        for key, value in result.details.items()
        if _is_number(value)
    ]
    # Details of curves and paths belong to the sections of their criteria.
    kinds = details_of(result, "per_config_type", dict[str, KindError]) or {}
    by_kind = [
        (kind, error.mae, error.n_frames)
        for kind, error in kinds.items()
        if math.isfinite(error.mae)
    ]
    if not elements and not worst and not scalars and not by_kind:
        return {}
    largest = max(elements.values(), default=0.0)
    return {
        "quantity": result.quantity,
        "unit": pretty_unit(result.unit),
        "elements": [
            # Length of a bar in per cent; 0.5 keeps the shortest one visible.
            (name, value, max(100 * value / largest, 0.5) if largest > 0 else 0.5)
            for name, value in sorted(elements.items(), key=lambda item: -item[1])
        ],
        "kinds": sorted(by_kind, key=lambda item: -item[1]),
        "worst": worst,
        "structures": kept[0],
        "n_structures": kept[1],
        "scalars": scalars,
    }


def _scalar(key: str, value: float, result: CheckResult) -> tuple[str, str]:
    """Words and text of a number. What is counted is a whole number."""
    if key == "without_model":
        return "error without a model", f"{number(value)} {pretty_unit(result.unit)}".rstrip()
    return key.replace("_", " "), str(value) if isinstance(value, int) else number(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
