from __future__ import annotations

import pytest

from ms25_suite.core.contracts import read_as
from ms25_suite.core.errors import CardError
from ms25_suite.datasets.cards.card import CardTable
from ms25_suite.datasets.cards.partners import Partners


def test_partners_by_criterion() -> None:
    partners = Partners("large.toml", "one k-point", ("fau", "mine/lta.extxyz"))
    assert partners.of("extensivity") == ("large.toml",)
    assert partners.of("transfer") == ("fau", "mine/lta.extxyz")
    assert partners.of("error_thresholds") == ()
    assert Partners().of("extensivity") == ()


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"extensivity": "large"}, "`extensivity`: expected a table, found 'large'"),
        ({"extensivity": {"partner": ["large"]}}, "`extensivity.partner`: expected a text, found"),
        ({"extensivity": {"partner": ""}}, "`extensivity.partner`: expected a text that is not em"),
        ({"extensivity": {"reference_not_extensive": True}}, "expected a text, found True"),
        ({"extensivity": {"to": "large"}}, "unknown key `extensivity.to`"),
        ({"transfer": {"from": ["cha"]}}, "unknown key `transfer.from`"),
        ({"transfer": {"to": []}}, "`transfer.to`: expected a list of at least 1, found"),
        ({"transfer": {"to": ["fau", 3]}}, r"`transfer.to\[1\]`: expected a text, found 3"),
        ({"transfer": {"to": ["fau", "fau"]}}, "`to` names a dataset twice: fau, fau"),
    ],
)
def test_what_is_no_partner_is_refused(table: dict[str, object], message: str) -> None:
    with pytest.raises(CardError, match=message):
        read_as(CardTable, table, "card", CardError)
