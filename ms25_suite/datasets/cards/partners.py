"""Other datasets that the potentials of a dataset are tested on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from ms25_suite.datasets.cards.fields import CARD_CONFIG, Text, TextList

__all__ = ["ExtensivityTable", "Partners", "TransferTable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensivityTable:
    """The table ``[extensivity]`` of a card.

    Parameters
    ----------
    partner
        Dataset of the same material in a cell of another size; empty if there is none.
    reference_not_extensive
        Why the reference itself is not exactly extensive; empty if it is.
    """

    __pydantic_config__: ClassVar[Any] = CARD_CONFIG

    partner: Text = ""
    reference_not_extensive: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferTable:
    """The table ``[transfer]`` of a card.

    Parameters
    ----------
    to
        Datasets of other structures of the same elements.
    """

    __pydantic_config__: ClassVar[Any] = CARD_CONFIG

    to: TextList = ()

    def __post_init__(self) -> None:
        if len(set(self.to)) < len(self.to):
            msg = f"`to` names a dataset twice: {', '.join(self.to)}"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class Partners:
    """The partners of a dataset, from the tables ``[extensivity]`` and ``[transfer]`` of its card.

    A partner is named as after ``--dataset``; a path starts from the folder of the card. It is
    opened when a check needs it, so that two datasets may name each other.

    Parameters
    ----------
    extensivity
        The same material in a cell of another size; empty if there is none.
    not_extensive
        Why the reference itself is not exactly extensive; empty if it is.
    transfer
        Other structures of the same elements.
    """

    extensivity: str = ""
    not_extensive: str = ""
    transfer: tuple[str, ...] = ()

    def of(self, table: str) -> tuple[str, ...]:
        """Names of the partners in a table of the card: ``extensivity`` or ``transfer``."""
        if table == "extensivity":
            return (self.extensivity,) if self.extensivity else ()
        return self.transfer if table == "transfer" else ()
