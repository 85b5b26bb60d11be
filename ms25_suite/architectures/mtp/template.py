"""Untrained moment tensor potentials: their moments, and how these are contracted to scalars.

MLIP ships such templates, motep does not. It ships the list of scalar contractions of each level
instead (JSON files below ``potentials/mtp/jax``), from which the tables of a template follow.
Moments and levels: Shapeev, Multiscale Model. Simul. 14, 1153 (2016), equations 3 and 4.
"""

from __future__ import annotations

import itertools
import json
from collections import Counter
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from ms25_suite.core.errors import TrainingError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["LEVELS", "template"]

LEVELS: Final = tuple(range(2, 25, 2))
"""Levels for which motep 0.2.0 has contractions. The paper's 26 is not among them."""

_FOLDER: Final = "potentials/mtp/jax/precomputed_moments"

Contraction = tuple[Any, ...]
"""A basic moment ``(mu, nu, nu)``, or ``(left, right, rank, (axes of left, axes of right))``."""

Component = tuple[int, ...]
"""Indices 0, 1, 2 (x, y, z) of a tensor."""


def template(level: int, n_species: int, r_min: float, r_max: float, radial_basis_size: int) -> str:
    """Text of an untrained ``.mtp`` file in the layout of MLIP-2.

    Parameters
    ----------
    level
        Largest level of a basis function; the number of basis functions grows with it.
    n_species
        Number of elements.
    r_min, r_max
        Range of the radial basis functions in Å.
    radial_basis_size
        Number of radial basis functions.

    Raises
    ------
    TrainingError
        motep has no contractions of that level.
    """
    contractions = _contractions(level)
    tables = _Tables(contractions)
    scalars = [tables.tensor(contraction)[()] for contraction in contractions]
    return f"""MTP
version = 1.1.0
potential_name = MTP1m
scaling = {1.0:.15e}
species_count = {n_species}
potential_tag =
radial_basis_type = RBChebyshev
\tmin_dist = {r_min}
\tmax_dist = {r_max}
\tradial_basis_size = {radial_basis_size}
\tradial_funcs_count = {1 + max(row[0] for row in tables.basic)}
alpha_moments_count = {tables.n_moments}
alpha_index_basic_count = {len(tables.basic)}
alpha_index_basic = {_braces(tables.basic)}
alpha_index_times_count = {len(tables.times)}
alpha_index_times = {_braces(tables.times)}
alpha_scalar_moments = {len(scalars)}
alpha_moment_mapping = {{{", ".join(map(str, scalars))}}}
"""


def _braces(rows: list[tuple[int, ...]]) -> str:
    return "{" + ", ".join("{" + ", ".join(map(str, row)) + "}" for row in rows) + "}"


def _contractions(level: int) -> list[Contraction]:
    if level not in LEVELS:
        msg = (
            f"there is no MTP of level {level}: motep has the levels {', '.join(map(str, LEVELS))}"
        )
        raise TrainingError(msg)
    text = files("motep").joinpath(_FOLDER, f"moments_level{level}.json").read_text("utf-8")

    def frozen(item: Any) -> Any:
        return tuple(map(frozen, item)) if isinstance(item, list) else item

    return [frozen(item) for item in json.loads(text)]


def _basic_moments(contraction: Contraction) -> Iterator[tuple[int, int]]:
    """``(mu, nu)`` of all basic moments in a contraction."""
    left, right = contraction[:2]
    if isinstance(left, tuple):
        yield from _basic_moments(left)
        yield from _basic_moments(right)
    else:
        yield left, right


class _Tables:
    """Moments numbered one by one: basic ones, then sums of products of earlier ones.

    Parameters
    ----------
    contractions
        All contractions that need a number.

    Attributes
    ----------
    basic
        ``(mu, powers of x, y and z)`` of each basic moment.
    times
        ``(first, second, factor, result)``: which moments to multiply, and where to add it.
    n_moments
        Number of moments so far.
    """

    def __init__(self, contractions: list[Contraction]) -> None:
        # M_{mu,nu} = sum_j f_mu(r_ij) r_ij (x) … (x) r_ij, nu times, is a symmetric tensor: one
        # number for each set of powers of x, y and z with the sum nu serves all its components.
        moments = sorted({moment for item in contractions for moment in _basic_moments(item)})
        self.basic: list[tuple[int, ...]] = [
            (mu, x, y, nu - x - y)
            for mu, nu in moments
            for x in range(nu, -1, -1)
            for y in range(nu - x, -1, -1)
        ]
        self.times: list[tuple[int, ...]] = []
        self.n_moments = len(self.basic)
        # Sums of products are numbered after the basic moments. Each refers to earlier ones only,
        # so that one pass through `times` computes all.
        self._numbers = {row: number for number, row in enumerate(self.basic)}
        self._tensors: dict[Contraction, dict[Component, int]] = {}
        self._sums: dict[tuple[tuple[tuple[int, int], int], ...], int] = {}

    def tensor(self, contraction: Contraction) -> dict[Component, int]:
        """Numbers of the components of a contraction; of a scalar, the one of ``()``."""
        if contraction not in self._tensors:
            left, right = contraction[:2]
            self._tensors[contraction] = (
                self._contract(contraction) if isinstance(left, tuple) else self._basic(left, right)
            )
        return self._tensors[contraction]

    def _basic(self, mu: int, nu: int) -> dict[Component, int]:
        return {
            # The order of the indices does not matter, only how often each axis occurs.
            component: self._numbers[(mu, *(component.count(axis) for axis in range(3)))]
            for component in itertools.product(range(3), repeat=nu)
        }

    def _contract(self, contraction: Contraction) -> dict[Component, int]:
        # C_{free left, free right} = sum over contracted axes of A_left B_right.
        left, right, _, (left_axes, right_axes) = contraction
        first, second = self.tensor(left), self.tensor(right)
        ranks = [len(next(iter(tensor))) for tensor in (first, second)]
        free = [
            [axis for axis in range(rank) if axis not in axes]
            for rank, axes in zip(ranks, (left_axes, right_axes), strict=True)
        ]
        found = {}
        for outer in itertools.product(range(3), repeat=len(free[0]) + len(free[1])):
            products: Counter[tuple[int, int]] = Counter()
            for inner in itertools.product(range(3), repeat=len(left_axes)):
                at_left = dict(
                    zip((*free[0], *left_axes), (*outer[: len(free[0])], *inner), strict=True)
                )
                at_right = dict(
                    zip((*free[1], *right_axes), (*outer[len(free[0]) :], *inner), strict=True)
                )
                a = first[tuple(at_left[axis] for axis in range(ranks[0]))]
                b = second[tuple(at_right[axis] for axis in range(ranks[1]))]
                # Equal products, also with factors exchanged, are one entry with an integer factor.
                products[min(a, b), max(a, b)] += 1
            found[outer] = self._sum(tuple(sorted(products.items())))
        return found

    def _sum(self, products: tuple[tuple[tuple[int, int], int], ...]) -> int:
        """Number of a sum of products; the same sum is computed once."""
        if products not in self._sums:
            self._sums[products] = self.n_moments
            self.times.extend((a, b, factor, self.n_moments) for (a, b), factor in products)
            self.n_moments += 1
        return self._sums[products]
