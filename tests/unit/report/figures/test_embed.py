from __future__ import annotations

import base64
import io

from ms25_suite.report.figures.canvas import new_figure, svg_bytes
from ms25_suite.report.figures.embed import embed_drawing, embed_png, embed_svg
from ms25_suite.report.section import Drawing


def data_of(uri: str, kind: str) -> bytes:
    head, _, data = uri.partition(",")
    assert head == f"data:image/{kind};base64"
    return base64.b64decode(data)


def test_a_png_has_more_pixels_than_its_width_on_the_page() -> None:
    from matplotlib.image import imread

    image = embed_png(new_figure(2.0, 1.0), "words")
    assert (image.width, image.alt) == (192, "words")
    assert imread(io.BytesIO(data_of(image.uri, "png"))).shape[:2] == (170, 340)


def test_an_svg_is_embedded_as_it_is() -> None:
    data = svg_bytes(new_figure(1.5, 1.0))
    image = embed_svg(data, 1.5, "words")
    assert data_of(image.uri, "svg+xml") == data
    assert image.width == 144


def test_a_drawing_of_many_points_is_a_png() -> None:
    figure = new_figure(1.0, 1.0)
    assert data_of(embed_drawing(Drawing(figure, "a")).uri, "svg+xml").startswith(b"<?xml")
    many = embed_drawing(Drawing(figure, "a", many_points=True))
    assert data_of(many.uri, "png").startswith(b"\x89PNG")


def test_a_drawing_of_many_panels_is_a_png() -> None:
    figure = new_figure(6.0, 8.0)
    for number in range(24):
        figure.add_subplot(6, 4, number + 1).plot(range(60), "o")
    drawing = Drawing(figure, "words")
    image = embed_drawing(drawing)
    assert image == embed_png(figure, "words")
    assert len(image.uri) < len(embed_svg(svg_bytes(figure), 6.0, "words").uri) / 2
