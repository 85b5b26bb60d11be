"""One task of a campaign."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

__all__ = ["Row", "RowKind"]

RowKind = Literal["train", "judge", "series"]


@dataclass(frozen=True, slots=True)
class Row:
    """One task.

    Parameters
    ----------
    number
        Its place in the plan, counted from 1.
    kind
        ``train``: one training. ``judge``: one potential on one dataset. ``series``: the potentials
        of all sizes of one architecture on one dataset.
    key
        Name of its result in the cache.
    title
        What it is, in a line.
    dataset
        The dataset, as ``--dataset`` takes it.
    data
        What names of datasets mean, as for ``--data``.
    potentials
        The potentials, as ``--mlip`` takes them; one but for ``series``.
    architecture
        Architecture that is trained, or the name of another potential.
    n, set, seed, budget
        The training; None for a potential that is not trained here, ``n`` also for ``series``.
    criteria
        What is judged.
    options
        Further options of the run of checks.
    device, dtype
        As for ``--device`` and ``--dtype``.
    needs
        Keys of the tasks whose results it needs.
    """

    number: int
    kind: RowKind
    key: str
    title: str
    dataset: str
    data: str
    potentials: tuple[str, ...]
    architecture: str
    n: int | None = None
    set: int | None = None
    seed: int | None = None
    budget: str | None = None
    criteria: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    device: str = "auto"
    dtype: str = "float64"
    needs: tuple[str, ...] = ()

    @property
    def resources(self) -> str:
        """Kind of its resources in the campaign."""
        return "train" if self.kind == "train" else "judge"

    @property
    def dataset_name(self) -> str:
        """Short name of the dataset, as results have it."""
        path = Path(self.dataset)
        # A name of a built-in dataset may hold a dot, and has no folder.
        return path.stem if path.is_absolute() else path.name

    def to_dict(self) -> dict[str, Any]:
        """Plain types, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Row:
        """Row of what `to_dict` returned."""
        lists = ("potentials", "criteria", "options", "needs")
        values: dict[str, Any] = {k: tuple(v) if k in lists else v for k, v in record.items()}
        return cls(**values)
