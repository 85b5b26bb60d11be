"""Pictures of checks: what the report shows of a good and of a bad potential.

They are drawn when the site is built, by the functions that draw the report, so that they show what
a reader of a report sees.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ase.calculators.emt import EMT

import ms25_suite as ms
from ms25_site.drawings import drawings_of, save_drawing, section_of
from ms25_site.specimens import (
    Bad,
    Forgetful,
    Member,
    Soft,
    write_copper,
    write_displaced,
    write_hop,
)
from ms25_site.tables import cell, table
from ms25_suite.core.results import Verdict
from ms25_suite.report.figures.canvas import drawing
from ms25_suite.report.figures.parity import draw_parities, read_parity
from ms25_suite.report.order import sort_potentials
from ms25_suite.report.section import Drawing, Table

__all__ = ["PICTURED", "draw"]

_HERE: Final = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class _Session:
    """Potentials that are judged in one run, and the criteria that the run shows.

    Parameters
    ----------
    make
        Returns the potentials and the dataset; gets a folder to write to.
    caption
        What the potentials are. It is true only of the verdicts that `draw` expects.
    criteria
        Criterion to what is shown of it: numbers of drawings, or `_TABLES`, or `_PARITY`.
    options
        Of `ms25_suite.judge`.
    """

    make: Callable[[Path], tuple[Any, Path]]
    caption: str
    criteria: dict[str, int | tuple[int, ...]]
    options: dict[str, Any] = field(default_factory=dict)


_TABLES: Final = -1
_PARITY: Final = -2

_NO_VERDICT: Final = ("energy_decomposition",)
"""Criteria that measure and do not judge."""


def _copper(folder: Path) -> tuple[Any, Path]:
    return {"good": EMT(), "bad": Bad()}, write_copper(folder)


def _routes(folder: Path) -> tuple[Any, Path]:
    write_copper(folder)
    return {"good": EMT(), "bad": Forgetful()}, folder / "large.toml"


def _hop(folder: Path) -> tuple[Any, Path]:
    return {"good": EMT(), "bad": Soft()}, write_hop(folder)


def _committees(folder: Path) -> tuple[Any, Path]:
    files = []
    for name, sizes in (("good", (0.0, 0.02)), ("bad", (0.02, 0.001))):
        for seed in range(4):
            files.append(_member(folder / f"{name}-{seed}.py", 10 + seed, sizes))
    return [str(file) for file in files], write_displaced(folder)


def _children(folder: Path) -> tuple[Any, Path]:
    card = write_copper(folder)
    _member(folder / "parent.py", 9, (0.005, 0.0))
    return {"good": Member(7, 10, (0.005, 0.0002)), "bad": Member(7, 11, (0.005, 0.01))}, card


def _member(file: Path, seed: int, sizes: tuple[float, float]) -> Path:
    """A file of a calculator, as for ``--mlip``."""
    folders = [str(_HERE), str(_HERE.parent / "tutorials")]
    text = f"import sys\nsys.path[:0] = {folders!r}\nfrom ms25_site.specimens import Member\n"
    file.write_text(f"{text}calculator = Member(7, {seed}, {sizes!r})\n", encoding="utf-8")
    return file


_SESSIONS: Final = (
    _Session(
        _copper,
        "Two potentials on copper, as the report shows them. *good* is the reference itself, and "
        "passes. *bad* fails: it is the same with a hole (atoms closer than 1.9 Å attract each "
        "other), a cliff (a pull of 0.05 eV/Å between neighbours that ends abruptly at 4.2 Å), and "
        "forces that are 10 % larger than the slope of its energy.",
        {
            "error_thresholds": _PARITY,
            "energy_decomposition": _TABLES,
            "consistency": 0,
            "smoothness": 1,
            "short_range": 1,
            "size_extensivity": 0,
            "framework_transfer": 0,
            "eos": 0,
            "stability": 0,
        },
        {"md_steps": 100},
    ),
    _Session(
        _routes,
        "Two potentials on copper, as the report shows them. *good* passes. *bad* fails: it keeps "
        "something from one frame to the next, so that its numbers depend on what it predicted "
        "before.",
        {"route_agreement": _TABLES},
    ),
    _Session(
        _hop,
        "Two potentials for an atom that hops on a copper surface, as the report shows them. "
        "*good* is the reference itself, and passes. *bad* fails: it is too soft, as foundation "
        "models often are far from equilibrium: all energies are 70 % of what they should be.",
        {"neb_barrier": 0},
    ),
    _Session(
        _committees,
        "Two committees of four potentials for copper, as the report shows them. The members of "
        "*good* spread at least as much as they are wrong, and most where they are. Those of *bad* "
        "fail: they agree with each other, and are wrong in the same way, as potentials are whose "
        "training data have the same gap.",
        {"committee": 0},
    ),
    _Session(
        _children,
        "Two potentials for copper that have the same parent, as the report shows them. *good* has "
        "hardly changed, and passes. *bad* fails: on structures that it was not tuned for, its "
        "errors are larger than those of its parent.",
        {"retention": (0, 1)},
        {"parent": "parent.py", "retention_data": ("bcc.toml", "hcp.toml")},
    ),
)

PICTURED: Final = frozenset(name for one in _SESSIONS for name in one.criteria)
"""Criteria that have a picture, or a table."""


def draw(folder: Path) -> Iterator[tuple[str, str]]:
    """Draw the pictures.

    Parameters
    ----------
    folder
        An existing folder to write to, beside that of the pages of the checks.

    Yields
    ------
    :
        Name of a criterion, and what its page shows, in Markdown.

    Raises
    ------
    ValueError
        The good potential does not pass a criterion, or the bad one does: the caption is not true.
    """
    for session in _SESSIONS:
        with tempfile.TemporaryDirectory() as scratch:
            place = Path(scratch)
            potentials, dataset = session.make(place)
            results = ms.judge(
                potentials,
                str(dataset),
                criteria=list(session.criteria),
                report_dir=place / "report",
                **{name: _placed(value, place) for name, value in session.options.items()},
            )
            for name, what in session.criteria.items():
                _expect(name, results)
                with drawing(sort_potentials(results.run, list(results))):
                    shown = _shown(name, what, results, folder)
                yield name, f"{shown}\n\n{session.caption}\n"


def _placed(value: Any, folder: Path) -> Any:
    """Options with names of files as paths in the folder."""
    if isinstance(value, tuple):
        return [str(folder / one) for one in value]
    return str(folder / value) if isinstance(value, str) else value


def _expect(name: str, results: Any) -> None:
    if name in _NO_VERDICT:
        return
    for potential, expected in (("good", "pass"), ("bad", "fail")):
        found = results.where(criterion=name, potential=potential).verdict
        if found != expected:
            msg = f"{name}: the {potential} potential: expected {expected}, found {found}"
            raise ValueError(msg)


def _shown(name: str, what: int | tuple[int, ...], results: Any, folder: Path) -> str:
    if what == _PARITY:
        forces = results.where(criterion=name, quantity="forces", metric="mae")
        # Their artifacts are absolute paths.
        found = [read_parity(Path("/"), one) for one in forces]
        figure = draw_parities([one for one in found if one is not None])
        chosen = [Drawing(figure, "Predicted forces over those of the reference, good and bad")]
    else:
        section = section_of(name, results.run, list(results))
        if what == _TABLES:
            tables = [one for block in section.blocks for one in block.tables]
            return "\n".join(map(_markdown, tables))
        drawings = drawings_of(section)
        chosen = [drawings[one] for one in (what if isinstance(what, tuple) else (what,))]
    return "\n\n".join(
        save_drawing(one, folder, f"{name}-{number}" if number else name)
        for number, one in enumerate(chosen)
    )


def _markdown(one: Table) -> str:
    rows = ([_text(value) for value in row] for row in one.rows)
    return table([cell(column.heading) for column in one.columns], rows)


def _text(value: str | Verdict | None) -> str:
    return cell(str(value.value if isinstance(value, Verdict) else value or ""))
