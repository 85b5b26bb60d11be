"""Coverage of the intervals of errors, by distribution, number of frames and correlation.

Draws the errors of potentials whose true error is known, many times over, and counts how often the
interval holds it. Writes the tables of ``docs/statistics.md`` between its markers:

    python -m tests.benchmarks.interval_coverage

It takes a minute on one core. ``test_interval_coverage.py`` repeats the rows with fewer draws.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import scipy.special
import scipy.stats

from ms25_suite.core.frames import FloatArray, IntArray
from ms25_suite.core.thresholds import MIN_FRAMES
from ms25_suite.metrics.intervals import (
    MIN_SQUARED,
    MOST_SHARE,
    effective_number,
    largest_share,
    mean_ends,
    ratio_ends,
    root_ends,
    totals_by_group,
)

PAGE: Final = Path(__file__).parents[2] / "docs" / "statistics.md"
SIZES: Final = (6, 10, 30, 100, 300)
CORRELATION: Final = 0.9
"""Between the errors of two frames of one trajectory, before the transform to the distribution."""

RATIO: Final = 3.0
METRICS: Final = ("mae", "rmse", "ratio")


@dataclass(frozen=True, slots=True)
class Law:
    """Distribution of the error of a frame.

    Parameters
    ----------
    name
        For the table.
    quantile
        Errors from the probabilities of a Gaussian, in (0, 1).
    mae, rmse
        True mean absolute and root mean square error.
    """

    name: str
    quantile: Callable[[FloatArray], FloatArray]
    mae: float
    rmse: float


def _student(degrees: float) -> Law:
    mae = (
        2
        * math.sqrt(degrees / math.pi)
        * scipy.special.gamma((degrees + 1) / 2)
        / scipy.special.gamma(degrees / 2)
    )
    return Law(
        f"Student's t, {degrees:g} degrees",
        lambda p: scipy.special.stdtrit(degrees, p),
        float(mae) / (degrees - 1),
        math.sqrt(degrees / (degrees - 2)),
    )


def _lognormal(sigma: float) -> Law:
    return Law(
        f"lognormal, σ = {sigma:g}",
        lambda p: np.exp(sigma * scipy.special.ndtri(p)),
        math.exp(sigma**2 / 2),
        math.exp(sigma**2),
    )


LAWS: Final = (
    Law("Gaussian", scipy.special.ndtri, math.sqrt(2 / math.pi), 1.0),
    Law(
        "Gaussian, mean of 2σ",
        lambda p: 2.0 + scipy.special.ndtri(p),
        float(scipy.stats.foldnorm.mean(2.0)),
        math.sqrt(5.0),
    ),
    _student(5),
    _student(3),
    _lognormal(0.5),
    _lognormal(1.0),
)


@dataclass(frozen=True, slots=True)
class Sampling:
    """How frames belong to trajectories.

    Parameters
    ----------
    name
        For the table.
    groups
        Trajectory of each of so many frames.
    stated
        Whether the frames say which trajectory they are of.
    """

    name: str
    groups: Callable[[int], IntArray]
    stated: bool = True


def _uneven(n: int) -> IntArray:
    """Trajectories of 1, 2, 3 … 7 frames, and again."""
    lengths = np.resize(np.arange(1, 8), n)
    return np.repeat(np.arange(n), lengths)[:n]


SAMPLINGS: Final = (
    Sampling("independent", np.arange, stated=False),
    Sampling("trajectories of 3", lambda n: np.arange(n) // 3),
    Sampling("trajectories of 10", lambda n: np.arange(n) // 10),
    Sampling("trajectories of 1 to 7", _uneven),
)


@dataclass(frozen=True, slots=True)
class Row:
    """How often intervals held, in percent.

    Parameters
    ----------
    law, sampling, n_frames
        What was drawn.
    independent
        Effective number of independent frames.
    held, false_pass, doubted
        By metric: of the intervals that are vouched for, how many held the truth and how many
        ended below it; and how many were not vouched for.
    """

    law: str
    sampling: str
    n_frames: int
    independent: float
    held: dict[str, float]
    false_pass: dict[str, float]
    doubted: dict[str, float]


def simulate(law: Law, sampling: Sampling, n: int, draws: int, seed: int = 0) -> Row:
    """Draw errors of ``n`` frames many times, and look whether the intervals hold the truth."""
    rng = np.random.default_rng([seed, n, LAWS.index(law), SAMPLINGS.index(sampling)])
    stated = sampling.groups(n) if sampling.stated else None
    squares, means, sums = [], [], []
    for _ in range(2):
        errors = _draw(law, sampling, n, draws, rng)
        absolute, sizes = totals_by_group(np.abs(errors), None, stated)
        squared, _ = totals_by_group(errors**2, None, stated)
        means.append(mean_ends(absolute, sizes))
        squares.append((squared, root_ends(mean_ends(squared, sizes), means[-1])))
        sums.append(absolute)
    top, base = means
    # One potential, whose errors on the other frames are three times as large.
    scaled = (RATIO * top[0], RATIO * top[1], RATIO * top[2])
    shares = [largest_share(one) for one in sums]
    independent = effective_number(sizes)
    found = {
        "mae": (base, law.mae, shares[1]),
        "rmse": (squares[1][1], law.rmse, largest_share(squares[1][0])),
        "ratio": (ratio_ends(scaled, base), RATIO, np.maximum(*shares)),
    }
    held, below, doubted = {}, {}, {}
    for metric, ((_, low, high), truth, share) in found.items():
        fewest = MIN_SQUARED if metric == "rmse" else MIN_FRAMES
        trusted = (share <= MOST_SHARE) & (independent >= fewest)
        doubted[metric] = 100 * float(np.mean(~trusted))
        count = max(int(trusted.sum()), 1)
        held[metric] = 100 * float(np.sum(trusted & (low <= truth) & (truth <= high))) / count
        below[metric] = 100 * float(np.sum(trusted & (high < truth))) / count
    return Row(law.name, sampling.name, n, independent, held, below, doubted)


def _draw(law: Law, sampling: Sampling, n: int, draws: int, rng: np.random.Generator) -> FloatArray:
    groups = sampling.groups(n)
    # A Gaussian copula: one number for the trajectory, and one for the frame.
    shared = rng.standard_normal((draws, int(groups.max()) + 1))[:, groups]
    own = rng.standard_normal((draws, n))
    if sampling.stated:
        own = math.sqrt(CORRELATION) * shared + math.sqrt(1 - CORRELATION) * own
    return np.asarray(law.quantile(scipy.special.ndtr(own)))


def possible(sampling: Sampling, n: int) -> bool:
    """Whether there are two trajectories at least."""
    return int(sampling.groups(n).max()) > 0


def rows(draws: int) -> list[Row]:
    """All rows of the table."""
    return [
        simulate(law, sampling, n, draws)
        for sampling in SAMPLINGS
        for law in LAWS
        for n in SIZES
        if possible(sampling, n)
    ]


def table(found: Sequence[Row], metric: str) -> str:
    """Markdown table of one metric."""
    head = "| frames | distribution of the errors | " + " | ".join(f"n = {n}" for n in SIZES) + " |"
    lines = [head, "| --- | --- |" + " ---: |" * len(SIZES)]
    for sampling in SAMPLINGS:
        for law in LAWS:
            cells = []
            for n in SIZES:
                row = next(
                    (
                        row
                        for row in found
                        if (row.law, row.sampling, row.n_frames) == (law.name, sampling.name, n)
                    ),
                    None,
                )
                cells.append(_cell(row, metric))
            lines.append(f"| {sampling.name} | {law.name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(row: Row | None, metric: str) -> str:
    if row is None or row.doubted[metric] == 100:
        return "too few"
    text = f"{row.held[metric]:.1f} ({row.false_pass[metric]:.1f})"
    doubted = row.doubted[metric]
    return text if doubted < 0.5 else f"{text}, {doubted:.0f} % not"


def marked(name: str, where: str = "begin") -> str:
    """Line of the page before or after a table."""
    return f"<!-- {where} {name} -->"


def filled(page: str, tables: dict[str, str]) -> str:
    """Page with its tables replaced."""
    for name, text in tables.items():
        start, end = marked(name), marked(name, "end")
        before, rest = page.split(start)
        after = rest.split(end)[1]
        page = f"{before}{start}\n\n{text}\n\n{end}{after}"
    return page


if __name__ == "__main__":
    known = rows(draws=4000)
    content = PAGE.read_text(encoding="utf-8")
    tables = {metric: table(known, metric) for metric in METRICS}
    PAGE.write_text(filled(content, tables), encoding="utf-8")
