"""Writing the files of a report."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from ms25_suite.core.cache import atomic_path, file_sha256
from ms25_suite.core.errors import ReportError
from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import CheckResult
from ms25_suite.core.text.shown import encodable
from ms25_suite.report.criteria import criterion_title, error_criterion, transfer_criteria
from ms25_suite.report.figures.canvas import drawing, png_bytes, svg_bytes
from ms25_suite.report.figures.files import FigureFiles
from ms25_suite.report.figures.heatmap import draw_heatmap
from ms25_suite.report.figures.scales import HeatmapScale
from ms25_suite.report.grid import Grid, build_grid
from ms25_suite.report.html.page import render_page
from ms25_suite.report.merging.merge import merge_results
from ms25_suite.report.order import sort_potentials, sort_results
from ms25_suite.report.pairs import build_pair_grid
from ms25_suite.report.tables import csv_text, json_text

__all__ = ["ReportFiles", "write_report"]

_HEATMAP_DPI = 200


@dataclass(frozen=True, slots=True)
class ReportFiles:
    """Paths of the files of a report."""

    html: Path
    heatmap_png: Path
    heatmap_svg: Path
    csv: Path
    json: Path


def write_report(
    folder: Path,
    run: RunRecord,
    results: Sequence[CheckResult],
    scale: HeatmapScale = "marks",
    *,
    figures: bool = False,
) -> ReportFiles:
    """Write a report into a folder, which is created if needed.

    The same run and results give the same bytes, in whatever order the results come.

    Parameters
    ----------
    folder
        Folder to write to. Artifacts with a relative path must lie in it; those with an absolute
        path (see `load_results`) are copied into it.
    run
        Description of the run.
    results
        Results; a later one replaces an earlier one of the same key.
    scale
        Colours of the heatmap of errors: ratios to thresholds, or one scale as in the paper.
    figures
        Write each figure of the page as SVG, PNG and PDF, and its numbers as CSV, into the folder
        ``figures`` too.

    Raises
    ------
    ReportError
        The folder cannot be written to, or a number of a result is not finite.
    """
    ordered = sort_results(run, merge_results(results))
    files = ReportFiles(
        folder / "report.html",
        folder / "heatmap.png",
        folder / "heatmap.svg",
        folder / "results.csv",
        folder / "results.json",
    )
    waiting = [files.json, files.csv, files.heatmap_png, files.heatmap_svg, files.html]

    def write(data: bytes) -> None:
        _write(waiting[0], data)
        del waiting[0]

    try:
        folder.mkdir(parents=True, exist_ok=True)
        ordered = [_with_own_artifact(result, folder) for result in ordered]
        # Numbers are written first: they are kept even if a figure cannot be drawn.
        write(json_text(run, ordered).encode())
        write(encodable(csv_text(ordered)).encode())
        with drawing(sort_potentials(run, ordered)):
            figure = draw_heatmap(*_main_grid(run, ordered), scale)
            svg = svg_bytes(figure)
            write(png_bytes(figure, _HEATMAP_DPI))
            write(svg)
            into = FigureFiles(folder / "figures") if figures else None
            if into is not None:
                into.save("heatmap", figure)
            page = render_page(folder, run, ordered, svg, figure.get_figwidth(), into)
            write(encodable(page).encode())
    except OSError as error:
        # Those of an earlier report would be taken for a part of this one.
        for path in waiting:
            with suppress(OSError):
                path.unlink(missing_ok=True)
        msg = f"cannot write the report to {folder}: {error}; choose a folder that can be written"
        raise ReportError(msg) from error
    return files


def _main_grid(run: RunRecord, results: Sequence[CheckResult]) -> tuple[Grid, str]:
    """Grid and title of the heatmap files: error thresholds, or else a criterion on pairs."""
    grid, title = build_grid(run, results, error_criterion()), "Mean absolute errors"
    for criterion in transfer_criteria():
        pairs = build_pair_grid(run, results, criterion)
        if not grid.rows and pairs.rows:
            grid, title = pairs, f"{criterion_title(criterion)}: mean absolute errors"
    return grid, title


def _write(path: Path, data: bytes) -> None:
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def _with_own_artifact(result: CheckResult, folder: Path) -> CheckResult:
    """Copy the artifact of a result into the report folder, so that the folder can be moved."""
    source = Path(result.artifact)
    if not result.artifact or not source.is_absolute():
        return result
    # Relative again, so that the folder of the report can be moved.
    if source.is_relative_to(folder.resolve()):
        return replace(result, artifact=source.relative_to(folder.resolve()).as_posix())
    if not source.is_file():
        return replace(result, artifact=f"artifacts/{source.name}")
    # Artifacts of two runs may have the same name; the hash tells them apart.
    name = f"artifacts/{source.stem}-{file_sha256(source)[:8]}{source.suffix}"
    target = folder / name
    target.parent.mkdir(exist_ok=True)
    if not target.is_file():
        with atomic_path(target) as temporary:
            shutil.copyfile(source, temporary)
    return replace(result, artifact=name)
