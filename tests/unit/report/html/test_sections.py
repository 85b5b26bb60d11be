from __future__ import annotations

import base64
from typing import Any

import pytest

from ms25_suite.core.records import RunRecord
from ms25_suite.report.figures.canvas import drawing, new_figure
from ms25_suite.report.html import sections
from ms25_suite.report.html.sections import EmbeddedSection, Sections
from ms25_suite.report.section import Block, Column, Drawing, Section, Table
from tests.helpers.details import dynamics_details, dynamics_run, eos_curve, eos_details
from tests.helpers.reports import make_result


def make(found: Any) -> tuple[EmbeddedSection | None, list[str]]:
    made = Sections()
    return made.make("anchor", "Title", lambda: found), made.notes


def test_a_section_is_embedded() -> None:
    table = Table((Column("a"),), [("b",)])
    block = Block("heading", True, Drawing(new_figure(2, 1), "words"), ("point",), (table,), "note")
    section, notes = make(Section((block, Block()), "end"))
    assert notes == []
    assert section is not None
    assert (section.anchor, section.title, section.note) == ("anchor", "Title", "end")
    first, second = section.blocks
    assert first.image is not None
    assert (first.image.width, first.image.alt) == (192, "words")
    kind, _, data = first.image.uri.partition(",")
    assert kind == "data:image/svg+xml;base64"
    assert b"<svg" in base64.b64decode(data)
    assert (first.heading, first.stand_in, first.points, first.note) == (
        "heading",
        True,
        ("point",),
        "note",
    )
    assert second.image is None


def test_many_points_are_a_png() -> None:
    section, _ = make(Section((Block(drawing=Drawing(new_figure(1, 1), "a", many_points=True)),)))
    assert section is not None
    assert section.blocks[0].image is not None
    assert section.blocks[0].image.uri.startswith("data:image/png;")


def test_nothing_to_show_is_no_section() -> None:
    assert make(None) == (None, [])


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ("<b>HTML</b>", "TypeError: expected a ms25_suite.report.section.Section or None"),
        (Section((Block(tables=("a",)),)), "TypeError: expected tables of"),
        (Section((Block(drawing="a"),)), "AttributeError"),
        (Section(("a",)), "AttributeError"),
    ],
)
def test_what_is_no_section_becomes_a_note(found: Any, message: str) -> None:
    section, (note,) = make(found)
    assert section is None
    assert note.startswith("the section 'Title' is missing, since it could not be made (")
    assert message in note
    assert note.endswith("its numbers are in the tables")


def test_sections_stand_in_the_order_of_the_catalogue_and_one_failure_costs_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    results = [
        make_result(
            criterion="stability",
            quantity="energy_drift",
            details=dynamics_details(dynamics_run(energies=[0.0, 0.1])),
        ),
        make_result(criterion="eos", quantity="volume", details=eos_details(eos_curve())),
        make_result(criterion="neb_barrier", quantity="barrier"),
        make_result(criterion="no_such_thing"),
    ]
    made = Sections()
    with drawing():
        found = made.of_criteria(RunRecord(), results)
    assert [section.anchor for section in found] == ["eos", "stability"]
    assert made.notes == []

    def load(target: str) -> Any:
        if "eos" in target:
            return None.missing  # type: ignore[attr-defined]
        return lambda run, results: Section((Block("theirs"),))

    monkeypatch.setattr(sections, "load", load)
    made = Sections()
    found = made.of_criteria(RunRecord(), results)
    # A criterion without results is not called.
    assert [section.anchor for section in found] == ["neb_barrier", "stability"]
    assert len(made.notes) == 1
    assert "'Equation of state' is missing" in made.notes[0]
