"""Builds the documentation site: ``python docs/site/make_site.py build/site``.

It lays out all pages in a folder of its own (those of ``docs``, and those made of code and of files
beside it) and runs Sphinx on that. Warnings are errors.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Final

from ms25_site.notebooks import run_notebook
from ms25_site.outside import with_links
from ms25_site.reference import generated_pages

REPOSITORY: Final = Path(__file__).resolve().parents[2]
SITE: Final = REPOSITORY / "docs" / "site"

# The potentials and frames of the tutorials are in the pictures, too.
sys.path.append(str(REPOSITORY / "docs" / "tutorials"))

_LEFT_OUT: Final = ("examples", "site")
_KINDS: Final = (".md", ".ipynb", ".png", ".py", ".svg", ".yml")


def lay_out(target: Path, *, run: bool) -> list[str]:
    """Write the sources of all pages.

    Parameters
    ----------
    target
        Folder to write to; what it holds is deleted.
    run
        Whether notebooks are run, and checks to draw a good and a bad potential.

    Returns
    -------
    :
        Names of the pages, without the ends of their files.
    """
    shutil.rmtree(target, ignore_errors=True)
    texts: dict[str, str] = {}
    for folder, start in ((REPOSITORY / "docs", "docs"), (SITE / "pages", "docs")):
        for file in sorted(folder.rglob("*")):
            path = file.relative_to(folder).as_posix()
            if file.suffix not in _KINDS or path.partition("/")[0] in _LEFT_OUT:
                continue
            if file.suffix == ".md":
                text = file.read_text(encoding="utf-8")
                texts[path] = with_links(text, f"{start}/{path}", path)
            else:
                (target / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, target / path)
    notebooks = [path.relative_to(target).as_posix() for path in sorted(target.rglob("*.ipynb"))]
    if run:
        # Only the extra `docs` has it, and tests of the pages do without.
        import nbformat
        from ms25_site.kept import draw_kept
        from ms25_site.pictures import draw

        for path in notebooks:
            print(f"{path} is run", flush=True)
            nbformat.write(run_notebook(REPOSITORY / "docs" / path), target / path)
    texts |= dict(generated_pages(REPOSITORY))
    if run:
        pictures = target / "pictures"
        pictures.mkdir(parents=True)
        for name, shown in (*draw(pictures), *draw_kept(pictures)):
            texts[f"checks/{name}.md"] += f"\n## A good and a bad potential\n\n{shown}"
    pages = sorted(name.rpartition(".")[0] for name in [*texts, *notebooks])
    nav = tomllib.loads((SITE / "nav.toml").read_text(encoding="utf-8"))
    for name, below in _trees(nav, pages).items():
        texts[f"{name}.md"] += below
    for path, text in texts.items():
        file = target / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return pages


def _trees(nav: Mapping[str, Any], pages: Sequence[str]) -> dict[str, str]:
    """Side bar in the directives of Sphinx, by the page at whose end they stand."""
    trees = {"index": "".join(_tree(part["pages"], part["caption"]) for part in nav["part"])}
    for name, patterns in nav["below"].items():
        found = [
            page
            for pattern in patterns
            for page in pages
            if fnmatch(page, pattern) and page != name
        ]
        trees[name] = _tree(found)
    return trees


def _tree(pages: Sequence[str], caption: str = "") -> str:
    options = f":caption: {caption}\n" if caption else ""
    # `title <page>`, or the page alone.
    names = "\n".join(
        page.replace("<", "</") if page.endswith(">") else f"/{page}" for page in pages
    )
    return f"\n```{{toctree}}\n:hidden:\n{options}\n{names}\n```\n"


def main() -> int:
    """Build the site; the exit status is that of Sphinx."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, help="folder of the site")
    out = parser.parse_args().out.resolve()
    if (out / ".buildinfo").is_file():
        # A site that was built here before: pages that no longer exist must not stay.
        shutil.rmtree(out)
    sources = out.with_name(f"{out.name}-sources")
    lay_out(sources, run=os.environ.get("MS25_DOCS_NOTEBOOKS") != "off")
    strict = ("--fail-on-warning", "--keep-going", "--fresh-env", "--quiet")
    command = [sys.executable, "-m", "sphinx", *strict, "-c", str(SITE), str(sources), str(out)]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
