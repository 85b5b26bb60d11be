"""Pages of files that lie beside the folder of the documentation, and links to them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

__all__ = ["ADDRESSES", "outside_pages", "with_links"]

_MARKDOWN: Final = {
    "README.md": "overview.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}

_TEXTS: Final = {
    "CITATION.cff": ("citation.md", "How to cite", "yaml"),
    "ms25_suite/baseline/allowances.toml": (
        "reference/allowances.md",
        "Allowances of a baseline",
        "toml",
    ),
}

_EXAMPLES: Final = "docs/examples"

_SHOWN: Final = {".py": "python", ".toml": "toml", ".md": "markdown"}

ADDRESSES: Final = {
    **_MARKDOWN,
    **{path: page for path, (page, *_) in _TEXTS.items()},
    "checks/thresholds.toml": "reference/thresholds.md",
    "ms25_suite/core/schemas/results.schema.json": "reference/results.md",
}
"""Page of the site, by path in the repository, of what lies outside of the documentation."""

_LINK: Final = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)\s#]+)(?=[)#])")
"""Address of a link of Markdown without its anchor; none of the web."""


def outside_pages(repository: Path) -> Iterator[tuple[str, str]]:
    """Addresses and texts of the pages that are made of files outside of the documentation."""
    for path, page in _MARKDOWN.items():
        text = (repository / path).read_text(encoding="utf-8")
        yield page, with_links(text, path, page)
    for path, (page, title, language) in _TEXTS.items():
        text = (repository / path).read_text(encoding="utf-8")
        yield page, f"# {title}\n\n`{path}` of the repository.\n\n{_block(text, language)}"
    folders = sorted(path for path in (repository / _EXAMPLES).iterdir() if path.is_dir())
    for folder in folders:
        yield f"examples/{folder.name}.md", _example(folder)
    lines = "".join(f"- [{folder.name}]({folder.name}.md)\n" for folder in folders)
    yield "examples/index.md", f"# Example packages\n\n{lines}"


def _example(folder: Path) -> str:
    parts = [
        f"# {folder.name}\n\n",
        f"A complete package, `{_EXAMPLES}/{folder.name}` in the repository:\n\n",
        f"    pip install {_EXAMPLES}/{folder.name}\n",
    ]
    for file in sorted(folder.rglob("*")):
        path = file.relative_to(folder)
        hidden = any(part.endswith((".egg-info", "__pycache__", "build")) for part in path.parts)
        if hidden or file.suffix not in _SHOWN:
            continue
        text = file.read_text(encoding="utf-8")
        parts.append(f"\n## {path.as_posix()}\n\n{_block(text, _SHOWN[file.suffix])}")
    return "".join(parts)


def _block(text: str, language: str) -> str:
    # A fence that is longer than any in the text.
    longest = max((len(found) for found in re.findall(r"^`{3,}", text, re.MULTILINE)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}\n"


def with_links(text: str, path: str, page: str) -> str:
    """Text whose links to files of the repository lead to pages of the site.

    Parameters
    ----------
    text
        Markdown.
    path
        Path of its file in the repository: links start from there.
    page
        Address of its page in the site.
    """

    def moved(found: re.Match[str]) -> str:
        target = os.path.normpath(PurePosixPath(path).parent / found[1])
        if target in ADDRESSES:
            where = ADDRESSES[target]
        elif target.startswith(f"{_EXAMPLES}/"):
            where = f"examples/{PurePosixPath(target).relative_to(_EXAMPLES).parts[0]}.md"
        elif target.startswith("docs/"):
            where = target.removeprefix("docs/")
        else:
            return found[0]
        return os.path.relpath(where, PurePosixPath(page).parent)

    return _LINK.sub(moved, text)
