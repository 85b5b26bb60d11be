"""Which calculations of an output did not converge: their energies and forces are no labels.

ASE reads the numbers of an unconverged calculation as those of any other.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ms25_suite.core.errors import DatasetError
from ms25_suite.core.fields import CONVERGED_KEY
from ms25_suite.core.findings import Finding, frame_list
from ms25_suite.datasets.formats.programs import PROGRAMS

if TYPE_CHECKING:
    from ase import Atoms

__all__ = [
    "Unconverged",
    "find_unconverged",
    "mark_unconverged",
    "refuse_unconverged",
    "says_unconverged",
    "unconverged_finding",
]


_OUTCAR_STEP: Final = b"FREE ENERGIE OF THE ION-ELECTRON SYSTEM"
"""What ends the electrons of a step in OUTCAR; ASE's reader divides the file there too."""

_OUTCAR_EVENTS: Final = re.compile(
    rb"(?P<step>" + _OUTCAR_STEP + rb")"
    rb"|(?P<ended>aborting loop(?P<reached> because EDIFF is reached)?)"
    rb"|Iteration +\d+\( *\d+\)"
)
_OUTCAR_NELM: Final = re.compile(rb"\bNELM *= *(\d+)")
_ESPRESSO: Final = b"Program PWSCF"
_ESPRESSO_NUMBER: Final = rb"\d[\d.]*(?:[EeDd][+-]?\d+)?"
_ESPRESSO_EVENTS: Final = re.compile(
    rb"convergence threshold +=\s*(?P<threshold>" + _ESPRESSO_NUMBER + rb")"
    rb"|estimated scf accuracy +<\s*(?P<accuracy>" + _ESPRESSO_NUMBER + rb")"
    rb"|convergence (?:has been|(?P<not>NOT)) achieved"
)
_VASPRUN_EVENTS: Final = re.compile(rb"<(?P<start>calculation)>|</(?P<end>calculation)>|<scstep>")
_NELM: Final = re.compile(rb"name=\"NELM\"[^>]*>\s*(\d+)")

_NAMES: Final = re.compile(r"(?P<of>[a-z0-9_]*?)_?(?P<not>un|not_?)?converged")
"""Names, in lower case, of info keys that tell whether a calculation converged."""

_OF_ATOMS: Final = re.compile("geom|relax|opt|ion|force|struct|cell|neb|md")
"""Words of such names that are about the positions: the electrons may have converged."""


@dataclass(frozen=True, slots=True)
class Unconverged:
    """Calculations of a file that did not converge.

    Parameters
    ----------
    why
        What the program says.
    steps
        Number of calculations in the file; zero if they cannot be counted.
    failed
        Indices of those that did not converge.
    """

    why: str
    steps: int
    failed: frozenset[int]

    def of(self, n_frames: int) -> frozenset[int]:
        """Which frames did not converge: all of them where they cannot be told apart."""
        frames = frozenset(range(n_frames))
        return self.failed & frames if self.steps == n_frames else frames


def find_unconverged(path: Path) -> Unconverged | None:
    """Look for calculations that did not converge in an output of any program.

    Parameters
    ----------
    path
        Output, also compressed.

    Returns
    -------
    :
        None if the file says of none that it did not converge.

    Raises
    ------
    OSError, EOFError, lzma.LZMAError, zlib.error
        The file cannot be read, or unpacked.
    """
    from ase.io.formats import open_with_compression

    with open_with_compression(str(path), "rb") as file:
        text: bytes = file.read()
    if _OUTCAR_STEP in text:
        return _by_step(_outcar_steps(text), "EDIFF was not reached in NELM steps")
    if _ESPRESSO in text:
        return _by_step(_espresso_steps(text), "convergence was not achieved in Quantum ESPRESSO")
    if b"<calculation>" in text and b"<scstep>" in text:
        limit = _NELM.search(text)
        if limit is None:
            return None
        n_max = int(limit[1])
        why = f"the electrons took all NELM = {n_max} steps"
        return _by_step([n >= n_max for n in _vasprun_steps(text)], why)
    for program in PROGRAMS:
        found = [place for phrase in program.phrases for place in _places(text, phrase)]
        if found:
            first = next(phrase for phrase in program.phrases if phrase in text)
            # Each failure belongs to the calculation that ends behind it; the last may have none.
            ends = [m.end() for m in re.finditer(program.step, text)] if program.step else []
            failed = frozenset(bisect_left(ends, place) for place in found)
            says = first.decode().strip(" \n>!")
            return Unconverged(f"{program.name} says {says!r}", len(ends), failed)
    return None


def _by_step(failed: Sequence[bool], why: str) -> Unconverged | None:
    indices = frozenset(index for index, bad in enumerate(failed) if bad)
    return Unconverged(why, len(failed), indices) if indices else None


