"""Answers of the audit that depend on the card and on the splits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

import numpy as np

from ms25_suite.core.fields import NOT_STATED
from ms25_suite.core.findings import Finding, frame_list
from ms25_suite.core.frames import BoolArray, Frames, IntArray
from ms25_suite.core.units import MEV_PER_EV
from ms25_suite.datasets.answers import Answer, answered, unanswered
from ms25_suite.datasets.audit.images import audit_cell_size
from ms25_suite.datasets.audit.pairs import neighbours
from ms25_suite.datasets.audit.stress import composition
from ms25_suite.datasets.audit.structures import NEAR
from ms25_suite.datasets.audit.surroundings import evenly
from ms25_suite.datasets.cards.card import DatasetCard
from ms25_suite.datasets.splits import Splits

if TYPE_CHECKING:
    from ms25_suite.datasets.store import Content

__all__ = ["audit_coverage"]

_OUTSIDE: Final = 0.15
"""How far the share of an element may lie outside those of the training frames. Random
compositions always leave some at the edges: 0.09 in the built-in alloys."""

_NO_FORCE: Final = 0.035
"""eV/Å; the paper's threshold for forces. A smaller force on an atom far from all others hardly
shows in the errors."""

_LOOKED_AT: Final = 200
"""Most frames with isolated atoms that are looked at."""

_PAPER_CUTOFF: Final = 6.0
"""Å; the largest of the paper's table 1, for datasets that state none."""


def audit_coverage(card: DatasetCard, content: Content, splits: Splits) -> list[Answer]:
    """Level of theory, leakage, elements, isolated atoms and cell sizes."""
    return [
        _level_of_theory(card),
        _leakage(content, splits),
        _elements(card, content.frames, splits),
        _isolation(card, content),
        audit_cell_size(card, content.frames),
        unanswered(
            "energy-offset",
            "checked when a potential is judged (finding `energy-offset` of the report)",
        ),
    ]


def _level_of_theory(card: DatasetCard) -> Answer:
    if card.level_of_theory != NOT_STATED:
        return answered("level-of-theory", card.level_of_theory)
    finding = Finding(
        "no-level-of-theory",
        "The level of theory of the labels is not stated, so it cannot be compared with that of a "
        'potential. State it in a card: level_of_theory = "…".',
        "note",
    )
    return answered("level-of-theory", "no", finding)


def _trained(splits: Splits) -> bool:
    return any(len(train) for train, _, _ in splits.parts)


def _leakage(content: Content, splits: Splits) -> Answer:
    if splits.validation_as_test:
        n_test = len(splits.parts[0][2])
        finding = Finding(
            "validation-as-test",
            f"There are no test frames, so the {n_test} validation frames are judged by. If they "
            "chose a model, or its hyperparameters, its errors look better than they are.",
        )
        return answered("leakage", "not known of validation frames", finding)
    if not _trained(splits):
        return unanswered("leakage", "there are no training frames")
    frames: set[int] = set()
    for train, validation, test in splits.parts:
        # Validation frames count as known: they decide which weights of a training are kept.
        known = np.concatenate([content.digests[train], content.digests[validation]])
        # Digests are those of rounded positions: as a rule, a copy with fewer digits is found
        # too.
        frames.update(int(index) for index in test[np.isin(content.digests[test], known)])
    if not frames:
        sets = "" if splits.n_sets == 1 else f" in any of {splits.n_sets} sets"
        return answered("leakage", f"no{sets} (equal to 1e-5 Å)")
    indices = tuple(sorted(frames))
    finding = Finding(
        "train-test-overlap",
        f"{len(indices)} test frames are also training or validation frames "
        f"({frame_list(indices)}): test errors look better than they are. Remove these frames "
        f"from one side.",
        frames=indices,
    )
    return answered("leakage", f"yes: {frame_list(indices)}", finding)


def _elements(card: DatasetCard, frames: Frames, splits: Splits) -> Answer:
    from ase.data import chemical_symbols

    symbols = [chemical_symbols[number] for number in frames.elements]
    absent = [symbol for symbol in card.elements if symbol not in symbols]
    named = (
        Finding("element-absent", f"The card names {_joined(absent)}; no frame holds it.", "note")
        if absent
        else None
    )
    if not _trained(splits):
        text = f"there are no training frames; the frames hold {_joined(symbols)}"
        # With a finding the question counts as answered.
        return answered("coverage", text, named) if named else unanswered("coverage", text)
    gaps, farthest = _gaps(frames, splits, symbols)
    edge = f"; shares at most {100 * farthest:.2g} % of the atoms outside" if farthest else ""
    start = "no" if gaps else "yes"
    return answered("coverage", f"{start}: {_joined(symbols)}{edge}", named, *gaps)


