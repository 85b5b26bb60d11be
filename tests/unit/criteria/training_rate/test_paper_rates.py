from __future__ import annotations

from ms25_suite.criteria.training_rate.paper_rates import PaperRates, paper_rates


def rates_of(dataset: str) -> PaperRates:
    found = paper_rates(dataset)
    assert found is not None
    return found


def test_the_papers_table_is_there_as_printed() -> None:
    assert rates_of("mgo-4x4").rates["mace"] == {"energy": 0.695, "forces": 0.391}
    assert rates_of("water-64").rates["nequip"]["stress"] == 0.160
    assert rates_of("hea").rates["allegro"]["forces"] == 0.662
    assert rates_of("zro").rates["ani"]["forces"] == 0.242
    assert paper_rates("cuni") is None
    rates = [rates_of(name) for name in ("mgo-2x2", "water-64", "cha", "reaction", "hea", "zro")]
    assert all(list(r.rates) == ["mace", "mtp", "nequip", "allegro", "ani"] for r in rates)
    assert sum(len(row) for r in rates for row in r.rates.values()) == 70
