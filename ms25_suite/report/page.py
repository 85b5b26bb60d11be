"""The HTML page: everything in one file that opens without a network."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ms25_suite.core.results import CheckResult, Verdict, worst_verdict
from ms25_suite.core.run_record import RunRecord
from ms25_suite.criteria.eos.figure import draw_observable, observable_groups
from ms25_suite.criteria.throughput.figure import draw_pareto, draw_sizes, draw_speeds
from ms25_suite.criteria.throughput.points import (
    hardware_notes,
    pareto_points,
    size_curves,
    size_rows,
    speed_points,
    speed_rows,
)
from ms25_suite.criteria.training_rate.figure import draw_learning, learning_groups
from ms25_suite.report.details import error_groups
from ms25_suite.report.figures.canvas import svg_bytes
from ms25_suite.report.figures.curves import curve_series, draw_curves
from ms25_suite.report.figures.embed import Image, embed_png, embed_svg
from ms25_suite.report.figures.heatmap import draw_heatmap
from ms25_suite.report.figures.message import OBSERVABLE_CRITERIA, draw_message, observable_points
from ms25_suite.report.findings import collect_audits, collect_findings
from ms25_suite.report.grid import build_grid, stand_in_notes, without_model_notes
from ms25_suite.report.order import sort_potentials
from ms25_suite.report.pairs import PAIR_CRITERIA, build_pair_grid, ratio_rows, without_repeats
from ms25_suite.report.provenance import (
    command_line,
    dataset_facts,
    potential_facts,
    run_facts,
)
from ms25_suite.report.wording import (
    CRITERIA,
    SYMBOLS,
    cell_number,
    count_sentence,
    criterion_title,
    exit_words,
    limit_text,
    number,
    pair_label,
    pretty_unit,
    value_text,
    verdict_word,
)

__all__ = ["render_page"]


def render_page(
    folder: Path,
    run: RunRecord,
    results: Sequence[CheckResult],
    heatmap: bytes,
    heatmap_width: float,
) -> str:
    """Render the report.

    Parameters
    ----------
    folder
        Folder to which the artifacts are relative.
    run
        Description of the run.
    results
        Sorted results without repeats.
    heatmap, heatmap_width
        Heatmap of the error thresholds as SVG, and its width in inches.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("ms25_suite.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        number=number,
        cell=cell_number,
        unit=pretty_unit,
        words=verdict_word,
        symbol=_symbol,
    )
    environment.globals.update(
        pair=pair_label,
        title_of=criterion_title,
        interval_of=_interval,
        css=_css_class,
        limit=limit_text,
    )
    groups, notes = error_groups(folder, results)
    return environment.get_template("report.html").render(
        **_headline(run, results),
        heatmaps=_heatmaps(run, results, heatmap, heatmap_width),
        has_stress=any(result.quantity == "stress" for result in results),
        findings=collect_findings(run, results),
        audits=collect_audits(run, results),
        notes=notes,
        stand_ins=stand_in_notes(run, results),
        scales=without_model_notes(results),
        matrix=_matrix(run, without_repeats(results)),
        groups=groups,
        curves=_curves(run),
        transfers=_transfers(run, results),
        learning=_learning(run, results),
        observables=_observables(results),
        throughput=_throughput(results),
        message=_message(results),
        results=results,
        sources=_sources(results),
        potentials=[(item.name, potential_facts(item)) for item in run.potentials],
        datasets=[(item.name, item.stand_in, dataset_facts(item)) for item in run.datasets],
        runs=[(run_facts(part), command_line(part)) for part in run.parts],
        criteria=_criteria(run, results),
        links=_links(run, results),
    )


def _headline(run: RunRecord, results: Sequence[CheckResult]) -> dict[str, Any]:
    recorded = [part for part in run.parts if part.is_timed]
    tally = []
    for name in sort_potentials(run, results):
        own = [result for result in results if result.potential == name]
        counts = {
            verdict: sum(result.verdict is verdict for result in own)
            for verdict in (*Verdict, None)
        }
        worst = worst_verdict(result.verdict for result in own)
        tally.append({"name": name, "counts": counts, "worst": worst, "total": len(own)})
    tiers = dict.fromkeys(
        [result.tier for result in results] + [dataset.tier for dataset in run.datasets]
    )
    return {
        "run_id": run.id or "",
        "started": run.started or "",
        "suite_version": run.suite_version or "",
        "tiers": [tier for tier in tiers if tier],
        "merged": len(run.runs) if len(run.runs) > 1 else 0,
        "worst": worst_verdict(result.verdict for result in results),
        "sentence": count_sentence(results),
        "exits": _exits(recorded),
        "verdicts": list(Verdict),
        "tally": tally,
    }


