"""Other datasets that the potentials of a dataset are tested on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ms25_suite.core.errors import CardError
from ms25_suite.datasets.cards.fields import refuse_unknown, table_field, text_field, text_list

__all__ = ["Partners", "read_partners"]


@dataclass(frozen=True, slots=True)
class Partners:
    """The tables ``[extensivity]`` and ``[transfer]`` of a card.

    A partner is named as after ``--dataset``; a path starts from the folder of the card. It is
    opened when a check asks for it, so that two datasets may name each other.

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

    def of(self, criterion: str) -> tuple[str, ...]:
        """Names of the partners that a criterion is about."""
        if criterion == "size_extensivity":
            return (self.extensivity,) if self.extensivity else ()
        return self.transfer if criterion == "framework_transfer" else ()


def read_partners(table: Mapping[str, Any], where: str) -> Partners:
    """Validate both tables of a card; each may be absent.

    Raises
    ------
    CardError
        A key is unknown or missing, a value has the wrong type, or a partner is named twice.
    """
    values: dict[str, Any] = {}
    extensivity = table_field(table, "extensivity", where)
    at = f"{where}: [extensivity]"
    refuse_unknown(extensivity, ("partner", "reference_not_extensive"), at)
    if "partner" in extensivity:
        values["extensivity"] = text_field(extensivity["partner"], f"{at} `partner`")
    if "reference_not_extensive" in extensivity:
        values["not_extensive"] = text_field(
            extensivity["reference_not_extensive"], f"{at} `reference_not_extensive`"
        )
    transfer = table_field(table, "transfer", where)
    at = f"{where}: [transfer]"
    refuse_unknown(transfer, ("to",), at)
    if transfer:
        values["transfer"] = text_list(transfer["to"], f"{at} `to`")
        if len(set(values["transfer"])) < len(values["transfer"]):
            msg = f"{at} `to` names a dataset twice: {', '.join(values['transfer'])}"
            raise CardError(msg)
    return Partners(**values)
