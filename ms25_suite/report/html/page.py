"""The HTML page: everything in one file that opens without a network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import CheckResult, Verdict, worst_verdict
from ms25_suite.core.text.lines import one_line
from ms25_suite.core.text.shown import visible
from ms25_suite.report.comparisons import (
    MARK,
    counted,
    marked,
    not_counted_line,
    notice,
    two_levels_of,
)
from ms25_suite.report.criteria import criterion_title, error_criterion, explain, is_transfer
from ms25_suite.report.figures.canvas import svg_bytes
from ms25_suite.report.figures.curves import training_section
from ms25_suite.report.figures.embed import Image, embed_svg
from ms25_suite.report.figures.files import FigureFiles
from ms25_suite.report.figures.heatmap import draw_heatmap
from ms25_suite.report.figures.message import message_section
from ms25_suite.report.findings import collect_audits, collect_findings, group_findings
from ms25_suite.report.grid import build_grid, stand_in_notes, without_model_notes
from ms25_suite.report.html.details import error_groups
from ms25_suite.report.html.overview import hover_text, judged_on, overview
from ms25_suite.report.html.packed import packed
from ms25_suite.report.html.points import thinned
from ms25_suite.report.html.provenance import (
    command_line,
    dataset_facts,
    moment,
    potential_facts,
    run_facts,
)
from ms25_suite.report.html.scripts import page_scripts
from ms25_suite.report.html.sections import Sections
from ms25_suite.report.html.structures import VIEWER
from ms25_suite.report.pairs import without_repeats
from ms25_suite.report.verdicts import verdict_matrices
from ms25_suite.report.wording import (
    SYMBOLS,
    change_text,
    count_sentence,
    exit_words,
    limit_text,
    number,
    pair_label,
    pretty_unit,
    result_number,
    result_text,
    tiers_text,
    unjudged_lines,
    verdict_word,
)

__all__ = ["render_page"]

_SHORT = 60
"""With so many results at most, the sections of the page are open from the start."""


def render_page(
    folder: Path,
    run: RunRecord,
    results: Sequence[CheckResult],
    heatmap: bytes,
    heatmap_width: float,
    files: FigureFiles | None = None,
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
        Heatmap of the errors as SVG, and its width in inches.
    files
        Writes each figure as a file too.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("ms25_suite.report", "templates"),
        # Names of potentials and messages of errors are foreign text.
        autoescape=True,
        finalize=visible,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        number=number,
        unit=pretty_unit,
        words=verdict_word,
        symbol=_symbol,
    )
    environment.globals.update(
        pair=pair_label,
        title_of=criterion_title,
        interval_of=_interval,
        mark=MARK,
        css=_css_class,
        limit=limit_text,
        change=change_text,
        hover=hover_text,
        number_of=result_number,
        compared=any(result.change is not None for result in results),
    )
    sections = Sections(files)
    shown = sections.of_criteria(run, results)
    message = sections.make(
        "observables", "Errors against observables", lambda: message_section(results)
    )
    curves = sections.make("training", "Training curves", lambda: training_section(run))
    groups, notes, structures = error_groups(folder, results, files)
    # The page says by its place which of the figures one is.
    plots = thinned([group["panels"] for group in groups])
    matrices = verdict_matrices(run, without_repeats(results))
    matrix_links = {one.criterion: f"#verdicts-{n}" for n, one in enumerate(matrices, start=1)}
    group_links = {
        (group["criterion"], group["dataset"], group["potential"]): f"#errors-{n}"
        for n, group in enumerate(groups, start=1)
    }
    section_links = {section.anchor: f"#{section.anchor}" for section in shown}
    table = overview(run, results)
    scripts = page_scripts({"viewer": VIEWER} if structures.texts else {})

    def target(result: CheckResult) -> str:
        """Where the page says most about a result."""
        label = pair_label(result.dataset, result.test_dataset)
        found = group_links.get((result.criterion, label, result.potential))
        other = section_links.get(result.criterion) or matrix_links.get(result.criterion)
        return found or other or "#results"

    explanations = [
        explain(name, run.docs_url or "")
        for name in dict.fromkeys(result.criterion for result in results)
    ]
    return environment.get_template("report.html").render(
        **_headline(run, results),
        rows=table.rows,
        criteria=table.criteria,
        target=target,
        matrix_links=matrix_links,
        worst_of={
            criterion: worst_verdict(one.verdict for one in results if one.criterion == criterion)
            for criterion in matrix_links
        },
        is_short=len(results) <= _SHORT,
        policy=scripts.policy,
        scripts=structures.data + packed("points", plots if any(plots) else []) + scripts.tags,
        n_left_out=structures.n_left_out,
        heatmaps=_heatmaps(run, results, heatmap, heatmap_width, files),
        has_stress=any(result.quantity == "stress" for result in results),
        findings=group_findings(collect_findings(run, results)),
        audits=collect_audits(run, results),
        notes=[*sections.notes, *notes],
        stand_ins=stand_in_notes(run, results),
        scales=without_model_notes(results),
        sections=[*shown, *([message] if message else [])],
        matrices=matrices,
        groups=groups,
        curves=[curves] if curves else [],
        results=results,
        reasons=_reasons(results),
        sources=_sources(results),
        potentials=[(item.name, potential_facts(item)) for item in run.potentials],
        datasets=[(item.name, item.stand_in, dataset_facts(item)) for item in run.datasets],
        runs=[(run_facts(part), command_line(part)) for part in run.parts],
        explanations=explanations,
        links={one.name: one.address or f"#check-{one.name}" for one in explanations},
    )


def _reasons(results: Sequence[CheckResult]) -> list[str]:
    """The reason of each result; a traceback stands in one row only."""
    first: dict[str, str] = {}
    texts = []
    for result in results:
        own = f"{result.criterion}, {result.quantity.replace('_', ' ')}"
        place = first.setdefault(result.reason, own)
        again = "\n" in result.reason and place != own
        texts.append(f"{one_line(result.reason)} (more: {place})" if again else result.reason)
    return texts


def _headline(run: RunRecord, results: Sequence[CheckResult]) -> dict[str, Any]:
    """Head of the page: which run, and how it ended."""
    recorded = [part for part in run.parts if part.is_timed]
    tiers = [result.tier for result in results] + [dataset.tier for dataset in run.datasets]
    judged, stand_in = judged_on(run, results)
    return {
        "judged": judged,
        "stand_in": stand_in,
        # In full under Provenance.
        "run_id": (run.id or "")[:8],
        "started": moment(run.started or ""),
        "suite_version": run.suite_version or "",
        "tiers": tiers_text(tiers),
        "merged": len(run.runs) if len(run.runs) > 1 else 0,
        "worst": worst_verdict(result.verdict for result in results),
        "sentence": count_sentence(results),
        "exits": [*_exits(recorded), *unjudged_lines(results), *not_counted_line(results)],
        "verdicts": list(Verdict),
        "two_levels": notice(two_levels_of(run, results), counted=counted(results)),
    }


def _exits(recorded: Sequence[RunRecord]) -> list[str]:
    """How the runs ended, in words; of several runs, how many ended so."""
    counts = Counter(exit_words(part.exit_status) for part in recorded)
    if len(recorded) < 2:
        return list(counts)
    return [f"{count} of {len(recorded)} runs: {words}" for words, count in counts.items()]


def _heatmaps(
    run: RunRecord,
    results: Sequence[CheckResult],
    heatmap: bytes,
    width: float,
    files: FigureFiles | None,
) -> list[Image]:
    """Heatmaps of all criteria with mean absolute errors, but for those with their own section."""
    heatmaps = []
    # Transfers have a grid of pairs of datasets in their own section.
    for criterion in dict.fromkeys(result.criterion for result in results):
        if is_transfer(criterion):
            continue
        grid = build_grid(run, results, criterion)
        title = criterion_title(criterion)
        alt = (
            f"Heatmap of mean absolute errors, {title}: {len(grid.rows)} potentials by "
            f"{len(grid.columns)} columns; the numbers are in the table of all results."
        )
        if criterion == error_criterion() and grid.rows:
            heatmaps.append(embed_svg(heatmap, width, alt))
        elif grid.values:
            figure = draw_heatmap(grid, f"{title}: mean absolute errors")
            if files is not None:
                files.save(f"heatmap-{criterion}", figure)
            heatmaps.append(embed_svg(svg_bytes(figure), figure.get_figwidth(), alt))
    return heatmaps


def _sources(results: Iterable[CheckResult]) -> dict[str, int]:
    """Number of each source of a threshold, in the order of the table."""
    found = dict.fromkeys(result.threshold_source for result in results if result.threshold_source)
    return {source: number for number, source in enumerate(found, start=1)}


def _interval(result: CheckResult) -> tuple[str, str]:
    value, interval = result_text(result)
    return marked(value, result) if value else "", interval


def _symbol(verdict: Verdict | None) -> str:
    return SYMBOLS[verdict]


def _css_class(verdict: Verdict | None) -> str:
    return f"v-{verdict_word(verdict)}"
