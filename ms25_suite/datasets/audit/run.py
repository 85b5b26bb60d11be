"""The audit: what can be wrong with a dataset, checked before a potential is judged on it.

Answers about frames and labels are found once and kept with the frames in the store. Answers that
depend on the card and on the splits are found each time a dataset is opened.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ms25_suite.core.fields import QUANTITIES
from ms25_suite.core.findings import Finding
from ms25_suite.core.frames import BoolArray, Frames, IntArray, Labels
from ms25_suite.datasets.answers import Answer, answered, in_order
from ms25_suite.datasets.audit.coverage import audit_coverage
from ms25_suite.datasets.audit.derivatives import audit_work
from ms25_suite.datasets.audit.energies import audit_energies
from ms25_suite.datasets.audit.forces import audit_forces
from ms25_suite.datasets.audit.stress import audit_stress
from ms25_suite.datasets.audit.structures import audit_structure
from ms25_suite.datasets.cards.card import DatasetCard
from ms25_suite.datasets.readers.labels import FoundLabels
from ms25_suite.datasets.splits import Splits

if TYPE_CHECKING:
    from ms25_suite.datasets.store import Content

__all__ = ["audit_dataset", "audit_frames", "audit_labels", "findings_of", "frame_digests"]


def frame_digests(frames: Frames) -> np.ndarray[Any, Any]:
    """Fingerprint of each frame: equal for frames that are the same after rounding.

    Returns
    -------
    :
        Shape ``(n_frames,)``, dtype ``V16``.
    """
    return np.frombuffer(b"".join(frames.fingerprints()), dtype="V16")


def audit_labels(found: FoundLabels, frames: Frames, labels: Labels) -> tuple[Answer, ...]:
    """Answers about which labels there are.

    Parameters
    ----------
    found
        What was found in the files.
    frames, labels
        The data, without isolated atoms.
    """
    n_frames = len(frames)
    # Frames are counted without isolated atoms from here on.
    numbers = np.cumsum(~found.isolated) - 1
    findings = [_with_numbers(finding, numbers) for finding in found.findings]
    parts = []
    for quantity in QUANTITIES:
        has = labels.has(quantity, frames.offsets)
        if has is None or quantity not in found.keys:
            continue
        n_labelled = int(np.count_nonzero(has))
        where = f"all {n_frames}" if n_labelled == n_frames else f"{n_labelled} of {n_frames}"
        parts.append(f"{quantity} from `{found.keys[quantity]}` on {where} frames")
    return (
        answered("labels", "; ".join(parts), *findings),
        # Infinite numbers are an error when the file is read; NaN is a label that is missing.
        answered("finite", f"yes, in all {n_frames} frames"),
    )


def audit_frames(
    frames: Frames, labels: Labels, digests: np.ndarray[Any, Any]
) -> tuple[Answer, ...]:
    """Answers about the frames and labels themselves.

    Parameters
    ----------
    frames, labels
        The data.
    digests
        Result of `frame_digests`.
    """
    (energies,) = _where(labels.has_energy, frames, labels, lambda *own: [audit_energies(*own)])
    forces = _where(labels.has_forces(frames.offsets), frames, labels, audit_forces)
    stress = audit_stress(frames, labels)
    # Frames with wrong labels would spoil the fit of the work for all others.
    odd = {frame for finding in findings_of((energies, *forces)) for frame in finding.frames}
    # A frame without energy or forces has no work.
    complete = labels.complete(frames.offsets)
    usable = np.flatnonzero(complete) if complete.any() else np.arange(len(frames))
    sound = np.array([i for i in usable.tolist() if i not in odd], dtype=np.int64)
    rest = (frames, labels)
    if 0 < len(sound) < len(frames):
        rest = frames.select(sound), labels.select(sound, frames.offsets)
    work = audit_work(*rest)
    stress = _confirmed(stress, work)
    return (
        *audit_structure(frames, labels, digests),
        energies,
        *forces,
        stress,
        *(_once(answer, stress) for answer in work),
    )


def _confirmed(stress: Answer, work: Iterable[Answer]) -> Answer:
    """The answer about the stress, without a wrong sign that the work between frames refutes."""
    refuted = any(
        answer.code == "stress-work" and answer.known and not answer.findings for answer in work
    )
    if refuted and [finding.code for finding in stress.findings] == ["stress-sign"]:
        text = "it falls with the volume, but does the right work: these are several structures"
        return answered("stress-scale", f"{stress.text}; {text}")
    return stress


def _where(
    has: BoolArray | None,
    frames: Frames,
    labels: Labels,
    audit: Callable[[Frames, Labels], list[Answer]],
) -> list[Answer]:
    """Answers of an audit about the frames that have a label, with their numbers in the dataset."""
    if has is None or has.all() or not has.any():
        return audit(frames, labels)
    chosen = np.flatnonzero(has)
    answers = audit(frames.select(chosen), labels.select(chosen, frames.offsets))
    return [_renumbered(answer, chosen) for answer in answers]


def _renumbered(answer: Answer, numbers: IntArray) -> Answer:
    findings = tuple(_with_numbers(finding, numbers) for finding in answer.findings)
    return replace(answer, text=_numbers_in(answer.text, numbers), findings=findings)


def _with_numbers(finding: Finding, numbers: IntArray) -> Finding:
    """A finding about some of the frames, with their numbers among all of them."""
    return replace(
        finding,
        message=_numbers_in(finding.message, numbers),
        frames=tuple(int(numbers[index]) for index in finding.frames),
    )


def _numbers_in(text: str, numbers: IntArray) -> str:
    def number(word: str) -> str:
        return str(numbers[int(word)]) if int(word) < len(numbers) else word

    # "frame 3" and "frames 0, 2, 5", as `frame_list` writes them.
    return re.sub(
        r"(?<=\bframe )\d+|(?<=\bframes )\d+(?:, \d+)*",
        lambda found: ", ".join(map(number, found[0].split(", "))),
        text,
    )


def _once(answer: Answer, stress: Answer) -> Answer:
    """The answer about the work of the stress, with the finding of `audit_stress` if it has one.

    Both may notice the same wrong unit; it is reported once.
    """
    if answer.code == "stress-work" and answer.findings and stress.findings:
        return replace(answer, findings=stress.findings)
    return answer


def audit_dataset(card: DatasetCard, content: Content, splits: Splits) -> tuple[Answer, ...]:
    """All answers about a dataset, those about its frames included, in the order of questions."""
    return in_order((*content.answers, *audit_coverage(card, content, splits)))


def findings_of(answers: Iterable[Answer]) -> tuple[Finding, ...]:
    """Findings of all answers, without repeats."""
    return tuple(dict.fromkeys(finding for answer in answers for finding in answer.findings))
