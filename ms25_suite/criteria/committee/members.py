"""Which potentials of the command line are one committee."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ms25_suite.core.catalogue import NotAsked
from ms25_suite.core.errors import listed
from ms25_suite.criteria.case import Case
from ms25_suite.potentials.spec import PotentialSpec
from ms25_suite.training.manifest import Manifest, read_manifest

__all__ = ["MIN_MEMBERS", "Committee", "find_committees", "not_asked"]

MIN_MEMBERS: Final = 3
"""Fewest members: the spread of two is one number of one degree of freedom, and where each of them
is taken for the truth no spread is left."""

_EXAMPLES: Final = (
    "--mlip=train:mace:seed=0..3, --mlip=train:mace:set=1..3, or --mlip='model_*.pt' for files "
    "whose names differ in the number at their end"
)

_DEFAULTS: Final = {"seed": 0, "set": 1}
"""What members differ in, and what a ``train:`` potential has that does not state it."""

_NO_SEED: Final = re.compile(
    "n|nt|n?train|training|sizes?|frames|epochs?|ep|steps?|iter|iteration|v|version|l|lmax|r|rc|"
    "rmax|rcut|cutoff|level|layers|lr",
    re.IGNORECASE,
)
"""Words before a number that say that it is no seed."""

_NUMBERED: Final = re.compile(r"(?P<stem>.*?)(?P<word>[^\W\d_]*)(?P<gap>[-_. ]*)[0-9]+")


@dataclass(frozen=True, slots=True)
class Committee:
    """Potentials of the command line that differ in their seed or training frames only.

    Parameters
    ----------
    name, architecture
        Name for reports, which the members have in common, and what they are.
    specs
        The members in the order of the command line; all of them, also if they are too few.
    missing_reason
        Why this is no committee; empty if it is one.
    """

    name: str
    architecture: str
    specs: tuple[PotentialSpec, ...]
    missing_reason: str = ""


def find_committees(specs: Iterable[PotentialSpec]) -> tuple[Committee, ...]:
    """Sort potentials into committees; one that belongs to none has a reason.

    Potentials to train belong together if they differ in ``seed`` and ``set`` only; model files if
    their sidecars name the same architecture, data, number of frames and recipe, but for the seed;
    files without sidecar, also of calculators, if their names differ in the number at their end
    only.
    """
    families: dict[tuple[Hashable, ...], list[PotentialSpec]] = {}
    for spec in specs:
        families.setdefault(_family(spec), []).append(spec)
    return tuple(_committee(key, family) for key, family in families.items())


def not_asked(case: Case) -> NotAsked | None:
    """Left out where the potentials are no committee; the members are predicted anyway."""
    committee: Committee = case.subject
    return NotAsked(committee.missing_reason) if committee.missing_reason else None


def _family(spec: PotentialSpec) -> tuple[Hashable, ...]:
    """What members have in common; its first item is their kind, its second their name."""
    if spec.kind == "train":
        common = spec.retrained(without=_DEFAULTS)
        return "train", common.name, *sorted(map(str, common.options))
    if spec.path is None:
        return "alone", spec.name, spec.text
    manifest = read_manifest(spec.path) if spec.kind == "model" else None
    if manifest is not None:
        return "trained", *_trained(spec, manifest)
    found = _NUMBERED.fullmatch(spec.path.stem)
    if found is None or _NO_SEED.fullmatch(found["word"]):
        return "alone", spec.name, spec.text
    stem = f"{found['stem']}{found['word']}".rstrip("-_. ")
    return "files", stem or spec.architecture, str(spec.path.absolute().parent)


def _trained(spec: PotentialSpec, manifest: Manifest) -> tuple[Hashable, ...]:
    data = manifest.data
    recipe = {key: value for key, value in manifest.recipe.items() if key not in _DEFAULTS}
    size = "" if data.n_train is None else f"n{data.n_train}"
    name = "-".join(filter(None, (spec.architecture, data.name, size, manifest.budget)))
    return name, spec.architecture, data.sha256, data.split, _frozen(recipe)


def _frozen(value: Any) -> Hashable:
    if isinstance(value, dict):
        return tuple(sorted((key, _frozen(item)) for key, item in value.items()))
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _committee(key: tuple[Hashable, ...], family: Sequence[PotentialSpec]) -> Committee:
    kind, name = key[:2]
    reason: str | None = _PROBLEMS[str(kind)](family)
    if reason is None and len(family) < MIN_MEMBERS:
        members = listed([spec.name for spec in family])
        are = "is 1 potential" if len(family) == 1 else f"are {len(family)} potentials"
        reason = (
            f"a committee needs at least {MIN_MEMBERS} potentials that differ in their seed or set "
            f"only, and {members} {are}. For instance {_EXAMPLES}"
        )
    # One that belongs to no other keeps its name.
    label = family[0].name if len(family) == 1 else str(name)
    return Committee(label, family[0].architecture, tuple(family), reason or "")


def _of_one_architecture(family: Sequence[PotentialSpec]) -> str | None:
    found = dict.fromkeys(spec.architecture for spec in family)
    if len(found) == 1:
        return None
    members = listed([f"{spec.name} ({spec.architecture})" for spec in family])
    return f"no committee: the files {members} have one name and different architectures"


def _of_different_trainings(family: Sequence[PotentialSpec]) -> str | None:
    known: dict[tuple[Any, ...], PotentialSpec] = {}
    for spec in family:
        training = tuple(spec.training.get(key, value) for key, value in _DEFAULTS.items())
        other = known.setdefault(training, spec)
        if other is not spec:
            return (
                f"no committee: --mlip={other.text} and --mlip={spec.text} are the same training "
                f"(without them, seed is {_DEFAULTS['seed']} and set is {_DEFAULTS['set']})"
            )
    return None


def _anything(family: Sequence[PotentialSpec]) -> str | None:
    del family
    return None


_PROBLEMS: Final[dict[str, Callable[[Sequence[PotentialSpec]], str | None]]] = {
    "train": _of_different_trainings,
    "trained": _anything,
    "files": _of_one_architecture,
    "alone": _anything,
}
