"""Pages of the documentation: their address on the web, and the copy that is installed.

The suite names a page by its path in the repository, such as ``docs/checks/eos.md``, with an anchor
or without. Who installed a wheel has no such folder: the wheel carries the pages themselves, which
``ms25 docs`` shows, and the site has them too.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path, PurePosixPath
from typing import Final

import ms25_suite
from ms25_suite.core.errors import UsageError, did_you_mean

__all__ = ["find_page", "how_to_read", "installed_pages", "page_address", "site_address"]

_WEB: Final = ("https://", "http://")

_ROOT: Final = "docs/"

_PLACEHOLDER: Final = "OWNER"
"""Stands in the address of the site until the repository has a home."""

_FOLDERS: Final = (".", "checks", "datasets", "adr")
"""Folders of the pages that are installed."""


@cache
def site_address() -> str:
    """Address of the documentation site, from the metadata of the installed package.

    Returns
    -------
    :
        Address without a slash at its end; empty if there is none, or if nobody has filled in yet
        where the site is. A link that leads to nothing is worse than none.
    """
    try:
        urls = metadata("ms25-suite").get_all("Project-URL") or []
    except PackageNotFoundError:
        return ""
    found: dict[str, str] = {}
    for url in urls:
        name, _, where = url.partition(",")
        found[name.strip()] = where.strip()
    address = found.get("Documentation", "").rstrip("/")
    return address if address.startswith(_WEB) and _PLACEHOLDER not in address else ""


def page_address(page: str, site: str) -> str:
    """Address of a page on the web.

    Parameters
    ----------
    page
        Path in the repository, or an address of the web, which is returned as it is.
    site
        Address of the documentation site; empty if there is none. Anything but a web address is
        ignored.

    Returns
    -------
    :
        The address; empty without a site.
    """
    if page.startswith(_WEB):
        return page
    if not page or not site.startswith(_WEB):
        return ""
    path, hash_sign, anchor = page.removeprefix(_ROOT).partition("#")
    return f"{site.rstrip('/')}/{path.removesuffix('.md')}.html{hash_sign}{anchor}"


def how_to_read(page: str, site: str | None = None) -> str:
    """What shows a page to somebody at a terminal.

    Parameters
    ----------
    page
        As for `page_address`.
    site
        As for `page_address`; by default that of the installed package.

    Returns
    -------
    :
        The command that shows the installed copy, and the address where the site has one. Pages of
        other packages have an address only.

    Examples
    --------
    >>> how_to_read("docs/checks/eos.md", site="")
    'ms25 docs eos'
    >>> how_to_read("docs/datasets.md#units-of-labels", site="https://example.org")
    'ms25 docs datasets, or https://example.org/datasets.html#units-of-labels'
    """
    if page.startswith(_WEB):
        return page
    address = page_address(page, site_address() if site is None else site)
    command = f"ms25 docs {PurePosixPath(page.partition('#')[0]).stem}"
    return f"{command}, or {address}" if address else command


def installed_pages() -> dict[str, Path]:
    """Files of the pages that are installed, by name: ``eos`` for ``docs/checks/eos.md``.

    Raises
    ------
    UsageError
        This installation has no pages.
    """
    package = Path(ms25_suite.__file__).parent
    # In a clone they lie beside the package.
    for root in (package / "docs", package.parent / "docs"):
        found = {
            file.stem: file for folder in _FOLDERS for file in sorted((root / folder).glob("*.md"))
        }
        if found:
            return found
    msg = f"this installation of ms25-suite has no documentation in {package}: install it again"
    raise UsageError(msg)


def find_page(name: str) -> Path:
    """File of a page.

    Parameters
    ----------
    name
        Its name, such as ``eos``, or its path in the repository.

    Raises
    ------
    UsageError
        There is no such page.
    """
    pages = installed_pages()
    stem = PurePosixPath(name.partition("#")[0]).stem
    if stem in pages:
        return pages[stem]
    msg = (
        f"there is no page {name!r}.{did_you_mean(stem, pages)} "
        "`ms25 docs` without a name lists all pages"
    )
    raise UsageError(msg)
