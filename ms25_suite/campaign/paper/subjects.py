"""Who was judged: trained potentials by architecture, number of training frames, set and seed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from ms25_suite.campaign.paper.printed import ARCHITECTURES
from ms25_suite.core.errors import Ms25Error
from ms25_suite.core.records import PotentialRecord, RunRecord
from ms25_suite.core.results import CheckResult
from ms25_suite.potentials.spec import parse_spec

__all__ = ["TITLES", "Subject", "Subjects", "Variant"]

TITLES: Final = {
    "mace": "MACE",
    "nequip": "NequIP",
    "allegro": "Allegro",
    "mtp": "MTP",
    "ani": "ANI",
}
"""Names of the paper's architectures in figures."""


@dataclass(frozen=True, slots=True, order=True)
class Variant:
    """What has one symbol in all figures: an architecture, or a potential that was not trained.

    Parameters
    ----------
    place
        Place in the order of the figures.
    label
        Name in figures: that of the architecture, with the settings of the training where those
        differ between potentials.
    architecture
        ``mace``, …
    trained
        Whether it has numbers of training frames; otherwise it is one given potential.
    """

    place: int
    label: str
    architecture: str
    trained: bool = True


@dataclass(frozen=True, slots=True)
class Subject:
    """One training, or one given potential.

    Parameters
    ----------
    variant
        What it is shown as.
    n, set, seed
        Number of training frames, set and seed; None for a given potential.
    """

    variant: Variant
    n: int | None = None
    set: int | None = None
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class _Training:
    """What is known of a training from a record.

    Parameters
    ----------
    dataset
        Dataset that it was trained on; None for any that it is judged on.
    settings
        Budget and split, as words.
    """

    architecture: str
    n: int
    set: int
    seed: int
    dataset: str | None
    settings: str


class Subjects:
    """Subjects of merged runs.

    Parameters
    ----------
    run
        Merged description; its potentials say how they were trained.
    results
        All results.
    architectures
        Architectures that were planned: they have a place in the figures without any result too.
    """

    def __init__(
        self, run: RunRecord, results: Iterable[CheckResult], architectures: Sequence[str] = ()
    ) -> None:
        self._by_hash: dict[tuple[str, str], _Training | None] = {}
        self._by_name: dict[str, _Training | None] = {}
        for record in run.potentials:
            training = _training_of(record)
            self._by_hash[record.name, record.sha256 or ""] = training
            # A failed training has no hash: what was asked for says what it was to be.
            self._by_name.setdefault(record.name, _asked(record.spec or ""))
        settings: dict[str, set[str]] = defaultdict(set)
        given: dict[str, str] = {}
        for name in architectures:
            settings[name]
        for result in results:
            training = self._training(result)
            if training is None:
                given.setdefault(result.potential, result.architecture)
            else:
                settings[training.architecture].add(training.settings)
        self._plural = {name for name, found in settings.items() if len(found) > 1}
        labels = [
            (name, self._label(name, one))
            for name in sorted(settings, key=_rank)
            for one in sorted(settings[name]) or [""]
        ]
        self._variants = {
            label: Variant(place, label, name)
            for place, (name, label) in enumerate(dict.fromkeys(labels))
        }
        self._given: dict[str, str] = {}
        for name, architecture in sorted(given.items()):
            # A file may have the name of an architecture.
            label = f"{name} (given)" if name in self._variants else name
            self._given[name] = label
            place = len(self._variants)
            self._variants[label] = Variant(place, label, architecture, trained=False)

    @property
    def variants(self) -> list[Variant]:
        """All, in the order of the figures."""
        return sorted(self._variants.values())

    def of(self, result: CheckResult) -> Subject:
        """Subject of a result."""
        found = self._training(result)
        if found is None:
            return Subject(self._variants[self._given[result.potential]])
        variant = self._variants[self._label(found.architecture, found.settings)]
        return Subject(variant, found.n, found.set, found.seed)

    def _label(self, architecture: str, settings: str) -> str:
        title = TITLES.get(architecture, architecture)
        return f"{title} ({settings})" if architecture in self._plural else title

    def _training(self, result: CheckResult) -> _Training | None:
        key = (result.potential, result.potential_sha256)
        found = self._by_hash.get(key) or self._by_name.get(result.potential)
        # A potential of another dataset is no point of a learning curve of this one.
        if found is None or found.dataset not in (None, result.dataset):
            return None
        return found


def _training_of(record: PotentialRecord) -> _Training | None:
    data, architecture = record.trained_on, record.architecture or ""
    if data is None or data.n_train is None or not architecture:
        return None
    settings = [data.budget or ""]
    asked = _asked(record.spec or "")
    if asked is not None and asked.settings.startswith(f"{settings[0]}, "):
        settings = [asked.settings]
    return _Training(
        architecture,
        data.n_train,
        data.set or 1,
        data.seed or 0,
        data.dataset or None,
        ", ".join(filter(None, settings)),
    )


@cache
def _asked(spec: str) -> _Training | None:
    """What a text such as ``train:mace:n=50,set=2`` asks for; None for anything else."""
    if not spec.startswith("train:"):
        return None
    try:
        found = parse_spec(spec)
    # An architecture of a package that is not installed here.
    except Ms25Error:
        return None
    options = found.training
    if "n" not in options:
        return None
    settings = [str(options.get("budget", "smoke")), str(options.get("split", ""))]
    return _Training(
        found.architecture,
        int(options["n"]),
        int(options.get("set", 1)),
        int(options.get("seed", 0)),
        found.trained_on,
        ", ".join(filter(None, settings)),
    )


def _rank(architecture: str) -> tuple[int, str]:
    known = ARCHITECTURES
    place = known.index(architecture) if architecture in known else len(known)
    return place, architecture
