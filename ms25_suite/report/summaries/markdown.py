"""A run as Markdown: the verdict first, then what failed, then every number."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import CheckResult, Verdict, worst_verdict
from ms25_suite.core.text.shown import shown_lines
from ms25_suite.report.comparisons import counted, notice, two_levels_of
from ms25_suite.report.order import sort_results
from ms25_suite.report.tables import SINCE, group_heading, headings, result_cells
from ms25_suite.report.verdicts import tallies
from ms25_suite.report.wording import (
    SYMBOLS,
    count_sentence,
    exit_words,
    verdict_word,
)

__all__ = ["COMMENT_BYTES", "SUMMARY_BYTES", "markdown_summary"]

SUMMARY_BYTES: Final = 1_000_000
"""Size of a summary in UTF-8. GitHub refuses the summary of a step above 1 MiB."""

COMMENT_BYTES: Final = 60_000
"""Size of a comment in UTF-8. GitHub refuses a comment of more than 65,536 characters."""

_RIGHT: Final = ("value", "limit")
"""Columns of numbers."""

_BAD: Final = (Verdict.FAIL, Verdict.ERROR)

_LONGEST: Final = 400
"""Characters of a reason. A traceback is for the report, not for a comment."""

_MOST_TALLIES: Final = 30
"""Potentials in the first table."""

_CUT: Final = (
    "\n\n*Cut here, to be short enough for this page: {n} of {all} rows. The report has all.*\n"
)


def markdown_summary(
    run: RunRecord,
    results: Sequence[CheckResult],
    *,
    most_bytes: int = SUMMARY_BYTES,
    report: str = "",
) -> str:
    """Text in GitHub's Markdown, which GitLab shows as well.

    What failed or could not be run comes first and with its reason, so that a summary that must be
    cut still says why the run is red.

    Parameters
    ----------
    run
        Description of the run.
    results
        Its results.
    most_bytes
        Largest size in UTF-8.
    report
        Where the whole report is, as Markdown; empty to leave the line out.
    """
    ordered = sort_results(run, results)
    head = [f"## {_headline(run, ordered)}", ""]
    pairs = two_levels_of(run, ordered)
    head += [f"> {_text(line)}" for line in notice(pairs, counted=counted(ordered))]
    head += [""] * bool(pairs)
    head += [*_tally_table(run, ordered), ""]
    if report:
        head += [report, ""]
    bad = [result for result in ordered if result.verdict in _BAD]
    sections = [("What failed", bad), ("All numbers", ordered)] if bad else [("Numbers", ordered)]
    return _within("\n".join(head) + "\n", sections, most_bytes)


def _headline(run: RunRecord, results: Sequence[CheckResult]) -> str:
    worst = worst_verdict(result.verdict for result in results)
    sign = SYMBOLS[worst]
    if not run.ended_well and worst not in _BAD:
        sign = SYMBOLS[Verdict.ERROR]
    ended = exit_words(run.exit_status) if run.is_timed else ""
    return f"{sign} ms25-suite: {count_sentence(results)}" + (f" {_sentence(ended)}" * bool(ended))


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def _tally_table(run: RunRecord, results: Sequence[CheckResult]) -> list[str]:
    verdicts = [*Verdict, None]
    used = [verdict for verdict in verdicts if any(r.verdict is verdict for r in results)]
    if not used:
        return []
    lines = [
        _row(["potential", *(f"{SYMBOLS[one]} {verdict_word(one)}" for one in used)]),
        _row([":--", *("--:" for _ in used)]),
    ]
    found = tallies(run, results)
    for tally in found[:_MOST_TALLIES]:
        lines.append(_row([_text(tally.name), *(str(tally.counts[one] or "") for one in used)]))
    left = len(found) - _MOST_TALLIES
    return [*lines, *[f"\n…and {left} more potentials."] * (left > 0)]


def _within(head: str, sections: Sequence[tuple[str, list[CheckResult]]], most: int) -> str:
    """The head and as many rows as there is room for."""
    n_rows = sum(len(own) for _, own in sections)
    # The last line, and the end of a table that is folded, have room in any case.
    room = most - len(head.encode()) - len(_CUT) - 200
    parts, shown = [head], 0
    columns = headings(result for _, own in sections for result in own)
    for title, own in sections:
        folded = title == "All numbers"
        opening = f"<details><summary>{title}</summary>\n\n" if folded else f"### {title}\n\n"
        parts.append(opening)
        room -= len(opening)
        group = ""
        for result in own:
            new = group_heading(result) != group
            lines = _result_lines(result, columns, first=new, reason=not folded)
            room -= len(lines.encode())
            if room < 0:
                parts.append("\n</details>\n" if folded else "")
                parts.append(_CUT.format(n=shown, all=n_rows))
                return "".join(parts)
            group = group_heading(result)
            parts.append(lines)
            shown += 1
        parts.append("\n</details>\n" if folded else "\n")
    return "".join(parts).rstrip("\n") + "\n"


def _result_lines(result: CheckResult, columns: Sequence[str], *, first: bool, reason: bool) -> str:
    lines = []
    if first:
        lines += ["", f"**{_text(group_heading(result))}**", "", _row(columns)]
        lines.append(_row(["--:" if name in _RIGHT else ":--" for name in columns]))
    *cells, word = result_cells(result, since=SINCE in columns)
    if reason and result.reason:
        word += f": {_text(_short(result.reason))}"
    # Brackets of the interval begin no link: no address follows them.
    potential, quantity, value, interval, limit, unit, *since = cells
    texts = [_text(potential), _text(quantity), value, interval, limit, _text(unit), *since, word]
    return "\n".join([*lines, _row(texts)]) + "\n"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _short(text: str) -> str:
    first = " ".join(text.split())
    return first if len(first) <= _LONGEST else f"{first[: _LONGEST - 1]}…"


def _text(text: str) -> str:
    """Text that Markdown shows as it is, on one line.

    Names come from files of others: they must neither end a cell nor become links, images, HTML or
    the name of a user, who would be notified.
    """
    plain = " ".join(shown_lines(text).split())
    plain = plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    plain = re.sub(r"([\\`*_{}\[\]|#~!])", r"\\\1", plain)
    # A character without width after @ keeps GitHub from taking what follows for a user.
    return plain.replace("@", "@\u200b")
