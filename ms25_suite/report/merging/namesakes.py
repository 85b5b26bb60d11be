"""Potentials and datasets of one name in several runs: the same, or told apart by their content.

A name is unique in a run only. Two runs may both judge a ``model.model``, from two folders or
before and after it was trained again; their results must not replace each other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Final

from ms25_suite.core.records import DatasetRecord, PotentialRecord, RunRecord
from ms25_suite.core.results import CheckResult
from ms25_suite.core.text.folders import folders_that_differ

__all__ = ["tell_apart"]

Part = tuple[RunRecord, list[CheckResult]]
"""Description of a run, with its results."""

_DIGITS: Final = 8
"""Digits of a hash in a name."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one run says of a name.

    Parameters
    ----------
    content
        What decides whether two of one name are the same: by what it is about, such as the dataset
        that a potential was trained on, the hash and the settings. What is not known is left out.
    path
        Its file; None if there is none.
    """

    content: Mapping[str, tuple[str, ...]]
    path: PurePath | None = None

    def agrees(self, other: _Seen) -> bool:
        """Whether nothing that both know differs."""
        common = self.content.keys() & other.content.keys()
        return all(self.content[key] == other.content[key] for key in common)

    def joined(self, other: _Seen) -> _Seen:
        return _Seen({**self.content, **other.content}, self.path or other.path)


def tell_apart(parts: Iterable[Part]) -> list[Part]:
    """Rename potentials and datasets of one name that are not the same in all runs.

    The new name has the folders that differ in front (``runA/model``), or else the start of a hash
    behind it (``model@1a2b3c4d``). Two names within one run are never merged, also if their content
    is the same: somebody asked for both.

    Parameters
    ----------
    parts
        Runs with their results. The journal and the results of one run are two parts.

    Returns
    -------
    :
        The same, with the new names.
    """
    parts = list(parts)
    potentials = _new_names([_potentials(*part) for part in parts])
    datasets = _new_names([_datasets(run) for run, _ in parts])
    return [
        (_renamed_run(run, models, data), [_renamed_result(r, models, data) for r in results])
        for (run, results), models, data in zip(parts, potentials, datasets, strict=True)
    ]


def _potentials(run: RunRecord, results: Sequence[CheckResult]) -> dict[str, _Seen]:
    found: dict[str, _Seen] = {}
    hashes: dict[str, dict[str, str]] = defaultdict(dict)
    for result in results:
        if result.potential_sha256:
            hashes[result.potential][result.dataset] = result.potential_sha256
    for record in run.potentials:
        # `train:` trains one potential for each dataset, all of one name.
        trained = (record.spec or "").startswith("train:") and "dataset=" not in (record.spec or "")
        content: dict[str, tuple[str, ...]] = {}
        if record.dtype or record.device:
            content["settings"] = (record.dtype or "", (record.device or "").split(":")[0])
        if trained:
            content |= {f"on {name}": (sha,) for name, sha in hashes[record.name].items()}
        elif record.sha256:
            content["file"] = (record.sha256,)
        seen = _Seen(content, PurePath(record.path) if record.path else None)
        found[record.name] = seen.joined(found[record.name]) if record.name in found else seen
    for name, by_dataset in hashes.items():
        # Not listed in the run: a journal that was cut off, or a potential of a fixture.
        if name not in found:
            distinct = set(by_dataset.values())
            one = {"file": (distinct.pop(),)} if len(distinct) == 1 else None
            found[name] = _Seen(one or {f"on {key}": (sha,) for key, sha in by_dataset.items()})
    return found


def _datasets(run: RunRecord) -> dict[str, _Seen]:
    return {
        record.name: _Seen({"file": (record.sha256,)} if record.sha256 else {})
        for record in run.datasets
    }


def _new_names(seen: Sequence[Mapping[str, _Seen]]) -> list[dict[str, str]]:
    """For each part the new name of each name that changes."""
    groups: dict[str, list[_Seen]] = defaultdict(list)
    members: list[dict[str, int]] = []
    for names in seen:
        member = {}
        for name, one in names.items():
            own = groups[name]
            place = next((k for k, other in enumerate(own) if other.agrees(one)), len(own))
            own[place : place + 1] = [own[place].joined(one)] if place < len(own) else [one]
            member[name] = place
        members.append(member)
    taken = set(groups)
    labels = {name: _labels(name, own, taken) for name, own in groups.items() if len(own) > 1}
    renamed = []
    for names, member in zip(seen, members, strict=True):
        change = {}
        for name, place in member.items():
            if name in labels:
                change[name] = labels[name][place]
            else:
                # A report that was merged before has such a name already for the same content.
                longer = [
                    other
                    for other in groups
                    if _plain(other) == name != other
                    and other not in names
                    and other not in labels
                    and groups[other][0].content == groups[name][0].content != {}
                ]
                change |= {name: longer[0]} if len(longer) == 1 else {}
        renamed.append({old: new for old, new in change.items() if old != new})
    return renamed


def _plain(name: str) -> str:
    """Name without the folder or the hash that told it apart."""
    return name.rpartition("/")[2].partition("@")[0]


def _labels(name: str, own: Sequence[_Seen], taken: set[str]) -> list[str]:
    """A name for each content."""
    base = name.rpartition("/")[2]
    for label in (_by_folder(base, own), _by_settings(name, own), _by_hash(name, own)):
        if len(set(label)) == len(own) and not set(label) & taken:
            taken |= set(label)
            return label
    # Numbers always differ.
    return [f"{name} ({place})" for place in range(1, len(own) + 1)]


def _by_folder(base: str, own: Sequence[_Seen]) -> list[str]:
    paths = [one.path for one in own if one.path is not None]
    shown = folders_that_differ(paths) if len(paths) == len(own) else []
    return [f"{folder}/{base}".replace("//", "/") for folder in shown]


def _by_settings(name: str, own: Sequence[_Seen]) -> list[str]:
    settings = [" ".join(filter(None, one.content.get("settings", ()))) for one in own]
    return [f"{name} ({text})" for text in settings] if all(settings) else []


def _by_hash(name: str, own: Sequence[_Seen]) -> list[str]:
    labels = []
    for one in own:
        hashes = [value[0] for key, value in sorted(one.content.items()) if key != "settings"]
        labels.append(f"{name}@{hashes[0][:_DIGITS]}" if hashes else name)
    return labels


def _renamed_run(
    run: RunRecord, potentials: Mapping[str, str], datasets: Mapping[str, str]
) -> RunRecord:
    def models(record: PotentialRecord) -> PotentialRecord:
        return replace(record, name=potentials.get(record.name, record.name))

    def data(record: DatasetRecord) -> DatasetRecord:
        return replace(record, name=datasets.get(record.name, record.name))

    return replace(
        run,
        potentials=tuple(map(models, run.potentials)),
        datasets=tuple(map(data, run.datasets)),
    )


def _renamed_result(
    result: CheckResult, potentials: Mapping[str, str], datasets: Mapping[str, str]
) -> CheckResult:
    return replace(
        result,
        potential=potentials.get(result.potential, result.potential),
        dataset=datasets.get(result.dataset, result.dataset),
        test_dataset=datasets.get(result.test_dataset, result.test_dataset),
    )
