from __future__ import annotations

import pytest

from ms25_suite.baseline.allowances import Allowances, parse_rules
from ms25_suite.core.catalogue import catalogue
from ms25_suite.core.errors import UsageError


def allowed(*rules: str, of: str = "error_thresholds.forces", before: float = 30.0) -> float:
    criterion, _, quantity = of.partition(".")
    unit = catalogue()[criterion].measures[quantity].unit
    found = Allowances.default().with_rules(parse_rules(rules))
    return found.allowed(criterion, quantity, unit, before)


def test_the_rule_that_names_most_holds() -> None:
    assert allowed() == pytest.approx(0.6)
    assert allowed("*:10%") == pytest.approx(3.0)
    assert allowed("*:10%", "forces:5%") == pytest.approx(1.5)
    assert allowed("error_thresholds.forces:1%,forces:5%", "*:10%") == pytest.approx(0.3)
    assert allowed("error_thresholds:4%") == pytest.approx(1.2)
    assert allowed("eos:4%") == pytest.approx(0.6)
    # Of two that name as much, the later one.
    assert allowed("forces:5%", "forces:7%") == pytest.approx(2.1)


def test_amounts_in_the_unit_of_the_number() -> None:
    assert allowed("forces: 2 meV/A") == 2.0
    assert allowed("energy:0.2meV/atom", of="error_thresholds.energy") == 0.2
    # Another unit: a rule for all is for those that have it.
    assert allowed("*:0.2meV/atom") == pytest.approx(0.6)


def test_a_rule_holds_for_the_parts_of_a_quantity() -> None:
    assert allowed("forces:5%", of="error_thresholds.forces_by_element") == pytest.approx(1.5)


def test_speed_and_floors() -> None:
    assert allowed(of="throughput.katoms_per_s", before=100.0) == pytest.approx(10.0)
    assert allowed("speed:20%", of="throughput.katoms_per_s", before=100.0) == pytest.approx(20.0)
    # Never tighter than what another machine changes.
    assert allowed("*:0%") == Allowances.default().floors["meV/Å"]
    assert allowed(before=0.0) == Allowances.default().floors["meV/Å"]


def test_every_unit_of_the_catalogue_has_a_floor_or_is_a_speed() -> None:
    units = {
        measure.unit
        for criterion in catalogue().values()
        for measure in criterion.measures.values()
        if not criterion.alone
    }
    assert units - set(Allowances.default().floors) == set()


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("forces", "expected WHAT:AMOUNT"),
        ("forces:", "expected WHAT:AMOUNT"),
        (":5%", "expected WHAT:AMOUNT"),
        ("forces:-5%", "expected WHAT:AMOUNT"),
        ("forces:1.2.3%", "expected WHAT:AMOUNT"),
        ("forces:five%", "expected WHAT:AMOUNT"),
        ("forces:5", "has no unit; expected % or meV/Å"),
        ("forces:5meV/atom", "has the unit meV/atom; expected % or meV/Å"),
        ("force:5%", "Did you mean 'forces'"),
        ("eos.volum:5%", "Did you mean 'volume'"),
        ("nothing.at.all:5%", "nothing is called"),
    ],
)
def test_rules_that_are_none(rule: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        parse_rules([rule])
