"""Figures inside a page."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ms25_suite.report.figures.canvas import small_png_bytes, svg_bytes
from ms25_suite.report.section import Drawing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Image", "embed_drawing", "embed_png", "embed_svg"]

_PNG_DPI: Final = 170
_CSS_PER_INCH: Final = 96

_LARGE_SVG: Final = 100_000
"""Bytes from which on a PNG of the same figure is mostly smaller: a figure of many panels."""


@dataclass(frozen=True, slots=True)
class Image:
    """Embedded image.

    Parameters
    ----------
    uri
        ``data:`` address that holds the image itself.
    width
        Width in CSS pixels.
    alt
        What it shows, for those who do not see it.
    """

    uri: str
    width: int
    alt: str


def embed_drawing(drawing: Drawing) -> Image:
    """Drawing of a section as an image: SVG, or PNG where that is much to draw and smaller."""
    if drawing.many_points:
        return embed_png(drawing.figure, drawing.alt)
    data = svg_bytes(drawing.figure)
    image = embed_svg(data, drawing.figure.get_figwidth(), drawing.alt)
    if len(data) < _LARGE_SVG:
        return image
    return min(image, embed_png(drawing.figure, drawing.alt), key=lambda one: len(one.uri))


def embed_png(figure: Figure, alt: str) -> Image:
    """Figure of many points."""
    return _image("png", small_png_bytes(figure, _PNG_DPI), figure.get_figwidth(), alt)


def embed_svg(data: bytes, inches: float, alt: str) -> Image:
    """Figure of few shapes, sharp at any size."""
    return _image("svg+xml", data, inches, alt)


def _image(kind: str, data: bytes, inches: float, alt: str) -> Image:
    uri = f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"
    return Image(uri, round(float(inches) * _CSS_PER_INCH), alt)
