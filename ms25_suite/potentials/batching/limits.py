"""How large a batch may be.

On a CPU the best size is known beforehand. On a GPU it depends on the model, its precision and the
card: too small a batch leaves most of the card idle, too large a one does not fit. There, batches
start small and grow until memory or throughput says stop.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Final, Protocol

__all__ = ["BATCH_ATOMS", "FixedLimit", "GrowingLimit", "Learned", "Limit"]

BATCH_ATOMS: Final = 512
"""Most atoms in a batch on a CPU: larger ones exceed its caches and are slower (measured for
MACE)."""

START: Final = 32_768
"""Load of the first batch on a GPU: some 500 atoms of a solid, which any card holds."""

_BYTES: Final = 200_000.0
"""Memory of one edge in bytes before anything is known: that of a large equivariant model, 128
channels of 16 components in double precision, of which twelve arrays are alive at once."""

_LARGEST: Final = 4_194_304
"""Largest load: some 160,000 atoms of a solid, which keep any card busy. Of larger batches there
are too few to find the edges of one while the card computes another; and arrays of 512 numbers an
edge have more elements than a 32-bit index counts, which many kernels use."""

_FILL: Final = 0.8
"""Part of the memory that a batch may take by prediction; the allocator loses some to gaps."""

_STEP: Final = 2
_LEAP: Final = 4
"""Growth of the load from one size to the next, and while the card is mostly idle."""

_WORTH: Final = 1.05
"""Least gain in throughput for which a size is doubled again."""

_IDLE: Final = 1.6
"""Gain in throughput by a doubling, above which the card is mostly idle."""

_FULL: Final = (0.6, 1.25)
"""Part of the limit that a batch must have to tell something about it. It may exceed the limit a
little, where edges are counted on the device."""

_SAMPLES: Final = 2
"""Batches that are measured at each size; the first one at a size compiles and allocates, and is
not counted."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What is known about the batches of a model on a card.

    Parameters
    ----------
    limit
        Best load so far.
    settled
        Whether it was found to be the best one, or is only the largest one tried.
    bytes_per_load
        Memory of one unit of load in bytes.
    """

    limit: int
    settled: bool
    bytes_per_load: float

    def to_dict(self) -> dict[str, Any]:
        """Plain types, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Learned:
        """Inverse of `to_dict`.

        Raises
        ------
        ValueError
            A value is out of its range.
        """
        found = cls(int(record["limit"]), bool(record["settled"]), float(record["bytes_per_load"]))
        if not 1 <= found.limit <= _LARGEST or not 0 < found.bytes_per_load < math.inf:
            msg = f"a batch size is out of range: {record!r}"
            raise ValueError(msg)
        return found


class Limit(Protocol):
    """Largest load of a batch; what a load is, `load` says."""

    value: int

    def load(self, n_atoms: int, n_edges: int) -> int:
        """Load of some atoms and edges."""
        ...

    def record(self, load: int, seconds: float, peak_bytes: int) -> None:
        """Learn from a batch that was evaluated."""
        ...

    def failed(self, load: int) -> None:
        """Learn from a batch that did not fit into the memory."""
        ...

    def is_hopeless(self, load: int) -> bool:
        """Whether as large a batch has failed before."""
        ...


