"""Data for the scripts of the page."""

from __future__ import annotations

import base64
import gzip
import json
import re

from ms25_suite.report.html.packed import packed


def test_what_is_packed_is_read_again_and_is_no_script() -> None:
    data = ["</script><b>", {"a": [1.5]}]
    element = packed("held", data)
    found = re.fullmatch(r'<script type="text/plain" id="held">([\w+/=]+)</script>\n', element)
    assert found is not None
    assert json.loads(gzip.decompress(base64.b64decode(found[1]))) == data
    # The same data have the same bytes.
    assert packed("held", data) == element


def test_nothing_has_no_element() -> None:
    assert packed("held", []) == ""
