"""What failed, as lines that GitHub shows beside the changed files of a pull request."""

from __future__ import annotations

import argparse
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.core.text.shown import shown
from ms25_suite.report.order import sort_results
from ms25_suite.report.wording import count_sentence, limit_text, quantity_text

__all__ = ["MOST", "Annotation", "collect_annotations"]

MOST: Final = 10
"""GitHub shows ten annotations of each kind for a step, and drops the others without a word."""

_LEVELS: Final = {Verdict.ERROR: "error", Verdict.FAIL: "error", Verdict.UNDECIDED: "warning"}

_LONGEST: Final = 600


@dataclass(frozen=True, slots=True)
class Annotation:
    """A message about a line of a file.

    Parameters
    ----------
    level
        ``error``, ``warning`` or ``notice``.
    title, message
        What is shown.
    file
        File that the message is about, relative to the current folder; None for no file.
    line
        Line in it, from 1.
    """

    level: str
    title: str
    message: str
    file: Path | None = None
    line: int = 1

    def command(self) -> str:
        """The annotation as a workflow command of GitHub, one line."""
        place = "" if self.file is None else f"file={_value(str(self.file))},line={self.line},"
        return f"::{self.level} {place}title={_value(self.title)}::{_data(self.message)}"


def collect_annotations(run: RunRecord, results: Sequence[CheckResult]) -> list[Annotation]:
    """What failed or could not be run, and then what is undecided: at most `MOST` of a kind.

    A result points to the line of the threshold that it is held against, where the run was given a
    file with it (``--ms25-thresholds``, or the card of the dataset), or else to the card.

    Parameters
    ----------
    run
        Description of the run; its command names the files.
    results
        Its results.
    """
    places = _Places(run)
    found: list[Annotation] = []
    for level in ("error", "warning"):
        ordered = sort_results(run, results)
        chosen = [one for one in ordered if _LEVELS.get(one.verdict or Verdict.PASS) == level]
        shown_ones = chosen if len(chosen) <= MOST else chosen[: MOST - 1]
        found += [_annotation(one, level, places) for one in shown_ones]
        left = chosen[len(shown_ones) :]
        if left:
            text = f"{len(left)} more: see the summary of the step. {count_sentence(results)}"
            found.append(Annotation(level, "ms25-suite", text))
    return found


def _annotation(result: CheckResult, level: str, places: _Places) -> Annotation:
    what = quantity_text(result.quantity, result.metric)
    title = f"{result.potential} on {result.test_dataset}: {what} ({result.criterion})"
    if result.value is None or result.threshold is None:
        text = f"{result.verdict}: {result.reason}"
    else:
        interval = ""
        if result.interval is not None:
            interval = f" [{result.interval[0]:.4g}, {result.interval[1]:.4g}]"
        limit = limit_text(result.threshold, result.at_least)
        text = f"{result.verdict}: {result.value:.4g}{interval} {result.unit}, limit {limit}"
        text += f" ({result.reason})" * bool(result.reason)
    file, line = places.of(result)
    short = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    return Annotation(level, shown(title), short, file, line)


class _Places:
    """Files of the command line that hold thresholds, and the lines in them."""

    def __init__(self, run: RunRecord) -> None:
        parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
        parser.add_argument("--dataset", "--ms25-dataset", action="append", default=[])
        parser.add_argument("--ms25-thresholds", default="")
        given, _ = parser.parse_known_args(
            [word for part in run.parts for word in part.command or ()]
        )
        self._thresholds = Path(given.ms25_thresholds) if given.ms25_thresholds else None
        self._cards = {
            name: path
            for path in map(Path, given.dataset)
            if path.suffix == ".toml"
            for name in {path.stem, _name_in(path)}
        }

    def of(self, result: CheckResult) -> tuple[Path | None, int]:
        """File and line of the threshold of a result; the card, or None, if it is in no file."""
        if self._thresholds is not None:
            pattern = rf"\[{re.escape(result.criterion)}\.[^.\]]+\.{re.escape(result.quantity)}\]"
            line = _line(self._thresholds, pattern)
            if line:
                return self._thresholds, line
        card = self._cards.get(result.dataset)
        if card is None:
            return None, 1
        table = rf"\[thresholds\.{re.escape(result.criterion)}\.{re.escape(result.quantity)}\]"
        return card, _line(card, table) or 1


def _line(path: Path, pattern: str) -> int:
    """First line that matches, from 1; 0 if there is none."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return 0
    bare = (re.sub(r"\s", "", line) for line in lines)
    return next((number for number, line in enumerate(bare, 1) if re.match(pattern, line)), 0)


def _name_in(card: Path) -> str:
    """The name that a card states; the one called card.toml has that of its folder."""
    default = card.resolve().parent.name if card.name == "card.toml" else card.stem
    try:
        name = tomllib.loads(card.read_text(encoding="utf-8")).get("name", "")
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return default
    return name if isinstance(name, str) and name else default


def _data(text: str) -> str:
    # docs.github.com: workflow commands; the toolkit escapes these (actions/toolkit, command.ts).
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _value(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