class FixedLimit:
    """A number of atoms; halved, for all later batches too, if the memory is exhausted.

    Parameters
    ----------
    n_atoms
        Most atoms in a batch.
    """

    def __init__(self, n_atoms: int) -> None:
        self.value = n_atoms
        self._failed = math.inf

    def load(self, n_atoms: int, n_edges: int) -> int:
        """Number of atoms."""
        del n_edges
        return n_atoms

    def record(self, load: int, seconds: float, peak_bytes: int) -> None:
        """Nothing is learned."""

    def failed(self, load: int) -> None:
        """Half of the batch that failed, which may have been smaller than the limit."""
        self._failed = min(self._failed, load)
        self.value = max(1, min(self.value, load // 2))

    def is_hopeless(self, load: int) -> bool:
        """Whether as large a batch has failed before."""
        return load >= self._failed


class GrowingLimit:
    """A number of edges plus atoms that grows until memory or throughput says stop.

    Memory and time of a graph network go with its edges; atoms are counted too, for frames whose
    atoms have no neighbours.

    Parameters
    ----------
    available
        Memory in bytes that a batch may take at present.
    known
        What an earlier run has learned.

    Attributes
    ----------
    value
        Largest load of a batch at present.
    settled
        Whether it is known that neither larger nor smaller batches are faster.

    Examples
    --------
    >>> limit = GrowingLimit(lambda: 80 * 10**9)
    >>> limit.value
    32768
    >>> for _ in range(3):
    ...     limit.record(32_768, seconds=0.01, peak_bytes=10**9)
    >>> limit.value
    131072
    """

    def __init__(self, available: Callable[[], int], known: Learned | None = None) -> None:
        self._available = available
        self._bytes = _BYTES if known is None else known.bytes_per_load
        self.settled = known is not None and known.settled
        start = START if known is None else known.limit
        self._failed = math.inf
        self._rates: dict[int, float] = {}
        self._seen = 0
        self._best = 0.0
        # The card may be smaller than the estimate needs, or another process may use it as well.
        self.value = max(1, min(start, self._fitting()))

    def load(self, n_atoms: int, n_edges: int) -> int:
        """Number of edges plus that of atoms."""
        return n_edges + n_atoms

    def is_hopeless(self, load: int) -> bool:
        """Whether as large a batch has failed before."""
        return load >= self._failed

    def record(self, load: int, seconds: float, peak_bytes: int) -> None:
        """Learn from a batch that was evaluated.

        Parameters
        ----------
        load
            Its load.
        seconds
            Time that it took on the device.
        peak_bytes
            Memory that it took; zero if unknown.
        """
        fewest, most = (part * self.value for part in _FULL)
        if not fewest <= load <= most or seconds <= 0.0:
            # A last batch, one of an earlier size, or a single large frame.
            return
        if peak_bytes > 0:
            self._bytes = peak_bytes / load
        if self.settled:
            return
        self._seen += 1
        if self._seen > 1:
            self._best = max(self._best, load / seconds)
        if self._seen > _SAMPLES:
            self._decide(self._best)

    def failed(self, load: int) -> None:
        """Half of the batch that failed, and no growth any more."""
        self._failed = min(self._failed, load)
        # A single large frame, or one batch denser than the last, says nothing about the limit.
        if load <= _FULL[1] * self.value:
            self.settled = True
        self.value = max(1, min(self.value, load // 2))

    def learned(self) -> Learned:
        """What a later run should know."""
        return Learned(self.value, self.settled, self._bytes)

    def _fitting(self) -> int:
        """Load that fits into the memory by prediction, and has not failed."""
        predicted = _FILL * self._available() / self._bytes
        return int(min(predicted, _LARGEST, _FILL * self._failed))

    def _decide(self, rate: float) -> None:
        """Grow, or settle for the best of the sizes that were tried."""
        last = max(self._rates, default=None)
        gain = math.inf if last is None else rate / self._rates[last]
        self._rates[self.value] = rate
        self._seen, self._best = 0, 0.0
        # By doubling: a leap of four must gain as much as two doublings.
        doublings = 1.0 if last is None else math.log2(self.value / last)
        if gain < _WORTH**doublings:
            fastest = max(self._rates.values())
            # The smallest size that is about as fast as the fastest one: it takes less memory.
            self.value = min(
                size for size, found in self._rates.items() if found * _WORTH >= fastest
            )
            self.settled = True
            return
        factor = _LEAP if gain >= _IDLE**doublings else _STEP
        wanted = min(factor * self.value, self._fitting())
        if wanted < _WORTH * self.value:
            # Memory says stop.
            self.value = max(1, min(self.value, self._fitting()))
            self.settled = True
            return
        self.value = wanted
