"""The parent of a fine-tuned potential: from the command line, or from the child's sidecar."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ms25_suite.core.catalogue import NotAsked
from ms25_suite.core.documents.files import MISSING, file_problem
from ms25_suite.core.errors import NotJudgedError
from ms25_suite.criteria.case import Case
from ms25_suite.criteria.transfer import trained_elsewhere
from ms25_suite.potentials.potential import Potential
from ms25_suite.potentials.spec import PotentialSpec, parse_spec, same_file
from ms25_suite.training.manifest import read_manifest
from ms25_suite.training.parent import ParentRecord

__all__ = ["is_same", "not_asked", "parent_spec", "refuse_itself"]

_NO_PARENT: Final = (
    "no --ms25-parent names the model that it was fine-tuned from, and no sidecar does"
)


def not_asked(case: Case) -> NotAsked | None:
    """Left out without a known parent, for the parent itself, and on data it was not tuned for."""
    spec: PotentialSpec = case.subject
    if spec.kind in ("reference", "baseline"):
        return NotAsked(f"{spec.name} was not fine-tuned: it has no parent")
    if case.parent is None and not _has_parent(spec):
        return NotAsked(_NO_PARENT)
    if case.parent is not None and is_same(spec, case.parent):
        return NotAsked(f"{spec.name} is the parent itself")
    reason = trained_elsewhere(spec, case.dataset, case.tier)
    return NotAsked(reason) if reason else None


def is_same(one: PotentialSpec, other: PotentialSpec) -> bool:
    """Whether two specifications are of one potential: of one file, read in the same way."""
    return one.text == other.text or same_file(one, other)


def _has_parent(spec: PotentialSpec) -> bool:
    """Whether a potential is, or will be, fine-tuned from another one."""
    if spec.kind == "train":
        return "foundation" in dict(spec.options)
    if spec.kind != "model" or spec.path is None:
        return False
    manifest = read_manifest(spec.path)
    return manifest is not None and manifest.parent is not None


def parent_spec(child: Potential, named: PotentialSpec | None) -> PotentialSpec:
    """The parent to judge a potential beside.

    Parameters
    ----------
    child
        The potential.
    named
        That of ``--ms25-parent``; None: that of the child's sidecar.

    Raises
    ------
    NotJudgedError
        The sidecar names none, or a file that is not there.
    """
    if named is not None:
        return named
    record = None if child.manifest is None else child.manifest.parent
    if record is None:
        raise NotJudgedError(_NO_PARENT)
    path = _found(record, child)
    if path is None:
        where = f"{record.path}" if record.path else "no file"
        msg = (
            f"the sidecar of {child.name} names the parent {record.name} ({where}, sha256 "
            f"{record.sha256[:12]}), which is not there. Name it: --ms25-parent=FILE"
        )
        raise NotJudgedError(msg)
    head = f":head={record.head}" if record.head else ""
    return parse_spec(f"{path}{head}", "the parent in the sidecar")


def _found(record: ParentRecord, child: Potential) -> Path | None:
    """The file of a parent, where the sidecar says or beside the child; None if there is none."""
    if not record.path:
        return None
    given = Path(record.path)
    places = [given]
    if child.path is not None:
        places += [child.path.parent / given, child.path.parent / given.name]
    return next((place for place in places if file_problem(place) != MISSING), None)


def refuse_itself(child: Potential, parent: Potential) -> None:
    """Refuse a parent that is the child, or another one than the sidecar of the child names.

    Raises
    ------
    NotJudgedError
        It is.
    """
    # Of a model that was tuned in a head of its own, another head may be the parent.
    same_head = child.options.head == parent.options.head
    if child.sha256 and child.sha256 == parent.sha256 and same_head:
        msg = (
            f"{child.name} and its parent {parent.name} are the same file (sha256 "
            f"{child.sha256[:12]}): expected the model that it was fine-tuned from. Name it: "
            "--ms25-parent=FILE"
        )
        raise NotJudgedError(msg)
    record = None if child.manifest is None else child.manifest.parent
    if record is not None and parent.sha256 and record.sha256 != parent.sha256:
        msg = (
            f"{parent.name} (sha256 {parent.sha256[:12]}) is not the parent that the sidecar of "
            f"{child.name} names: {record.name}, sha256 {record.sha256[:12]}. Name that file: "
            "--ms25-parent=FILE"
        )
        raise NotJudgedError(msg)