def _places(text: bytes, phrase: bytes) -> Iterator[int]:
    place = text.find(phrase)
    while place >= 0:
        yield place
        place = text.find(phrase, place + 1)


def _outcar_steps(text: bytes) -> list[bool]:
    """Whether each step of an OUTCAR did not converge.

    VASP 5 prints nothing where the last of NELM iterations did not reach EDIFF, VASP 6 says so.
    Steps without iterations (of a machine-learned force field) have nothing to converge.
    """
    limit = _OUTCAR_NELM.search(text)
    # Files that people have shortened may lack these lines altogether.
    complete = b"aborting loop" in text
    failed: list[bool] = []
    n_iterations, ended, reached = 0, False, False
    for event in _OUTCAR_EVENTS.finditer(text):
        if event["step"]:
            took_all = limit is not None and n_iterations >= int(limit[1])
            silent = n_iterations > 0 and (complete or took_all)
            failed.append(not reached and (ended or silent))
            n_iterations, ended, reached = 0, False, False
        elif event["ended"]:
            ended, reached = True, event["reached"] is not None
        else:
            n_iterations += 1
    return failed


def _espresso_steps(text: bytes) -> list[bool]:
    """Whether each calculation of an output of Quantum ESPRESSO did not converge.

    With ``scf_must_converge = .false.`` it says that convergence was achieved in any case; the
    accuracy that it estimates tells the truth.
    """
    failed: list[bool] = []
    threshold, accuracy = math.inf, 0.0
    for event in _ESPRESSO_EVENTS.finditer(text):
        if event["threshold"]:
            threshold = _number(event["threshold"])
        elif event["accuracy"]:
            accuracy = _number(event["accuracy"])
        else:
            # Both numbers are printed with few digits.
            failed.append(event["not"] is not None or accuracy > 1.05 * threshold)
    return failed


def _number(text: bytes) -> float:
    # Fortran writes double precision exponents with D.
    return float(text.lower().replace(b"d", b"e"))


def _vasprun_steps(text: bytes) -> list[int]:
    """Number of electronic steps of each complete calculation of a vasprun.xml."""
    counts: list[int] = []
    count = 0
    for event in _VASPRUN_EVENTS.finditer(text):
        if event["start"]:
            count = 0
        elif event["end"]:
            counts.append(count)
        else:
            count += 1
    return counts


def mark_unconverged(images: Sequence[Atoms], unconverged: Unconverged) -> None:
    """Set ``info["converged"] = False`` on the frames that did not converge."""
    for index in unconverged.of(len(images)):
        images[index].info[CONVERGED_KEY] = False


def says_unconverged(atoms: Atoms) -> bool:
    """Whether an info key of a frame says that its calculation did not converge."""
    for key, value in atoms.info.items():
        match = _NAMES.fullmatch(str(key).lower())
        if match is None or _OF_ATOMS.search(match["of"].removeprefix("calculation")):
            continue
        said = _truth(value)
        if said is not None and said == bool(match["not"]):
            return True
    return False


def _truth(value: object) -> bool | None:
    """Truth value of what a file holds; None if it is none."""
    word = str(value).strip().lower()
    if word in ("true", "t", "yes", "1", "1.0"):
        return True
    return False if word in ("false", "f", "no", "0", "0.0") else None


def refuse_unconverged(images: Sequence[Atoms], path: Path) -> None:
    """Refuse a file with frames that did not converge.

    Parameters
    ----------
    images
        Frames of the file.
    path
        The file.

    Raises
    ------
    DatasetError
        Some of them say that they did not converge.
    """
    bad = [index for index, atoms in enumerate(images) if says_unconverged(atoms)]
    if not bad:
        return
    found = find_unconverged(path) if path.is_file() else None
    reason = f" ({found.why})" if found is not None else ""
    apart = (
        ""
        if found is None or found.steps == len(images) or len(images) == 1
        else ". Which of them cannot be told from the file"
    )
    msg = (
        f"{path}: {len(bad)} of {len(images)} frames did not converge: "
        f"{frame_list(bad)}{reason}{apart}. Their energies and forces are no labels. Compute them "
        f"again or leave them out; --keep-unconverged imports them with the mark "
        f"{CONVERGED_KEY}=F"
    )
    raise DatasetError(msg)


def unconverged_finding(images: Sequence[Atoms]) -> Finding | None:
    """A warning about frames that say that their calculation did not converge."""
    bad = tuple(index for index, atoms in enumerate(images) if says_unconverged(atoms))
    if not bad:
        return None
    return Finding(
        "unconverged-frames",
        f"{len(bad)} of {len(images)} frames say that their calculation did not converge "
        f"({frame_list(bad)}). Their energies and forces are no labels: compute these frames "
        f"again, or remove them.",
        frames=() if len(bad) == len(images) else bad,
    )
