"""Data of the page for its scripts, compressed; they are nothing that a browser would run."""

from __future__ import annotations

import base64
import gzip
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markupsafe import Markup

__all__ = ["packed"]


def packed(name: str, data: object) -> Markup:
    """Element of the page that holds data.

    Parameters
    ----------
    name
        Its identifier in the page.
    data
        Anything that JSON can hold; if it is empty, so is what is returned.
    """
    from markupsafe import Markup

    if not data:
        return Markup("")
    # Without a time, the same data have the same bytes.
    content = gzip.compress(json.dumps(data, separators=(",", ":")).encode(), mtime=0)
    text = base64.b64encode(content).decode()
    return Markup('<script type="text/plain" id="{}">{}</script>\n').format(name, text)
