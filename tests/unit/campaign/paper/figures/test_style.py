from __future__ import annotations

from ms25_suite.campaign.paper.figures.sheet import file_name
from ms25_suite.campaign.paper.figures.style import spaced, style_of, text_width
from ms25_suite.campaign.paper.printed import ARCHITECTURES
from ms25_suite.campaign.paper.subjects import Variant


def test_each_architecture_has_its_own_colour_and_symbol_wherever_it_stands() -> None:
    styles = [style_of(Variant(3, name, name)) for name in ARCHITECTURES]
    assert len({style["color"] for style in styles}) == 5
    assert len({style["marker"] for style in styles}) == 5
    # The place among others does not matter.
    assert style_of(Variant(0, "MTP", "mtp")) == style_of(Variant(4, "MTP", "mtp"))


def test_what_is_given_has_no_symbol_of_an_architecture() -> None:
    given = style_of(Variant(5, "model", "mace", trained=False))
    assert given["color"] not in {style_of(Variant(0, n, n))["color"] for n in ARCHITECTURES}


def test_ticks_that_would_touch_are_left_out_but_for_the_ends() -> None:
    sizes = (50, 100, 200, 400, 600, 800, 1000)
    assert spaced(sizes, 2.9, 43, 1150, 0.26) == [50, 100, 200, 400, 600, 1000]
    assert spaced((50,), 2.9, 43, 1150, 0.26) == [50]


def test_a_width_is_that_of_the_letters() -> None:
    assert text_width("MMMM", 7.0) > 2 * text_width("iiii", 7.0)
    assert 0.2 < text_width("MACE", 7.0) < 0.4


def test_names_of_files_are_safe_and_distinct() -> None:
    assert file_name("mgo-2x2") == "mgo-2x2"
    assert "/" not in file_name("../../etc/passwd")
    assert file_name("a b") != file_name("a/b")
