"""The results: a JSON file that is whole after each line, and a table."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ms25_suite.core.machine import machine, packages

__all__ = ["TARGETS", "Report"]

TARGETS: Final = {"predict": 1.10, "torchsim": 1.00, "lammps": 1.15}
"""Largest ratios aimed at: predictions over the bare model at its best batch size, predictions over
TorchSim, and a step in LAMMPS of the largest frame over the bare model."""

_MORE_PACKAGES: Final = (
    "nequip",
    "nequip-allegro",
    "torchani",
    "torch-sim-atomistic",
    "vesin-torch",
    "cuequivariance-torch",
    "triton",
)


class Report:
    """Results as they come.

    Parameters
    ----------
    path
        The JSON file; the table is beside it, with the suffix ``.md``.
    arguments
        What was asked for.
    merge
        Whether results that are in the file already are kept.
    """

    def __init__(self, path: Path, arguments: Mapping[str, Any], *, merge: bool = False) -> None:
        self._path = path
        self._start = time.monotonic()
        self.content: dict[str, Any] = {
            "schema": 1,
            "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "machine": _machine(),
            "targets": TARGETS,
            "arguments": {name: _plain(value) for name, value in arguments.items()},
            "finished": False,
            "results": [],
        }
        if merge and path.is_file():
            earlier = json.loads(path.read_text("utf-8"))
            self.content["results"] = earlier["results"]
            self.content["machine"]["packages"] = {
                **earlier["machine"]["packages"],
                **self.content["machine"]["packages"],
            }
        path.parent.mkdir(parents=True, exist_ok=True)
        self._write()

    def add(self, row: Mapping[str, Any]) -> None:
        """Add one result."""
        self.content["results"].append(dict(row))
        shown = {k: v for k, v in row.items() if isinstance(v, int | float | str) and k != "log"}
        print("  " + json.dumps(shown)[:300], flush=True)
        self._write()

    def read(self, lines: Path, start: int) -> int:
        """Add the whole lines of a file after ``start`` bytes, and return where they end."""
        content = lines.read_bytes()[start:]
        whole = content.rfind(b"\n") + 1
        for line in content[:whole].splitlines():
            self.add(json.loads(line))
        return start + whole

    def finish(self) -> None:
        """Mark the file as complete."""
        self.content["finished"] = True
        self._write()

    def has_numbers(self, architecture: str) -> bool:
        """Whether anything of an architecture was measured."""
        return any(
            row["architecture"] == architecture and "failure" not in row
            for row in self.content["results"]
        )

    def _write(self) -> None:
        self.content["seconds"] = round(time.monotonic() - self._start, 1)
        for path, text in (
            (self._path, json.dumps(self.content, indent=1)),
            (self._path.with_suffix(".md"), self.table()),
        ):
            part = path.with_name(path.name + ".part")
            part.write_text(text, encoding="utf-8")
            # A reader, or whoever stops this program, never sees half a file.
            part.replace(path)

    def table(self) -> str:
        """The results as Markdown."""
        about = self.content["machine"]
        where = about["gpu"] or about["cpu"]
        lines = [
            f"# {where}",
            "",
            f"{self.content['started']}, {self.content.get('seconds', 0):.0f} s, "
            f"{about['n_cpu']} CPU cores; "
            + ", ".join(f"{name} {version}" for name, version in about["packages"].items()),
            "",
            *self._predictions(),
            *self._large(),
            *self._parts(),
            *self._accelerated(),
            *self._agreement(),
            *self._failures(),
        ]
        return "\n".join(lines) + "\n"

    def _rows(self, case: str) -> dict[tuple[str, str], dict[str, Any]]:
        return {
            (row["architecture"], row["dtype"]): row
            for row in self.content["results"]
            if row["case"] == case and "failure" not in row
        }

    def _predictions(self) -> list[str]:
        raw, predicted, rival = (self._rows(case) for case in ("raw", "predict", "torchsim"))
        rows = []
        for key, one in raw.items():
            best, own, other = one["best"], predicted.get(key, {}), rival.get(key, {})
            against = _ratio(own.get("us_per_atom"), other.get("us_per_atom"))
            rows.append(
                [
                    *key,
                    best["n_atoms"],
                    _number(best["us_per_atom"]),
                    own.get("n_frames", ""),
                    _number(own.get("us_per_atom")),
                    _judged(own.get("ratio_raw"), TARGETS["predict"]),
                    _number(other.get("us_per_atom")),
                    _judged(against, TARGETS["torchsim"]),
                    _number(own.get("first_s")),
                    _gigabytes(best["peak_bytes"]),
                ]
            )
        title = "## Many frames of 108 atoms, µs per atom"
        return _table(
            title,
            "architecture|type|best batch, atoms|bare model|frames|predict|over bare "
            f"(≤ {TARGETS['predict']:.2f})|TorchSim|over TorchSim (≤ {TARGETS['torchsim']:.2f})|"
            "first predict, s|bare peak, GB",
            rows,
        )

    def _large(self) -> list[str]:
        rows = []
        steps = self._rows("lammps")
        for key, raw in self._rows("raw large").items():
            for size, one in raw["sizes"].items():
                whole = self._rows(f"large {size}").get(key, {})
                step = steps.get(key, {}).get("sizes", {}).get(size, {})
                rows.append(
                    [
                        *key,
                        one["n_atoms"],
                        _number(one["ms"]),
                        _number(whole.get("predict_ms")),
                        _number(whole.get("ratio_raw")),
                        _number(step.get("ms_per_step")),
                        _judged(step.get("ratio_raw"), TARGETS["lammps"]),
                        _number(step.get("model_ms")),
                        _number(step.get("neighbour_ms")),
                        _number(step.get("lammps_ms")),
                        _gigabytes(one["peak_bytes"]),
                    ]
                )
        return _table(
            "## Single frames and molecular dynamics, ms",
            "architecture|type|atoms|bare model|predict|over bare|step in LAMMPS|over bare "
            f"(≤ {TARGETS['lammps']:.2f} at the largest)|model in the step|neighbours in the step|"
            "LAMMPS in the step|bare peak, GB",
            rows,
        )

    def _parts(self) -> list[str]:
        rows = [
            [
                *key,
                row["n_frames"],
                row["largest_batch_atoms"],
                _number(row["us_per_atom"]),
                *(
                    f"{100 * row['shares'][part]:.0f} %"
                    for part in ("neighbours", "waiting", "transfer", "model", "sums")
                ),
                _gigabytes(row["peak_bytes"]),
                _number(row.get("alone", {}).get("edges_us_per_atom")),
                _number(row.get("alone", {}).get("model_us_per_atom")),
            ]
            for key, row in self._rows("parts").items()
        ]
        return _table(
            "## Parts of a prediction, of the wall time; they overlap",
            "architecture|type|frames|largest batch, atoms|µs per atom|neighbours|waiting for them|"
            "transfer|model|sums|peak, GB|edges of a batch alone, µs per atom|its model alone",
            rows,
        )

    def _accelerated(self) -> list[str]:
        rows = []
        for row in self.content["results"]:
            known = row["case"].startswith("accelerated") or row["case"].endswith(" compiled")
            if not known or "failure" in row:
                continue
            found = row.get("agreement", {})
            rows.append(
                [
                    row["architecture"],
                    row["dtype"],
                    row["case"].removeprefix("accelerated: "),
                    _number(row["us_per_atom"]),
                    _number(row["ratio_raw"]),
                    _small(found.get("energy_eV_per_atom")),
                    _small(found.get("forces_eV_per_A")),
                    row.get("acceleration", ""),
                ]
            )
        return _table(
            "## Accelerated models",
            "architecture|type|how|µs per atom|over the plain bare model|energies differ by, "
            "eV/atom|forces, eV/Å|what the suite says of it",
            rows,
        )

    def _agreement(self) -> list[str]:
        rows = [
            [
                *key,
                *(
                    _small(row[pair].get(quantity))
                    for pair in ("device_and_cpu", "suite_and_package")
                    for quantity in ("energy_eV_per_atom", "forces_eV_per_A", "stress_eV_per_A3")
                ),
            ]
            for key, row in self._rows("agreement").items()
        ]
        return _table(
            "## Largest differences in eV/atom, eV/Å and eV/Å³",
            "architecture|type|this device and the CPU (there MACE and ANI in float64): energy|"
            "forces|stress|the suite and the package: energy|forces|stress",
            rows,
        )

    def _failures(self) -> list[str]:
        rows = [
            [row["architecture"], row.get("dtype", ""), row["case"], _cell(row["failure"])]
            for row in self.content["results"]
            if "failure" in row
        ]
        return _table("## Not measured", "architecture|type|what|why", rows)


def _machine() -> dict[str, Any]:
    from importlib.metadata import PackageNotFoundError, version

    about = machine().to_dict()
    found = dict(packages())
    for name in _MORE_PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return {**about, "packages": found}


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value


def _table(title: str, head: str, rows: list[list[Any]]) -> list[str]:
    if not rows:
        return []
    names = head.split("|")
    lines = [title, "", "| " + " | ".join(names) + " |", "|" + " --- |" * len(names)]
    return [*lines, *("| " + " | ".join(str(cell) for cell in row) + " |" for row in rows), ""]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"


def _small(value: float | None) -> str:
    return "" if value is None else f"{value:.1e}"


def _gigabytes(value: float | None) -> str:
    return "" if value is None else f"{value / 1e9:.2f}"


def _ratio(value: float | None, other: float | None) -> float | None:
    return None if value is None or not other else value / other


def _judged(ratio: float | None, target: float) -> str:
    if ratio is None:
        return ""
    return f"{ratio:.2f} {'ok' if ratio <= target else 'over'}"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "/")[:300]
