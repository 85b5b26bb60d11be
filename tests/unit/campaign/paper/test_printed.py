from __future__ import annotations

import pytest

from ms25_suite.campaign.paper.printed import ARCHITECTURES, DATASETS, printed, read_printed
from ms25_suite.core.errors import ReportError
from ms25_suite.core.units import QUANTITY_UNITS
from ms25_suite.criteria.training_rate.paper_rates import paper_rates

GOOD = """
[[statement]]
id = "one"
figure = "2"
quote = "words"
what = "mae"
quantity = "forces"
dataset = ["hea"]
low = 1
high = 2
unit = "meV/Å"
"""


def of(name: str) -> tuple[float | None, float | None]:
    found = next(one for one in printed().statement if one.id == name)
    return found.low, found.high


def test_a_good_file_is_read() -> None:
    (statement,) = read_printed(GOOD, "f.toml").statement
    assert statement.pairs == (("hea", "hea"),)
    assert (statement.low, statement.high, statement.n) == (1.0, 2.0, None)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"forces"', '"force"', "unknown quantity 'force'. Did you mean"),
        ('"hea"', '"hae"', "unknown dataset 'hae'"),
        ('"2"', '"9"', "unknown figure '9'"),
        ('"words"', '" "', "not empty"),
        ("low = 1", "low = 3", "expected `low` up to `high`, found 3 and 2"),
        ("low = 1\nhigh = 2", "", "expected `low`, `high` or both"),
        ('"meV/Å"', '"eV/Å"', "`unit`: expected 'meV/Å', found 'eV/Å'"),
        ('"mae"', '"ratio"', "expected '1'"),
        ("low = 1", 'low = 1\nover = ["mtpp"]', "unknown architecture 'mtpp'"),
        ("low = 1", "lwo = 1", "unknown key `statement[0].lwo`. Did you mean 'low'?"),
        ("[[statement]]", "[[statement]", "is not valid TOML"),
    ],
)
def test_a_bad_file_is_refused(old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(ReportError) as caught:
        read_printed(GOOD.replace(old, new), "f.toml")
    assert message in str(caught.value)
    assert "f.toml" in str(caught.value)


def test_two_statements_of_one_name_are_refused() -> None:
    with pytest.raises(ReportError, match="two statements have the id 'one'"):
        read_printed(GOOD + GOOD, "f.toml")


def test_every_figure_with_numbers_has_statements() -> None:
    assert {one.figure for one in printed().statement} == {"2", "3", "4", "5", "6", "7"}
    # Nothing that a statement is about lies outside of what the paper trained and tested.
    assert all({*one.dataset} <= {*DATASETS} for one in printed().statement)


def test_the_rates_of_the_text_are_those_of_table_8() -> None:
    for one in printed().statement:
        if one.what != "rate":
            continue
        (dataset,), (architecture,) = one.dataset, one.architectures
        table = paper_rates(dataset)
        assert table is not None
        assert table.rates[architecture][one.quantity] == one.low == one.high


def test_the_orders_of_the_text_are_those_of_table_8() -> None:
    assert len(printed().order) == 2
    for one in printed().order:
        table = paper_rates(one.dataset)
        assert table is not None
        rates = {name: table.rates[name][one.quantity] for name in ARCHITECTURES}
        assert list(one.architectures) == sorted(rates, key=lambda name: -rates[name])


def test_table_8_has_five_rows_and_fourteen_columns() -> None:
    tables = {name: paper_rates(name) for name in DATASETS}
    found = {name: table for name, table in tables.items() if table is not None}
    # The larger cells have no rates, and stress has some for water and the alloy only.
    assert {*tables} - {*found} == {"mgo-4x4", "water-192"}
    for name, table in found.items():
        assert set(table.rates) == set(ARCHITECTURES)
        columns = {*QUANTITY_UNITS} if name in ("water-64", "hea") else {"energy", "forces"}
        assert all(set(row) == columns for row in table.rates.values())
    numbers = [x for t in found.values() for row in t.rates.values() for x in row.values()]
    assert len(numbers) == 70
    assert all(0 < x < 2 for x in numbers)


def test_the_numbers_of_the_text_agree_with_each_other() -> None:
    few, many = of("hea-forces-mtp-100")[0], of("hea-forces-mtp")[0]
    assert few is not None
    assert many is not None
    assert round(few / many, 1) == round(of("hea-forces-mtp-growth")[0] or 0.0, 1)
    # Four and five times the threshold of 2.5 meV/atom.
    assert of("hea-energy") == (4 * 2.5, 5 * 2.5)
    # Numbers of MACE lie in the range of all architectures.
    for quantity in ("energy", "forces"):
        low, high = of(f"zro-{quantity}")
        mace = of(f"zro-{quantity}-mace")[0]
        assert low is not None
        assert high is not None
        assert mace is not None
        assert low <= mace <= high
    low, high = of("cha-stress")
    beside = of("cha-stress-beside-fau")[0]
    assert low is not None
    assert high is not None
    assert beside is not None
    assert low <= beside <= high
