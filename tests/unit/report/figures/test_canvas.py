from __future__ import annotations

import warnings

import pytest

from ms25_suite.report.figures.canvas import (
    drawing,
    new_figure,
    pdf_bytes,
    png_bytes,
    svg_bytes,
    wrapped,
)


def test_a_figure_has_its_size_in_inches() -> None:
    figure = new_figure(2.0, 1.0)
    assert tuple(figure.get_size_inches()) == (2.0, 1.0)
    assert figure.canvas is not None


def test_files_hold_no_date_and_no_version() -> None:
    with drawing():
        svg, png = svg_bytes(new_figure(1, 1)), png_bytes(new_figure(1, 1), 50)
    assert b"<dc:date>" not in svg
    assert b"Matplotlib" not in png


def test_style_of_the_user_has_no_say_and_is_left_alone() -> None:
    import matplotlib as mpl

    def draw() -> bytes:
        figure = new_figure(2, 1)
        figure.subplots().set_title("words")
        return png_bytes(figure, 80)

    with drawing():
        expected = draw()
    with mpl.rc_context({"font.size": 30, "font.family": "serif", "axes.facecolor": "red"}):
        with drawing():
            assert draw() == expected
        assert mpl.rcParams["font.size"] == 30


def test_drawing_hides_no_other_warning() -> None:
    with pytest.warns(UserWarning, match="something else"), drawing():
        warnings.warn("something else", stacklevel=1)


def test_wrapped() -> None:
    assert wrapped("short", 10, 2) == ["short"]
    assert wrapped("two words", 5, 2) == ["two", "words"]
    assert wrapped("with_under_scores", 6, 3) == ["with_", "under_", "scores"]
    assert wrapped("mace-n100-set1-seed0-series", 22, 2) == ["mace-n100-set1-seed0-", "series"]
    assert wrapped("at -1 and 1e-3", 11, 2) == ["at -1 and", "1e-3"]
    assert wrapped("", 6, 3) == []
    for text in ("x" * 100, "some words " * 20, "a_b/c:d," * 30, "é" * 50):
        for width in (4, 9, 30):
            lines = wrapped(text, width, 2)
            assert 1 <= len(lines) <= 2
            assert max(map(len, lines)) <= width
            assert "…" in "".join(lines) or "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_names_are_no_mathematics_and_no_control_characters() -> None:
    from xml.dom import minidom

    with drawing():
        figure = new_figure(2, 1)
        figure.subplots().set_title("$\\frac{$ \x1b[31m \u202e \x00 --> ]]>")
        svg = svg_bytes(figure)
        assert png_bytes(figure, 50).startswith(b"\x89PNG")
    minidom.parseString(svg)
    assert b"\x1b" not in svg


@pytest.mark.parametrize(("editable", "kind"), [(True, b"/CIDFontType2"), (False, b"/Type3")])
def test_a_pdf_has_text_and_the_same_bytes_every_time(editable: bool, kind: bytes) -> None:
    with drawing():
        figure = new_figure(3, 2)
        figure.subplots().set_title("errors of forces")
        data = pdf_bytes(figure, editable=editable)
        assert kind in data
        assert data == pdf_bytes(figure, editable=editable)
