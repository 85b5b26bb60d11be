"""Scripts of the page. Without them everything is there too, as text and pictures."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

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


def page_scripts(names: Sequence[str] = ("page.js",)) -> Scripts:
    """Scripts of the folder ``templates``, with the policy that allows them and no others.

    Parameters
    ----------
    names
        Names of the files, in the order in which they run.
    """
    from markupsafe import Markup

    folder = files("ms25_suite.report.templates")
    texts = [(folder / name).read_text(encoding="utf-8") for name in names]
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in texts]
    allowed = " ".join(f"'sha256-{one}'" for one in hashes)
    policy = (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
        f"script-src {allowed}; base-uri 'none'; form-action 'none'"
    )
    return Scripts(Markup("\n").join(Markup(f"<script>{text}</script>") for text in texts), policy)
