"""Scripts of the page. Without them everything is there too, as text and pictures."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from ms25_suite.report.html.packed import packed

if TYPE_CHECKING:
    from markupsafe import Markup

__all__ = ["Scripts", "page_scripts"]


@dataclass(frozen=True, slots=True)
class Scripts:
    """Scripts inside a page.

    Parameters
    ----------
    tags
        ``<script>`` elements.
    policy
        Content-Security-Policy of the page: nothing is loaded from anywhere, and no other script
        is run, not even one that a name or a message brings.
    """

    tags: Markup
    policy: str


def page_scripts(later: Mapping[str, str] | None = None) -> Scripts:
    """The script of the page, with the policy that allows it and no other.

    Parameters
    ----------
    later
        Identifiers of elements to scripts of the folder ``templates``, which the page holds
        compressed and runs when somebody needs them. Their licences, which nobody could read in
        that form, are in files beside them and go into comments.
    """
    from markupsafe import Markup

    own = _text("page.js")
    later = later or {}
    held = {name: _text(file) for name, file in later.items()}
    allowed = " ".join(map(_source, (own, *held.values())))
    policy = (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
        f"script-src {allowed}; base-uri 'none'; form-action 'none'"
    )
    licences = [_text(file.removesuffix(".js") + ".LICENSE.txt") for file in later.values()]
    notices = Markup("").join(Markup(f"<!--\n{text}\n-->\n") for text in licences)
    data = Markup("").join(packed(name, text) for name, text in held.items())
    return Scripts(notices + data + Markup(f"<script>{own}</script>"), policy)


def _text(name: str) -> str:
    return (files("ms25_suite.report.templates") / name).read_text(encoding="utf-8")


def _source(text: str) -> str:
    """Source expression of the policy that allows a script by its hash."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
