"""Quantities that are not judged: which of them could be expected, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from ms25_suite.core.errors import NotApplicableError, NotJudgedError, listed
from ms25_suite.core.fields import QUANTITIES, Quantity
from ms25_suite.core.frames import Labels
from ms25_suite.datasets.dataset import Dataset

__all__ = ["LabelGaps"]


@dataclass(frozen=True, slots=True, eq=False)
class LabelGaps:
    """What is known about labels that the test frames of a dataset lack.

    Energies and forces could always be expected, since they are what a potential is. A stress could
    be if the files seem to hold one, or if frames other than the test frames have one.

    Parameters
    ----------
    unread
        By quantity without labels, keys in the files that may be those of its labels.
    elsewhere
        Quantities that some frames have, and no test frame.
    waived
        Quantities of which the card states that there are no labels.
    """

    unread: Mapping[Quantity, tuple[str, ...]] = field(default_factory=dict)
    elsewhere: frozenset[Quantity] = frozenset()
    waived: frozenset[str] = frozenset()

    @classmethod
    def of(cls, dataset: Dataset, labels: Labels) -> Self:
        """Gaps in the labels of the test frames of a dataset."""
        elsewhere = (
            quantity
            for quantity in QUANTITIES
            if getattr(dataset.labels, quantity) is not None and getattr(labels, quantity) is None
        )
        return cls(dataset.unread_labels, frozenset(elsewhere), dataset.card.labels.waived)

    def no_labels(self, quantity: Quantity) -> NotApplicableError:
        """Why a quantity without labels is not judged."""
        reason = f"the dataset has no {quantity} labels"
        if quantity in self.waived:
            return NotApplicableError(f"{reason}, as its card says")
        if quantity in self.elsewhere:
            return NotJudgedError(
                f"{reason} on its test frames, but on others. Choose test frames that have some "
                f"([splits] in a card). {_say_none(quantity)}"
            )
        keys = self.unread.get(quantity, ())
        if quantity == "stress" and not keys:
            return NotApplicableError(reason)
        if keys:
            reason += f", but its files hold {listed(keys)}, which may be them"
        name = keys[0] if keys else "…"
        return NotJudgedError(
            f'{reason}. If they are there, name their key in a card: [labels] {quantity} = "{name}"'
            f". {_say_none(quantity)}"
        )

    def no_common_frame(self, quantity: Quantity) -> NotApplicableError:
        """Why a quantity is not judged that no frame has in both the labels and the predictions."""
        reason = f"no test frame has a {quantity} in the labels and in the predictions"
        return NotJudgedError(f"{reason}. {_say_none(quantity)}")

    def not_predicted(self, quantity: Quantity) -> NotApplicableError:
        """Why a quantity is not judged that the potential does not predict."""
        reason = f"the potential predicts no {quantity}"
        return (NotApplicableError if quantity == "stress" else NotJudgedError)(reason)


def _say_none(quantity: Quantity) -> str:
    return (
        f"If it is not to be judged, say so in a card (NAME.toml beside the file): [labels] "
        f'{quantity} = "none"'
    )
