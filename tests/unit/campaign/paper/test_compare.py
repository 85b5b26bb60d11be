from __future__ import annotations

import pytest

from ms25_suite.campaign.paper.compare import beside, order_beside
from ms25_suite.campaign.paper.figures.table8 import rates_of
from ms25_suite.campaign.paper.outcomes import Outcomes
from ms25_suite.campaign.paper.printed import printed
from ms25_suite.campaign.paper.quoted import Beside, quoted
from tests.helpers.campaign_results import make_results, outcomes_of, write_campaign


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    paths = write_campaign(
        tmp_path_factory.mktemp("compare"),
        datasets=["hea", "cha", "mgo-2x2", "reaction", "zro"],
        architectures=["mace", "allegro", "mtp"],
        sizes=[50, 100, 200],
    )
    return outcomes_of(paths)


def rows(outcomes: Outcomes, name: str) -> list[Beside]:
    statements = [one for one in printed().statement if one.id == name]
    return beside(outcomes, rates_of(outcomes, 1), statements, 1)


def error(dataset: str, architecture: str, n: int, test: str = "") -> float:
    (value,) = (
        one.value
        for one in make_results(dataset, architecture, n)
        if one.quantity == "forces"
        and one.metric == "mae"
        and one.test_dataset == (test or dataset)
        and (one.criterion == "error_thresholds" or test)
    )
    assert value is not None
    return value


def test_the_same_number_of_frames_stands_beside(outcomes: Outcomes) -> None:
    (row,) = rows(outcomes, "hea-forces-mtp-100")
    value = error("hea", "mtp", 100)
    assert row.theirs == "117 meV/Å (MTP, 100 frames)"
    assert row.ours == f"MTP {value:.3g}"
    assert row.agrees == f"{value / 117:.2g} times the paper's"


def test_the_largest_number_stands_for_the_paper_s_and_says_so(outcomes: Outcomes) -> None:
    (row,) = rows(outcomes, "hea-forces")
    assert row.ours.startswith("MACE ")
    assert row.ours.endswith("(200 frames)")
    assert row.agrees.endswith(", other sizes")


def test_stand_in_labels_are_not_compared(outcomes: Outcomes) -> None:
    (row,) = rows(outcomes, "cha-volume")
    assert row.about == "CHA†, volume"
    assert row.agrees == "stand-in labels"


def test_a_ratio_of_architectures_needs_all_of_them(outcomes: Outcomes) -> None:
    (row,) = rows(outcomes, "mgo-larger-mace")
    factor = error("mgo-2x2", "mace", 200, "mgo-4x4") / error("mgo-2x2", "allegro", 200, "mgo-4x4")
    assert row.ours == f"{factor:.3f} (200 frames)"
    (row, *_) = rows(outcomes, "equivariant-energy")
    assert row.ours == "a ratio without a result of ANI and NequIP"


def test_a_ratio_of_sizes_is_absent_without_the_larger(outcomes: Outcomes) -> None:
    (row,) = rows(outcomes, "hea-forces-mtp-growth")
    assert row.ours == (
        f"MTP {error('hea', 'mtp', 100) / error('hea', 'mtp', 200):.2f}"
    ) or row.ours.startswith("a ratio without a number")


def test_what_was_not_judged_is_named(outcomes: Outcomes) -> None:
    (row,) = rows(outcomes, "water-larger-energy")
    assert row.ours == "no result of Water-64"
    (row,) = rows(outcomes, "cha-rate-ani")
    assert row.ours == "no result of ANI"


def test_references_stand_beside(outcomes: Outcomes) -> None:
    (row,) = rows(outcomes, "hea-lattice")
    assert row.ours == "3.55"
    assert row.agrees == "0.99 times the paper's"


def test_an_order_of_rates(outcomes: Outcomes) -> None:
    row = order_beside(outcomes, rates_of(outcomes, 1), printed().order[0])
    assert row.theirs == "Allegro, NequIP, MACE, ANI, MTP"
    assert sorted(part.split()[0] for part in row.ours.split(", ")) == ["Allegro", "MACE", "MTP"]
    assert row.agrees == "stand-in labels"


def test_words_that_are_about_several_rows_are_printed_once(outcomes: Outcomes) -> None:
    found = beside(outcomes, rates_of(outcomes, 1), printed().of_figure("2"), 1)
    once = quoted(found)
    assert len({one.quote for one in once}) == len(once)
    assert sum(len(one.rows) for one in once) == len(found)
