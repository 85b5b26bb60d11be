"""How much is measured: on a GPU, or in small on any machine."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Self

__all__ = ["Plan"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is measured of one architecture, and for how long.

    Parameters
    ----------
    architecture
        Name of the architecture.
    device
        ``cuda``, ``cuda:1``, …, or ``cpu``.
    dtypes
        Floating-point types, one after the other.
    size
        Size of the networks; see `tests.benchmarks.gpu.models.SIZES`.
    models
        Folder of model files; empty: they are trained.
    seconds
        Time for all of it. What is not done by then is recorded as left out.
    n_frames
        Frames of about 100 atoms to predict, or fewer if that took too long.
    large
        Sizes of single frames; see `tests.benchmarks.gpu.workloads.CELLS`.
    batches
        Atoms in the batches for the bare model, ascending.
    agreement_frames
        Frames that are predicted on the CPU too.
    md_steps
        Most steps of molecular dynamics.
    compiled
        Whether models are compiled to native code too, which takes a minute each.
    cases
        Beginnings of the names of the cases to measure, besides the bare model; empty: all.
    """

    architecture: str
    device: str
    dtypes: tuple[str, ...] = ("float32", "float64")
    size: str = "paper"
    models: str = ""
    seconds: float = 100.0
    n_frames: int = 5000
    large: tuple[int, ...] = (500, 4000, 32000)
    batches: tuple[int, ...] = (1000, 2000, 4000, 8000, 16000, 32000, 64000, 128000)
    agreement_frames: int = 2
    md_steps: int = 100
    compiled: bool = True
    cases: tuple[str, ...] = ()

    def wants(self, case: str) -> bool:
        """Whether a case is to be measured; the bare model always is."""
        return case == "raw" or not self.cases or case.startswith(self.cases)

    def small(self) -> Self:
        """The same in a few seconds on a CPU, to try the program."""
        values = asdict(self) | {
            "dtypes": self.dtypes[:1],
            "size": self.size if self.models else "smoke",
            "n_frames": 6,
            "large": (108,),
            "batches": (216, 432),
            "agreement_frames": 2,
            "md_steps": 5,
            "compiled": False,
        }
        return type(self)(**values)

    def quick(self) -> Self:
        """Everything once, in a minute: to see whether it works, not how fast it is."""
        values = asdict(self) | {
            "dtypes": self.dtypes[:1],
            "n_frames": 300,
            "large": (500, 32000),
            "batches": (1000, 16000),
            "agreement_frames": 2,
            "md_steps": 10,
        }
        return type(self)(**values)

    def to_json(self) -> str:
        """Text for a command line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Inverse of `to_json`."""
        values = json.loads(text)
        for name in ("dtypes", "large", "batches", "cases"):
            values[name] = tuple(values[name])
        return cls(**values)
