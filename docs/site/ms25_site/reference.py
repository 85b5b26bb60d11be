"""All pages of the site that are generated."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ms25_site.commands import commands_page, options_page
from ms25_site.criteria import checks_page, thresholds_page
from ms25_site.outside import outside_pages
from ms25_site.schemas import schema_page

__all__ = ["generated_pages"]


def generated_pages(repository: Path) -> Iterator[tuple[str, str]]:
    """Address and Markdown text of each page.

    Parameters
    ----------
    repository
        Top folder of the repository.
    """
    yield "checks/index.md", checks_page()
    yield "reference/options.md", options_page()
    yield "reference/commands.md", commands_page()
    yield "reference/thresholds.md", thresholds_page(repository / "checks" / "thresholds.toml")
    for name in ("results", "card", "manifest"):
        yield f"reference/{name}.md", schema_page(name)
    yield from outside_pages(repository)
