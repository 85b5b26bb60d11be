"""What a potential may read of some frames besides their structure, as columns."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from ms25_suite.core.inputs.known import KNOWN_INPUTS, Per

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["Column", "Inputs", "is_default"]

STEP: Final = 1e-5
"""Values that differ by less are equal where frames are compared: files store 6 to 8 decimals."""


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """The values of one input for all frames.

    Parameters
    ----------
    values
        Numbers or text, shape ``(n_frames, …)`` or ``(n_atoms_total, …)``. NaN, and for text the
        empty one, is where a frame does not state it.
    per
        Whether each frame or each atom has a value.
    key
        Key that calculators read it by, where the name is not one of `KNOWN_INPUTS`.
    """

    values: npt.NDArray[Any]
    per: Per
    key: str = ""

    @property
    def is_text(self) -> bool:
        """Whether the values are text."""
        return self.values.dtype.kind == "U"

    def stated(self) -> npt.NDArray[np.bool_]:
        """Whether each frame, or each atom, has a value, shape ``(n,)``."""
        rows = self.values.reshape(len(self.values), -1)
        found = rows != "" if self.is_text else np.isfinite(rows)
        return np.asarray(found.all(axis=1), dtype=np.bool_)

    def take(self, rows: npt.NDArray[np.int64]) -> Column:
        """Values of the given frames or atoms."""
        return Column(np.asarray(self.values[rows]), self.per, self.key)


@dataclass(frozen=True, slots=True, eq=False)
class Inputs:
    """Inputs of some frames besides their structure.

    Parameters
    ----------
    columns
        Name to values; without those that no frame states.
    """

    columns: Mapping[str, Column] = field(default_factory=dict)

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)

    def __contains__(self, name: object) -> bool:
        return name in self.columns

    def __getitem__(self, name: str) -> Column:
        return self.columns[name]

    @property
    def named_keys(self) -> dict[str, str]:
        """Name to key of those that a card names, as `collect` takes them."""
        return {
            name: column.key or name
            for name, column in self.columns.items()
            if name not in KNOWN_INPUTS
        }

    def check(self, n_frames: int, n_atoms: int) -> None:
        """Check the lengths.

        Raises
        ------
        ValueError
            A column does not fit the numbers of frames and atoms.
        """
        for name, column in self.columns.items():
            wanted = n_frames if column.per == "frame" else n_atoms
            if len(column.values) != wanted:
                msg = f"the input `{name}` must have {wanted} rows, found {len(column.values)}"
                raise ValueError(msg)

    def select(self, frames: npt.NDArray[np.int64], atoms: npt.NDArray[np.int64]) -> Inputs:
        """Inputs of the frames with the given indices, whose atoms are given too."""
        if not self.columns:
            return self
        return Inputs(
            {
                name: column.take(frames if column.per == "frame" else atoms)
                for name, column in self.columns.items()
            }
        )

    @classmethod
    def concatenate(cls, parts: Sequence[Inputs]) -> Inputs:
        """Join inputs of groups of frames that have the same names.

        Raises
        ------
        ValueError
            The names differ.
        """
        first = parts[0]
        if any(set(part.columns) != set(first.columns) for part in parts):
            msg = "expected groups of frames with the same inputs"
            raise ValueError(msg)
        return cls(
            {
                name: Column(
                    np.concatenate([part.columns[name].values for part in parts]),
                    column.per,
                    column.key,
                )
                for name, column in first.columns.items()
            }
        )

    def repeated(self, n: int, offsets: npt.NDArray[np.int64]) -> Inputs:
        """Inputs of supercells of ``n`` copies of each frame, whose atoms follow copy after copy.

        Charges add up, and so do unpaired electrons: n equal copies of total spin S that do not
        interact have the total spin n S, hence the multiplicity n (2S) + 1.

        Parameters
        ----------
        n
            Number of copies.
        offsets
            `Frames.offsets` of the single frames.
        """
        if not self.columns:
            return self
        ranges = [np.arange(a, b) for a, b in itertools.pairwise(np.asarray(offsets).tolist())]
        atoms = np.concatenate([np.tile(one, n) for one in ranges] or [np.zeros(0, dtype=np.int64)])
        columns = {}
        for name, column in self.columns.items():
            values = column.values
            if column.per == "atom":
                values = np.asarray(values[atoms])
            elif name == "total_charge":
                values = values * n
            elif name == "spin_multiplicity":
                values = (values - 1) * n + 1
            columns[name] = Column(values, column.per, column.key)
        return Inputs(columns)

    def set_on(self, atoms: Atoms, frame: int, part: slice) -> None:
        """Put the inputs of one frame into an ``Atoms`` object, where ASE calculators read them.

        Parameters
        ----------
        atoms
            The structure of the frame.
        frame, part
            Its index, and the indices of its atoms.
        """
        for name, column in self.columns.items():
            known = KNOWN_INPUTS.get(name)
            keys = known.keys[: known.written] if known else (column.key or name,)
            if column.per == "atom":
                rows = np.array(column.values[part])
                if column.is_text or np.isfinite(rows).all():
                    atoms.arrays.update(dict.fromkeys(keys, rows))
                continue
            if not column.stated()[frame]:
                continue
            atoms.info.update(dict.fromkeys(keys, _plain(column.values[frame])))

    def update_hash(self, digest: Any) -> None:
        """Add all values to a hash; nothing if there are none."""
        for name in sorted(self.columns):
            column = self.columns[name]
            digest.update(f"{name}:{column.per}:{column.key}:{column.values.shape}".encode())
            digest.update(_bytes(column))

    def prints(self, frame: int, part: slice) -> bytes:
        """What distinguishes a frame from one of the same structure, for its fingerprint.

        Values that are not stated, and those that are what potentials take then, do not count:
        a molecule without a charge is the one with the charge 0.
        """
        if not self.columns:
            return b""
        digest = hashlib.blake2b(digest_size=16)
        found = False
        for name in sorted(self.columns):
            column = self.columns[name]
            rows = slice(frame, frame + 1) if column.per == "frame" else part
            values = np.asarray(column.values[rows])
            if is_default(name, Column(values, column.per)):
                continue
            if not column.is_text:
                # Adding zero turns -0 into 0.
                values = np.rint(np.nan_to_num(values) / STEP) + 0.0
            found = True
            digest.update(name.encode() + _bytes(Column(values, column.per)))
        return digest.digest() if found else b""


def is_default(name: str, column: Column) -> bool:
    """Whether all values are those that potentials take where a frame states none."""
    if not column.stated().any():
        return True
    known = KNOWN_INPUTS.get(name)
    if known is None or known.default is None or column.is_text:
        return False
    values = column.values[column.stated()]
    return bool((np.abs(values - known.default) < STEP).all())


def _plain(value: Any) -> Any:
    """A value as `Atoms.info` has it: whole numbers as `int`, which some calculators insist on."""
    if isinstance(value, np.ndarray) and value.ndim:
        return np.array(value)
    if isinstance(value, str):
        return str(value)
    number = float(value)
    return int(number) if number.is_integer() else number


def _bytes(column: Column) -> bytes:
    if column.is_text:
        # Separated by a character that no text has.
        return "\0".join(column.values.reshape(-1).tolist()).encode()
    return np.ascontiguousarray(column.values, dtype="<f8").tobytes()