def _gaps(frames: Frames, splits: Splits, symbols: list[str]) -> tuple[list[Finding], float]:
    """Findings about elements and compositions that the training frames lack.

    Also the largest distance of the share of an element in a test frame from the range of its
    shares in the training frames (0 if all lie inside).
    """
    counts = composition(frames)
    shares = counts / frames.n_atoms[:, None]
    unknown: dict[str, None] = {}
    unseen: set[int] = set()
    far: set[int] = set()
    farthest = 0.0
    for train, _, test in splits.parts:
        if len(train) == 0:
            continue
        # An element that is absent from training has no embedding or one-body energy that was
        # fitted: its predictions are arbitrary, not merely inaccurate.
        lacking = ~(counts[train] > 0).any(axis=0)
        tested = (counts[test] > 0).any(axis=0)
        unknown.update(dict.fromkeys(np.array(symbols)[lacking & tested]))
        unseen.update(_frames(test, np.asarray((counts[test][:, lacking] > 0).any(axis=1))))
        low, high = shares[train].min(axis=0), shares[train].max(axis=0)
        # Distance from the interval [low, high] for each element; negative values lie inside.
        outside = np.maximum(low - shares[test], shares[test] - high)[:, ~lacking]
        outside = outside.max(axis=1, initial=0.0)
        farthest = max(farthest, float(outside.max(initial=0.0)))
        far.update(_frames(test, np.asarray(outside > _OUTSIDE)))
    findings = []
    if unseen:
        findings.append(
            Finding(
                "element-not-trained",
                f"{len(unseen)} test frames ({frame_list(sorted(unseen))}) hold "
                f"{_joined(unknown)}, which no training frame holds: a potential trained on this "
                f"dataset cannot describe these elements. Divide the frames differently.",
                frames=tuple(sorted(unseen)),
            )
        )
    if far:
        findings.append(
            Finding(
                "composition-not-covered",
                f"In {len(far)} test frames ({frame_list(sorted(far))}) the share of an element "
                f"is up to {100 * farthest:.0f} % of the atoms outside those of the training "
                f"frames: errors on them are errors of extrapolation.",
                "note",
                tuple(sorted(far)),
            )
        )
    return findings, farthest


def _frames(test: IntArray, chosen: BoolArray) -> Iterable[int]:
    return (int(index) for index in test[chosen])


def _joined(symbols: Iterable[str]) -> str:
    return ", ".join(symbols)


def _isolation(card: DatasetCard, content: Content) -> Answer:
    cutoff = card.cutoff or _PAPER_CUTOFF
    source = "the card's cutoff" if card.cutoff else "the paper's largest cutoff"
    nearest, frames = content.nearest, content.frames
    # Such an atom has an empty neighbourhood: every local model gives it the energy of the free
    # atom and no force, whatever the label says.
    isolated = np.flatnonzero(nearest > cutoff)
    # For a frame of one atom that is right.
    alone = np.asarray(frames.n_atoms)[isolated] == 1
    free = f"; {np.count_nonzero(alone)} frames are one free atom" if alone.any() else ""
    isolated = isolated[~alone]
    if len(isolated) == 0:
        rest = np.setdiff1d(np.arange(len(frames)), np.flatnonzero(nearest > cutoff))
        largest = max(NEAR, float(nearest[rest].max(initial=0.0)))
        text = f"no: each has a neighbour within {largest:.3g} Å ({source} is {cutoff:g} Å){free}"
        return answered("isolation", text)
    indices = tuple(int(index) for index in isolated)
    farthest = float(nearest[isolated].max())
    how_far = f"up to {farthest:.3g} Å" if np.isfinite(farthest) else "more than 10 Å"
    fact = (
        f"In {len(indices)} frames ({frame_list(indices)}) an atom is farther than {cutoff:g} Å "
        f"({source}) from every other, {how_far}: a potential with this cutoff gives it the energy "
        f"of a free atom and no force"
    )
    text = f"yes, in {frame_list(indices)}{free}"
    force = _force_on_isolated(content, isolated, cutoff)
    if force is not None and force < _NO_FORCE:
        finding = Finding(
            "isolated-atoms",
            f"{fact}, as the labels do (at most {MEV_PER_EV * force:.2g} meV/Å): dissociated or "
            f"evaporated atoms.",
            "note",
            indices,
        )
    else:
        labelled = (
            "." if force is None else f", while the labels have forces of up to {force:.2g} eV/Å."
        )
        finding = Finding(
            "isolated-atoms",
            f"{fact}{labelled} Is the cell the right one, and are positions in Å? If atoms are "
            f"meant to be apart (dissociation), a larger cutoff is needed.",
            frames=indices,
        )
    return answered("isolation", text, finding)


def _force_on_isolated(content: Content, isolated: IntArray, cutoff: float) -> float | None:
    """Largest force on atoms without a neighbour within the cutoff in eV/Å; None without forces."""
    if content.labels.forces is None:
        return None
    frames = content.frames
    found = []
    for index in evenly(isolated, _LOOKED_AT):
        part = slice(int(frames.offsets[index]), int(frames.offsets[index + 1]))
        apart = np.ones(int(frames.n_atoms[index]), dtype=bool)
        apart[neighbours(frames, int(index), cutoff)[0]] = False
        sizes = np.linalg.norm(np.asarray(content.labels.forces[part])[apart], axis=1)
        # NaN where this frame has no forces.
        found += sizes[np.isfinite(sizes)].tolist()
    return max(found, default=None)
