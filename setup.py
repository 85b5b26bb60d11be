"""The description on PyPI: README.md, whose links lead to the site and to the repository.

All else is in pyproject.toml, and the addresses are there too. As long as nobody has filled in
whose repository it is, the words of a link stay, and a picture is left out.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from setuptools import setup

HERE = Path(__file__).parent

_LINK = re.compile(r"(!?)\[([^][]*)\]\((?![a-z]+:)([^)\s#]*)(#[^)\s]*)?\)")


def description(text: str, urls: dict[str, str]) -> str:
    """Markdown whose relative links have become addresses of the web."""
    known = "OWNER" not in urls["Source"]

    def on_the_web(found: re.Match[str]) -> str:
        picture, words, path, anchor = found.groups(default="")
        if not path:
            return found[0]
        if not known:
            return "" if picture else words
        if picture:
            return f"![{words}]({urls['Source']}/raw/HEAD/{path})"
        if path.startswith("docs/") and path.endswith((".md", ".ipynb")):
            page = path.removeprefix("docs/").rpartition(".")[0]
            return f"[{words}]({urls['Documentation']}{page}.html{anchor})"
        return f"[{words}]({urls['Source']}/blob/HEAD/{path}{anchor})"

    return _LINK.sub(on_the_web, text)


if __name__ == "__main__":
    project = tomllib.loads((HERE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    readme = (HERE / "README.md").read_text(encoding="utf-8")
    setup(
        long_description=description(readme, project["urls"]),
        long_description_content_type="text/markdown",
    )
