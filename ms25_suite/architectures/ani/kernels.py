"""Loops over pairs and triples of `ms25_suite.architectures.ani.terms`, compiled by Numba.

They are compiled once for this machine's processor and kept in Numba's cache. Arrays are those
of `ms25_suite.architectures.ani.terms.Environment`; the last arguments of each function are its
results.
With ``fc`` the cutoff function of the cosine, the terms are

- of a pair ``0.25 exp(-eta (r - shift)^2) fc(r)``,
- of a triple ``2 ((1 + cos(angle - section)) / 2)^zeta exp(-eta (r_mean - shift)^2) fc(ra) fc(rb)``
  where ``cos(angle)`` is 0.95 times the cosine between both edges.
"""
# mypy: disable-error-code="untyped-decorator,misc,no-untyped-def"
# ruff: noqa: D103

import math

import numpy as np
from numba import njit

__all__ = ["pairs", "pairs_back", "triples", "triples_back"]

SHRINK = 0.95
"""TorchANI scales the cosine of an angle by this, so that its arc cosine stays finite."""


def _compiled(function):
    try:
        return njit(cache=True, nogil=True)(function)
    except RuntimeError:  # Numba can write neither beside this file nor to the user's cache
        return njit(nogil=True)(function)


@_compiled
def _raise(bases, exponent, squares, results):
    """``results *= bases**exponent``; products of a few squares are quicker than logarithms."""
    whole = int(exponent)
    rest = exponent - whole
    for z in range(len(bases)):
        squares[z] = bases[z]
        if rest > 0.0:
            results[z] *= bases[z] ** rest
    while whole > 0:
        if whole & 1:
            for z in range(len(bases)):
                results[z] *= squares[z]
        for z in range(len(bases)):
            squares[z] *= squares[z]
        whole >>= 1


@_compiled
def pairs(senders, edges, gaussians, features):
    n = gaussians.shape[1]
    for edge in range(len(senders)):
        # One block of radial features for each element of the neighbour.
        atom, first = senders[edge], edges.kinds[edge] * n
        for k in range(n):
            features[atom, first + k] += gaussians[edge, k] * edges.ends[edge]


@_compiled
def pairs_back(senders, edges, terms, slope, gaussians, gradient):
    n = gaussians.shape[1]
    for edge in range(len(senders)):
        r = edges.lengths[edge]
        atom, first = senders[edge], edges.kinds[edge] * n
        height, tilt = 0.0, 0.0
        for k in range(n):
            weighted = slope[atom, first + k] * gaussians[edge, k]
            # d/dr of exp(-eta (r - shift)^2) fc(r): one term from fc, one from the Gaussian.
            height += weighted
            tilt += weighted * (r - terms.shifts[k])
        # Only the sender's features depend on a directed edge: the reversed edge brings what the
        # same pair adds to the receiver's features.
        along = edges.slopes[edge] * height - 2.0 * terms.eta * edges.ends[edge] * tilt
        for axis in range(3):
            # dr/dD is the unit vector along D.
            gradient[edge, axis] = along / r * edges.vectors[edge, axis]


@_compiled
def _cosine(sides, a, b):
    dot = 0.0
    for axis in range(3):
        dot += sides.vectors[a, axis] * sides.vectors[b, axis]
    return dot / (sides.lengths[a] * sides.lengths[b])


@_compiled
def triples(starts, sides, terms, features, gaussians, powers):
    n, m = gaussians.shape[1], powers.shape[1]
    bases, squares, angular = np.empty(m), np.empty(m), np.empty(m)
    triple = 0
    for atom in range(len(starts) - 1):
        for a in range(starts[atom], starts[atom + 1]):
            # Each unordered pair of sides once; TorchANI does the same.
            for b in range(starts[atom], a):
                cosine = SHRINK * _cosine(sides, a, b)
                sine = math.sqrt(1.0 - cosine * cosine)
                # cos(angle - section) by the addition theorem: no arc cosine is needed.
                for z in range(m):
                    bases[z] = 0.5 + 0.5 * (cosine * terms.cosines[z] + sine * terms.sines[z])
                    # 2^(1 - zeta) (1 + cos)^zeta of equation 4 is 2 ((1 + cos) / 2)^zeta.
                    powers[triple, z] = 2.0
                # One power less is kept: the derivative needs it, the value is a product more.
                _raise(bases, terms.zeta - 1.0, squares, powers[triple])
                for z in range(m):
                    angular[z] = powers[triple, z] * bases[z]
                mean = 0.5 * (sides.lengths[a] + sides.lengths[b])
                ends = sides.ends[a] * sides.ends[b]
                first = terms.first[sides.kinds[a], sides.kinds[b]]
                for k in range(n):
                    away = mean - terms.shifts[k]
                    gaussians[triple, k] = math.exp(-terms.eta * away * away)
                    radial = gaussians[triple, k] * ends
                    for z in range(m):
                        # Shifts are the slow index, sections the fast one.
                        features[atom, first + k * m + z] += radial * angular[z]
                triple += 1


@_compiled
def triples_back(starts, sides, terms, slope, gaussians, powers, gradient):
    n, m = gaussians.shape[1], powers.shape[1]
    angular, turned = np.empty(m), np.empty(m)
    triple = 0
    for atom in range(len(starts) - 1):
        for a in range(starts[atom], starts[atom + 1]):
            for b in range(starts[atom], a):
                ra, rb = sides.lengths[a], sides.lengths[b]
                true_cosine = _cosine(sides, a, b)
                cosine = SHRINK * true_cosine
                sine = math.sqrt(1.0 - cosine * cosine)
                cotangent = cosine / sine
                # d cos(angle - section) / d cos(angle) = cos(section) - cot(angle) sin(section).
                for z in range(m):
                    along, off = terms.cosines[z], terms.sines[z]
                    angular[z] = powers[triple, z] * (0.5 + 0.5 * (cosine * along + sine * off))
                    turned[z] = powers[triple, z] * (along - cotangent * off)
                mean = 0.5 * (ra + rb)
                first = terms.first[sides.kinds[a], sides.kinds[b]]
                height, tilt, turn = 0.0, 0.0, 0.0
                for k in range(n):
                    of_value, of_turn = 0.0, 0.0
                    for z in range(m):
                        weight = slope[atom, first + k * m + z]
                        of_value += weight * angular[z]
                        of_turn += weight * turned[z]
                    height += gaussians[triple, k] * of_value
                    tilt += gaussians[triple, k] * of_value * (mean - terms.shifts[k])
                    turn += gaussians[triple, k] * of_turn
                ends = sides.ends[a] * sides.ends[b]
                # Chain rule: zeta / 2 from the power, SHRINK from the scaled cosine; `turned` holds
                # the rest.
                turn *= 0.5 * SHRINK * terms.zeta * ends
                # The mean distance has half of each distance: -2 eta (mean - shift) / 2.
                stretch = -terms.eta * ends * tilt
                along_a = (stretch + height * sides.slopes[a] * sides.ends[b]) / ra
                along_b = (stretch + height * sides.ends[a] * sides.slopes[b]) / rb
                # d cos / d va = vb / (ra rb) - cos va / ra^2, and the same with a and b exchanged.
                along_a -= turn * true_cosine / ra**2
                along_b -= turn * true_cosine / rb**2
                across = turn / (ra * rb)
                for axis in range(3):
                    va, vb = sides.vectors[a, axis], sides.vectors[b, axis]
                    gradient[a, axis] += along_a * va + across * vb
                    gradient[b, axis] += along_b * vb + across * va
                triple += 1
