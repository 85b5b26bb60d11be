"""The tasks of a campaign, one a row, each with a key made of all that its result depends on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from ms25_suite.campaign.card import Campaign
from ms25_suite.campaign.row import Row, RowKind
from ms25_suite.core.cache import content_key, release, remembered_sha256
from ms25_suite.core.catalogue import Criterion, catalogue
from ms25_suite.core.errors import (
    ArchitectureNotInstalledError,
    CampaignError,
    Ms25Error,
    did_you_mean,
)
from ms25_suite.datasets.cards.card import DatasetCard
from ms25_suite.datasets.dataset import Dataset, open_dataset
from ms25_suite.datasets.tiers import find_tier
from ms25_suite.potentials.registry import get_trainer
from ms25_suite.potentials.spec import PotentialSpec, parse_spec
from ms25_suite.training.trainer import Trainer

__all__ = ["SERIES", "campaign_rows", "open_datasets"]

SERIES: Final = "training_rate"
"""Criterion that compares the potentials of several sizes, and so has tasks of its own."""

_FEWEST_SIZES: Final = 3
"""Fewest sizes of a data training rate; see `ms25_suite.criteria.training_rate.series`."""

_KEY_DIGITS: Final = 32
_NOT_INSTALLED: Final = "not installed"


def open_datasets(card: Campaign) -> dict[str, Dataset]:
    """The datasets of a campaign by the texts that name them.

    Raises
    ------
    CampaignError
        One of them cannot be opened.
    """
    try:
        tier = find_tier(card.data)
        return {text: open_dataset(text, tier=tier) for text in card.datasets}
    except Ms25Error as error:
        msg = f"`datasets`: {error}"
        raise CampaignError(msg) from error


def campaign_rows(card: Campaign, datasets: Mapping[str, Dataset]) -> list[Row]:
    """All tasks of a campaign: trainings, then what is judged; equal ones are one.

    Parameters
    ----------
    card
        The campaign.
    datasets
        From `open_datasets`.

    Raises
    ------
    CampaignError
        Something in it does not exist, or a dataset has too few frames for it.
    """
    _check_criteria(card)
    trainers = {name: _trainer(name, card.budgets) for name in card.architectures}
    _check_sizes(card, datasets)
    rows: dict[str, Row] = {}
    for made in (*_trained(card, datasets, trainers), *_given(card, datasets)):
        rows.setdefault(made.key, made)
    # Trainings first: they take longest, and everything else waits for them. The large ones before
    # the small ones, so that no long one is left alone at the end.
    order = sorted(rows.values(), key=lambda row: (row.kind != "train", -(row.n or 0)))
    return [replace(row, number=number) for number, row in enumerate(order, start=1)]


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes the tasks of one dataset."""

    card: Campaign
    text: str
    dataset: Dataset

    def criteria(self, wanted: Sequence[str]) -> tuple[str, ...]:
        """Those that the dataset allows, without what compares several potentials."""
        chosen = (catalogue()[name] for name in wanted if name != SERIES)
        return tuple(dict.fromkeys(one.name for one in chosen if self._allows(one)))

    def _allows(self, criterion: Criterion) -> bool:
        card, need = self.dataset.card, criterion.needs
        if criterion.is_transfer:
            return bool(getattr(card.partners, need, None))
        return not need or getattr(card, need, None) is not None

    def row(self, kind: RowKind, title: str, identity: Mapping[str, Any], **values: Any) -> Row:
        card = self.card
        judged = kind != "train"
        described = {
            **identity,
            "kind": kind,
            "suite": release(),
            "dataset": [self.dataset.name, self.dataset.sha256],
            "card": _without_folder(self.dataset, self.dataset.card if judged else None),
            "device": card.device,
            "criteria": sorted(values.get("criteria", ())),
            "judging": [card.dtype, *card.judge_options] if judged else [],
        }
        return Row(
            number=0,
            kind=kind,
            key=content_key(described)[:_KEY_DIGITS],
            title=title,
            dataset=self.text,
            data=card.data,
            options=card.judge_options if judged else (),
            device=card.device,
            dtype=card.dtype,
            **values,
        )


def _without_folder(dataset: Dataset, card: DatasetCard | None) -> str:
    """What a card says, or its splits; the same wherever the files lie."""
    text = repr(dataset.card.splits if card is None else card)
    place = dataset.card.path or (dataset.sources[0] if dataset.sources else None)
    return text if place is None else text.replace(str(place.absolute().parent), "")


def _trained(
    card: Campaign, datasets: Mapping[str, Dataset], trainers: Mapping[str, Trainer]
) -> Iterator[Row]:
    versions = {name: _versions(trainer) for name, trainer in trainers.items()}
    for text, dataset in datasets.items():
        maker = _Maker(card, text, dataset)
        sizes = card.sizes_for(text)
        for name, trainer in trainers.items():
            for budget in card.budgets:
                recipe = trainer.recipe(budget)
                for number in card.sets:
                    for seed in card.seeds:
                        identity = {
                            "architecture": name,
                            "versions": versions[name],
                            "recipe": recipe,
                            "set": number,
                            "seed": seed,
                            "budget": budget,
                        }
                        common = {
                            "architecture": name,
                            "set": number,
                            "seed": seed,
                            "budget": budget,
                        }
                        yield from _one_series(maker, sizes, identity, common)


