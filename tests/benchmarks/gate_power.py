"""How often the comparison with a baseline raises an alarm, by the size of the change.

Two models are judged on the same frames. The error of a frame is its difficulty, the same for both,
times what the models make of it, which is independent. The second model is worse by a known amount.
Writes the table of ``docs/ci.md`` between its markers:

    python -m tests.benchmarks.gate_power
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from ms25_suite.baseline.allowances import Allowances
from ms25_suite.core.frames import FloatArray
from ms25_suite.metrics.intervals import mean_ends, totals_by_group

__all__ = ["CASES", "CHANGES", "alarms"]

PAGE: Final = Path(__file__).parents[2] / "docs" / "ci.md"
MARKS: Final = ("<!-- power -->\n", "<!-- /power -->\n")

CHANGES: Final = (0.0, 0.02, 0.05, 0.1, 0.2)
"""How much worse the second model is."""

CASES: Final = {
    "100 frames, retrained": (100, 1, 0.3, 0.3),
    "100 frames, heavy tails (lognormal, σ = 1)": (100, 1, 1.0, 0.3),
    "500 frames, retrained": (500, 1, 0.3, 0.3),
    "100 frames of 20 trajectories, retrained": (100, 5, 0.3, 0.3),
    "30 frames, heavy tails": (30, 1, 1.0, 0.3),
    "100 frames, another model (σ = 0.6)": (100, 1, 0.3, 0.6),
}
"""Frames, frames of a trajectory, spread of the difficulty, and of what each model makes of it."""

DRAWS: Final = 4000


SQUARED: Final = tuple(CASES)[:3]
"""Cases that are shown for root mean square errors too."""


def alarms(
    case: tuple[int, int, float, float],
    change: float,
    draws: int,
    seed: int = 0,
    *,
    squared: bool = False,
) -> tuple[float, float]:
    """Percent of comparisons that say *worse*: with the allowance of the suite, and without any.

    Parameters
    ----------
    case
        One of `CASES`.
    change
        True difference of the errors, relative.
    draws
        Number of pairs of models.
    seed
        Seed of the draws.
    squared
        Whether root mean square errors are compared.
    """
    n, size, difficulty, own = case
    rng = np.random.default_rng(seed)

    def drawn(sigma: float) -> FloatArray:
        # Frames of one trajectory share it. The mean is one.
        values = rng.normal(-(sigma**2) / 2, sigma, (draws, n // size))
        return np.repeat(np.exp(values), size, axis=1)

    common = drawn(difficulty)
    before, after = common * drawn(own), (1 + change) * common * drawn(own)
    groups = np.arange(n) // size if size > 1 else None
    if squared:
        # As `ms25_suite.baseline.since.change_of` does.
        before, after = before**2, after**2
    sums, sizes = totals_by_group(after - before, None, groups)
    _, low, _ = mean_ends(sums, sizes)
    accepted = before.mean(axis=1)
    if squared:
        accepted = np.sqrt(accepted)
        low = low / (np.sqrt(after.mean(axis=1)) + accepted)
    allowed = Allowances.default().percent / 100 * accepted
    return float(100 * np.mean(low > allowed)), float(100 * np.mean(low > 0))


def table(draws: int = DRAWS) -> str:
    """The table of the page, in Markdown."""
    heads = [f"{100 * change:g} % worse" for change in CHANGES]
    lines = [f"| | {' | '.join(heads)} |", f"| --- |{' ---: |' * len(heads)}"]
    rows = [(name, case, False) for name, case in CASES.items()]
    rows += [(f"RMSE, {name}", CASES[name], True) for name in SQUARED]
    for name, case, squared in rows:
        cells = [alarms(case, change, draws, squared=squared) for change in CHANGES]
        lines.append(f"| {name} | {' | '.join(f'{a:.1f} ({b:.1f})' for a, b in cells)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8")
    head, _, rest = text.partition(MARKS[0])
    _, _, tail = rest.partition(MARKS[1])
    PAGE.write_text(f"{head}{MARKS[0]}{table()}{MARKS[1]}{tail}", encoding="utf-8")
