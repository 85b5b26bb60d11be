"""Loops over pairs and triples of `ms25_suite.potentials.ani_terms`, compiled by Numba.

Compiled once for this machine's processor and kept in Numba's cache. Arrays are those of
`ms25_suite.potentials.ani_terms.Environment`; the last arguments of each function are its results.
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
"""TorchANI shrinks the cosine of an angle by this, so that its arc cosine stays finite."""


@njit(cache=True)
def _cutoff(r, cutoff):
    if r > cutoff:
        return 0.0
    return 0.5 * math.cos(r * math.pi / cutoff) + 0.5


@njit(cache=True)
def _cutoff_slope(r, cutoff):
    if r > cutoff:
        return 0.0
    return -0.5 * math.pi / cutoff * math.sin(r * math.pi / cutoff)


@njit(cache=True)
def _power(base, whole, rest):
    """``base**(whole + rest)``; products of a few squares are quicker than a logarithm."""
    result = 1.0
    if rest > 0.0:
        result = base**rest
    while whole > 0:
        if whole & 1:
            result *= base
        base *= base
        whole >>= 1
    return result


@njit(cache=True)
def _cosine(a, b, vectors, lengths):
    dot = 0.0
    for axis in range(3):
        dot += vectors[a, axis] * vectors[b, axis]
    return dot / (lengths[a] * lengths[b])


@njit(cache=True)
def pairs(senders, kinds, lengths, terms, gaussians, features):
    n = len(terms.shifts)
    for edge in range(len(senders)):
        ends = _cutoff(lengths[edge], terms.cutoff)
        atom, first = senders[edge], kinds[edge] * n
        for k in range(n):
            features[atom, first + k] += gaussians[edge, k] * ends


@njit(cache=True)
def pairs_back(senders, kinds, vectors, lengths, terms, slope, gaussians, gradient):
    n = len(terms.shifts)
    for edge in range(len(senders)):
        r = lengths[edge]
        atom, first = senders[edge], kinds[edge] * n
        height, tilt = 0.0, 0.0
        for k in range(n):
            weighted = slope[atom, first + k] * gaussians[edge, k]
            height += weighted
            tilt += weighted * (r - terms.shifts[k])
        along = _cutoff_slope(r, terms.cutoff) * height
        along -= 2.0 * terms.eta * _cutoff(r, terms.cutoff) * tilt
        for axis in range(3):
            gradient[edge, axis] = along / r * vectors[edge, axis]


@njit(cache=True)
def triples(near, starts, kinds, vectors, lengths, terms, features, gaussians, powers):
    n, m = len(terms.shifts), len(terms.cosines)
    whole = int(terms.zeta - 1.0)
    rest = terms.zeta - 1.0 - whole
    angular = np.empty(m)
    triple = 0
    for atom in range(len(starts) - 1):
        for i in range(starts[atom], starts[atom + 1]):
            a = near[i]
            ends_a = _cutoff(lengths[a], terms.cutoff)
            for j in range(starts[atom], i):
                b = near[j]
                ends = ends_a * _cutoff(lengths[b], terms.cutoff)
                cosine = SHRINK * _cosine(a, b, vectors, lengths)
                sine = math.sqrt(1.0 - cosine * cosine)
                mean = 0.5 * (lengths[a] + lengths[b])
                for k in range(n):
                    away = mean - terms.shifts[k]
                    gaussians[triple, k] = math.exp(-terms.eta * away * away)
                first = terms.first[kinds[a], kinds[b]]
                for z in range(m):
                    base = 0.5 + 0.5 * (cosine * terms.cosines[z] + sine * terms.sines[z])
                    power = 2.0 * _power(base, whole, rest)
                    powers[triple, z] = power
                    angular[z] = power * base
                for k in range(n):
                    radial = gaussians[triple, k] * ends
                    for z in range(m):
                        features[atom, first + k * m + z] += radial * angular[z]
                triple += 1


@njit(cache=True)
def triples_back(near, starts, kinds, vectors, lengths, terms, slope, gaussians, powers, gradient):
    n, m = len(terms.shifts), len(terms.cosines)
    angular, turned = np.empty(m), np.empty(m)
    triple = 0
    for atom in range(len(starts) - 1):
        for i in range(starts[atom], starts[atom + 1]):
            a = near[i]
            ra = lengths[a]
            ends_a, slope_a = _cutoff(ra, terms.cutoff), _cutoff_slope(ra, terms.cutoff)
            for j in range(starts[atom], i):
                b = near[j]
                rb = lengths[b]
                ends_b, slope_b = _cutoff(rb, terms.cutoff), _cutoff_slope(rb, terms.cutoff)
                true_cosine = _cosine(a, b, vectors, lengths)
                cosine = SHRINK * true_cosine
                sine = math.sqrt(1.0 - cosine * cosine)
                cotangent = cosine / sine
                mean = 0.5 * (ra + rb)
                first = terms.first[kinds[a], kinds[b]]
                for z in range(m):
                    along, off = terms.cosines[z], terms.sines[z]
                    angular[z] = powers[triple, z] * (0.5 + 0.5 * (cosine * along + sine * off))
                    turned[z] = powers[triple, z] * (along - cotangent * off)
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
                turn *= 0.5 * SHRINK * terms.zeta * ends_a * ends_b
                stretch = -terms.eta * ends_a * ends_b * tilt
                along_a = (stretch + height * slope_a * ends_b) / ra - turn * true_cosine / ra**2
                along_b = (stretch + height * ends_a * slope_b) / rb - turn * true_cosine / rb**2
                across = turn / (ra * rb)
                for axis in range(3):
                    gradient[a, axis] += along_a * vectors[a, axis] + across * vectors[b, axis]
                    gradient[b, axis] += along_b * vectors[b, axis] + across * vectors[a, axis]
                triple += 1