def _one_series(
    maker: _Maker, sizes: Sequence[int], identity: Mapping[str, Any], common: Mapping[str, Any]
) -> Iterator[Row]:
    """Trainings of all sizes that differ by nothing else, and what they are judged by."""
    card, name = maker.card, common["architecture"]
    variant = f"set {common['set']}, seed {common['seed']}, {common['budget']}"
    trained: list[Row] = []
    specs: list[str] = []
    for n in sizes:
        spec = (
            f"train:{name}:n={n},set={common['set']},seed={common['seed']},"
            f"budget={common['budget']}"
        )
        title = f"{name} on {n} frames of {maker.dataset.name} ({variant})"
        row = maker.row("train", title, {**identity, "n": n}, potentials=(spec,), n=n, **common)
        yield row
        trained.append(row)
        specs.append(spec)
        wanted = [*card.criteria, *(card.criteria_at_largest if n == max(sizes) else ())]
        criteria = maker.criteria(wanted)
        if criteria:
            yield maker.row(
                "judge",
                f"judge {title}",
                {"potential": row.key},
                potentials=(spec,),
                n=n,
                criteria=criteria,
                needs=(row.key,),
                **common,
            )
    if SERIES in card.criteria and len(sizes) >= _FEWEST_SIZES:
        keys = tuple(row.key for row in trained)
        yield maker.row(
            "series",
            f"training rate of {name} on {maker.dataset.name} ({variant})",
            {"potentials": keys},
            potentials=tuple(specs),
            criteria=(SERIES,),
            needs=keys,
            **common,
        )


def _given(card: Campaign, datasets: Mapping[str, Dataset]) -> Iterator[Row]:
    """Judgements of potentials that are not trained here."""
    wanted = (*card.criteria, *card.criteria_at_largest)
    for text in card.potentials:
        try:
            spec = parse_spec(text, "`potentials`")
        except Ms25Error as error:
            raise CampaignError(str(error)) from error
        for name, dataset in datasets.items():
            maker = _Maker(card, name, dataset)
            criteria = maker.criteria(wanted)
            if criteria:
                yield maker.row(
                    "judge",
                    f"judge {spec.name} on {dataset.name}",
                    {"potential": _identity(spec)},
                    potentials=(text,),
                    architecture=spec.name,
                    criteria=criteria,
                )


def _identity(spec: PotentialSpec) -> list[str]:
    """What a potential that is not trained here is known by: the content of its file."""
    tuning = spec.tuning
    try:
        if tuning is not None:
            return [spec.kind, spec.text, remembered_sha256(Path(tuning.foundation).expanduser())]
        sha256 = "" if spec.path is None else remembered_sha256(spec.path)
    except OSError as error:
        msg = f"`potentials`: {spec.text}: cannot be read: {error}"
        raise CampaignError(msg) from error
    return [spec.kind, sha256 or spec.text]


def _versions(trainer: Trainer) -> Mapping[str, str]:
    try:
        return trainer.versions()
    except ArchitectureNotInstalledError:
        # Its tasks fail with the reason, and all others are done.
        return {_NOT_INSTALLED: ""}


def _trainer(name: str, budgets: Sequence[str]) -> Trainer:
    try:
        trainer = get_trainer(name)
        for budget in budgets:
            trainer.recipe(budget)
    except Ms25Error as error:
        msg = f"`architectures`: {name}: {error}"
        raise CampaignError(msg) from error
    return trainer


def _check_criteria(card: Campaign) -> None:
    known = catalogue()
    for key in ("criteria", "criteria_at_largest"):
        for name in getattr(card, key):
            if name not in known:
                msg = (
                    f"`{key}`: there is no criterion {name!r}.{did_you_mean(name, known)} "
                    f"Known: {', '.join(known)}"
                )
                raise CampaignError(msg)


def _check_sizes(card: Campaign, datasets: Mapping[str, Dataset]) -> None:
    """Refuse sizes and sets that a dataset does not have, all in one message."""
    if not card.architectures:
        return
    problems = []
    for text, dataset in datasets.items():
        try:
            splits = dataset.divided()
            available = len(splits.train(set=1))
            splits.validation(set=1)
        except Ms25Error as error:
            problems.append(f"{dataset.name}: {error}")
            continue
        large = [n for n in card.sizes_for(text) if n > available]
        if large:
            sizes = ", ".join(map(str, large))
            problems.append(f"{dataset.name} has {available} training frames, asked for {sizes}")
        missing = [number for number in card.sets if number > splits.n_sets]
        if missing:
            sets = ", ".join(map(str, missing))
            problems.append(f"{dataset.name} has {splits.n_sets} sets, asked for set {sets}")
    if problems:
        msg = (
            f"the campaign does not fit the data ({card.data}): {'; '.join(problems)}. Give other "
            "`sizes` or `sets`, other sizes for a dataset in [sizes_of], or larger data (`data`)"
        )
        raise CampaignError(msg)