def _exits(recorded: Sequence[RunRecord]) -> list[str]:
    """How the runs ended, in words; of several runs, how many ended so."""
    counts = Counter(exit_words(part.exit_status) for part in recorded)
    if len(recorded) < 2:
        return list(counts)
    return [f"{count} of {len(recorded)} runs: {words}" for words, count in counts.items()]


def _heatmaps(
    run: RunRecord, results: Sequence[CheckResult], heatmap: bytes, width: float
) -> list[Image]:
    heatmaps = []
    for criterion in dict.fromkeys(result.criterion for result in results):
        if criterion in PAIR_CRITERIA:
            continue
        grid = build_grid(run, results, criterion)
        title = criterion_title(criterion)
        alt = (
            f"Heatmap of mean absolute errors, {title}: {len(grid.rows)} potentials by "
            f"{len(grid.columns)} columns; the numbers are in the table of all results."
        )
        if criterion == "error_thresholds" and grid.rows:
            heatmaps.append(embed_svg(heatmap, width, alt))
        elif grid.values:
            figure = draw_heatmap(grid, f"{title}: mean absolute errors")
            heatmaps.append(embed_svg(svg_bytes(figure), figure.get_figwidth(), alt))
    return heatmaps


def _transfers(run: RunRecord, results: Sequence[CheckResult]) -> list[dict[str, Any]]:
    """For each criterion that compares two datasets: a heatmap, and the ratios of the errors."""
    transfers = []
    for criterion in PAIR_CRITERIA:
        grid = build_pair_grid(run, results, criterion)
        if not grid.rows:
            continue
        title = criterion_title(criterion)
        figure = draw_heatmap(grid, f"{title}: mean absolute errors")
        alt = (
            f"Heatmap of mean absolute errors, {title}: {len(grid.rows)} rows of potentials and "
            f"what they are for, {len(grid.columns)} columns of what they were tested on."
        )
        image = embed_svg(svg_bytes(figure), figure.get_figwidth(), alt)
        ratios = ratio_rows(run, results, criterion)
        transfers.append({"criterion": criterion, "image": image, "ratios": ratios})
    return transfers


def _learning(run: RunRecord, results: Sequence[CheckResult]) -> list[dict[str, Any]]:
    learning = []
    for group in learning_groups(run, results):
        figure = draw_learning(group)
        alt = f"Errors of {group.label} over the number of training frames."
        image = embed_svg(svg_bytes(figure), figure.get_figwidth(), alt)
        learning.append({"group": group, "image": image})
    return learning


def _observables(results: Sequence[CheckResult]) -> list[dict[str, Any]]:
    """For each criterion of observables: a figure for each dataset."""
    sections = []
    for criterion in OBSERVABLE_CRITERIA:
        figures = []
        for (label, quantity), own in observable_groups(results, criterion).items():
            figure = draw_observable(criterion, own)
            if figure is None:
                continue
            words = quantity.replace("_", " ")
            alt = f"{criterion_title(criterion)} of {label}: {words} of each potential."
            stand_in = any(result.stand_in for result in own)
            image = embed_svg(svg_bytes(figure), figure.get_figwidth(), alt)
            heading = f"{label}, {words}"
            figures.append({"heading": heading, "stand_in": stand_in, "image": image})
        if figures:
            sections.append({"criterion": criterion, "figures": figures})
    return sections


