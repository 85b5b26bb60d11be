"""Whether the spread of a committee is large where its error is.

The *warning rate* is the probability that of two items, one of those with the largest errors and
one of the others, the first has the larger spread (area under the receiver operating
characteristic; ties count one half). 0.5 is chance. It does not depend on the scale of the spread.

How large it can be depends on the data: where all errors are of one size, no committee can tell
them apart. What the committee would reach if it were right is estimated from its own members: each
in turn is taken for the truth, and the others have to foretell it.

References
----------
E. R. DeLong, D. M. DeLong and D. L. Clarke-Pearson, Biometrics 44, 837 (1988), doi:10.2307/2531595
(variance of the area); N. A. Obuchowski, Biometrics 53, 567 (1997), doi:10.2307/2533958 (items of
one cluster, here a frame or trajectory); M. S. Pepe, The Statistical Evaluation of Medical Tests
for Classification and Prediction (2003), chapter 5 (interval of the logarithm of the odds); M. H.
Rasmussen et al., J. Cheminform. 15, 121 (2023), doi:10.1186/s13321-023-00790-0, and P. Pernot,
arXiv:2206.15272 (rankings of a perfect model are far from perfect, and have to be compared with
what its own uncertainties let expect).
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from ms25_suite.core.frames import BoolArray, FloatArray
from ms25_suite.metrics.committee.spread import Spread, mean_over_items
from ms25_suite.metrics.intervals import (
    TAILS,
    Statistic,
    deviations,
    effective_number,
    totals_by_group,
)

__all__ = [
    "errors_differ",
    "foretold_rate",
    "rank_correlation",
    "warning_rate",
    "worst_items",
]

_WORST: Final = 0.1
"""Part of the items that count as those with the largest errors."""

_FEWEST: Final = 5
"""Fewest of them: of one or two, a rate would be theirs and not that of the committee."""


def worst_items(spread: Spread) -> BoolArray:
    """The tenth of the items with the largest errors, shape ``(n_items,)``."""
    n = spread.n_items
    count = min(max(round(_WORST * n), _FEWEST), n // 2)
    worst = np.zeros(n, dtype=bool)
    worst[np.argsort(-spread.size, kind="stable")[:count]] = True
    return worst


def warning_rate(spread: Spread) -> Statistic:
    """How often the spread is larger for an item of the worst tenth than for another one.

    Its interval takes the worst tenth as given. It is one of the logarithm of the odds, of which
    the noise does not depend on the rate, and leaves out 0.5 % below and 2.5 % above: more is
    better here, and the lower end is the one that must not be too good.
    """
    return _with_interval(spread, *_ranked(spread))


def foretold_rate(spread: Spread) -> Statistic:
    """Warning rate that the members reach for each other: for a committee that is right, its own.

    It is the mean over the members, of which each is the truth once. One member fewer makes the
    spread less certain, so that the rate is slightly too small.
    """
    found = [_ranked(spread.without(member)) for member in range(spread.n_members)]
    rate = float(np.mean([one for one, _ in found]))
    return _with_interval(spread, rate, np.mean([pull for _, pull in found], axis=0))


def errors_differ(spread: Spread) -> bool:
    """Whether the errors are more than normal noise of one width: some items are really worse.

    The mean fourth power of the size of ``d`` normal components is ``1 + 2/d`` times the square of
    the mean second power.
    """
    square = spread.size**2
    ratio = mean_over_items(spread, square**2 / np.mean(square) ** 2)
    return ratio.interval is not None and ratio.interval[0] > 1 + 2 / spread.n_components


def rank_correlation(spread: Spread) -> Statistic:
    """Spearman's rank correlation of spread and error over all items."""
    from scipy.stats import rankdata

    ranks = [rankdata(values) for values in (spread.expected, spread.size)]
    scaled = [(rank - rank.mean()) / max(rank.std(), 1e-300) for rank in ranks]
    return mean_over_items(spread, scaled[0] * scaled[1], ends=(-1.0, 1.0))


def _ranked(spread: Spread) -> tuple[float, FloatArray]:
    """Area under the curve, and how far each item pulls it, shape ``(n_items,)``."""
    from scipy.stats import rankdata

    worst, score = worst_items(spread), spread.expected
    n, bad = len(score), int(worst.sum())
    good = n - bad
    if bad == 0:
        return 0.5, np.zeros(n)
    ranks = rankdata(score)
    placement = np.empty(n)
    # Part of the items of the other kind that are on the right side of each item.
    placement[worst] = (ranks[worst] - rankdata(score[worst])) / good
    placement[~worst] = 1 - (ranks[~worst] - rankdata(score[~worst])) / bad
    rate = float(placement[worst].mean())
    return rate, (placement - rate) * np.where(worst, n / bad, n / good)


def _with_interval(spread: Spread, rate: float, pull: FloatArray) -> Statistic:
    """Interval of a rate over frames or trajectories."""
    from scipy.special import expit, logit, stdtrit

    pulls, counts = np.bincount(spread.frame, weights=pull), np.bincount(spread.frame)
    sums, sizes = totals_by_group(pulls, counts, spread.groups)
    independent, n = effective_number(sizes), len(sums)
    if n < 2:
        return Statistic(rate, None, independent)
    error = np.linalg.norm(deviations(sums, sizes)) / math.sqrt((n - 1) * n)
    # A rate of one has no odds.
    margin = 0.5 / max(worst_items(spread).sum(), 1)
    known = min(max(rate, margin), 1 - margin)
    odds, noise = logit(known), error / (known * (1 - known))
    degrees = max(independent - 1, 1.0)
    low, high = (
        float(expit(odds + sign * stdtrit(degrees, 1 - tail) * noise))
        for sign, tail in zip((-1, 1), TAILS[::-1], strict=True)
    )
    return Statistic(rate, (min(low, rate), max(high, rate)), independent)