def _throughput(results: Sequence[CheckResult]) -> dict[str, Any] | None:
    """Speeds, their charts against accuracy and size, and their tables; None without a speed."""
    points, sizes = speed_points(results), size_curves(results)
    if not points:
        return None
    fronts = pareto_points(points, results)
    figures = [
        (draw_speeds(points), "Speed of each potential in LAMMPS, by dataset."),
        (draw_pareto(fronts) if fronts else None, "Speed over the error of the forces."),
        (draw_sizes(sizes) if sizes else None, "Time per step over the number of atoms."),
    ]
    images = [
        None if figure is None else embed_svg(svg_bytes(figure), figure.get_figwidth(), alt)
        for figure, alt in figures
    ]
    return {
        "speeds": images[0],
        "pareto": images[1],
        "front": [
            (label, [point.speed.result.potential for point in own if point.best])
            for label, own in fronts.items()
            if len(own) > 1
        ],
        "sizes": images[2],
        "rows": speed_rows(points),
        "size_rows": size_rows(sizes),
        "notes": hardware_notes(points),
    }


def _message(results: Sequence[CheckResult]) -> dict[str, Any] | None:
    """Errors against observables; None if no potential has both."""
    points = observable_points(results)
    if not points:
        return None
    figure = draw_message(points)
    alt = "Errors of observables over the mean absolute errors of the forces."
    flags = [
        (point.observable.potential, point.label, point.flag) for point in points if point.flag
    ]
    image = embed_svg(svg_bytes(figure), figure.get_figwidth(), alt)
    return {"image": image, "flags": flags}


def _matrix(run: RunRecord, results: Sequence[CheckResult]) -> list[dict[str, Any]]:
    """Per criterion: the potentials, and a row of results for each dataset and quantity."""
    blocks = []
    for criterion, group in itertools.groupby(results, key=lambda result: result.criterion):
        own = list(group)
        names = sort_potentials(run, own)
        rows: dict[tuple[str, str, str], dict[str, CheckResult]] = {}
        for result in own:
            label = pair_label(result.dataset, result.test_dataset)
            row = (label, result.quantity, result.metric)
            rows.setdefault(row, {})[result.potential] = result
        lines = [
            {
                "dataset": label,
                "quantity": quantity,
                "metric": metric,
                "stand_in": any(result.stand_in for result in found.values()),
                "thresholds": list(
                    dict.fromkeys(
                        (limit_text(result.threshold, result.at_least), result.unit)
                        for result in found.values()
                        if result.threshold is not None
                    )
                ),
                "results": [found.get(name) for name in names],
            }
            for (label, quantity, metric), found in rows.items()
        ]
        blocks.append({"criterion": criterion, "names": names, "rows": lines})
    return blocks


def _curves(run: RunRecord) -> list[tuple[str, Image]]:
    curves = []
    for item in run.potentials:
        epochs, series = curve_series(item.training_curve or {})
        if series:
            figure = draw_curves(epochs, series, item.training_units or {})
            alt = f"Training curves of {item.name}: {', '.join(series)}."
            image = embed_png(figure, alt)
            curves.append((item.name, image))
    return curves


def _criteria(run: RunRecord, results: Iterable[CheckResult]) -> list[tuple[str, str, str, str]]:
    return [
        (name, criterion_title(name), CRITERIA.get(name, ("", ""))[1], _doc_link(run, name))
        for name in dict.fromkeys(result.criterion for result in results)
    ]


def _links(run: RunRecord, results: Iterable[CheckResult]) -> dict[str, str]:
    """Address of the docs page of each criterion; within the page if no site is known."""
    return {
        result.criterion: _doc_link(run, result.criterion) or f"#check-{result.criterion}"
        for result in results
    }


def _doc_link(run: RunRecord, criterion: str) -> str:
    base = run.docs_url or ""
    # Results come from files: nothing but an address of the web becomes a link.
    known = criterion in CRITERIA and base.startswith(("https://", "http://"))
    return f"{base.rstrip('/')}/checks/{criterion}" if known else ""


def _sources(results: Iterable[CheckResult]) -> dict[str, int]:
    """Number of each source of a threshold, in the order of the table."""
    found = dict.fromkeys(result.threshold_source for result in results if result.threshold_source)
    return {source: number for number, source in enumerate(found, start=1)}


def _interval(result: CheckResult) -> tuple[str, str]:
    return ("", "") if result.value is None else value_text(result.value, result.interval)


def _symbol(verdict: Verdict | None) -> str:
    return SYMBOLS[verdict]


def _css_class(verdict: Verdict | None) -> str:
    return f"v-{verdict_word(verdict)}"
