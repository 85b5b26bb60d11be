"""Measures one architecture: a program of its own, so that a crash or a hang ends only it.

``python -m tests.benchmarks.gpu.steps PLAN OUT``: `Plan.to_json`, and a file that gets a line of
JSON as soon as something was measured, could not be, or was left out for lack of time.
"""

from __future__ import annotations

import json
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from ms25_suite.core.frames import Frames, Predictions
from ms25_suite.potentials.batching.memory import is_out_of_memory
from ms25_suite.potentials.evaluate import EdgeEvaluator
from ms25_suite.potentials.potential import Potential
from tests.benchmarks.gpu import accelerated, rivals, suite, workloads
from tests.benchmarks.gpu.clock import Clock
from tests.benchmarks.gpu.compiled import compiled_file, is_ready, needs_file
from tests.benchmarks.gpu.models import find_or_train
from tests.benchmarks.gpu.plan import Plan
from tests.benchmarks.gpu.raw import RawModel, load_raw

__all__ = ["main"]

_PREDICT_S = 9.0
"""Time in which the bare model could predict the frames of `predict`."""

_SHORT_S = 6.0
"""About the longest time for one measurement in seconds."""

_LATE = 0.3
"""Part of the time for accelerated models and predictions of single frames."""

_COMPILE_S = 240.0
"""Time in seconds that must be left for compiling to be started."""

_DIFFERENT = 148
"""Frames in a batch for the bare model that differ: larger batches repeat them."""

_LONGEST_BATCH_S = 2.0
"""Batches that take longer for one forward are not made larger."""


@dataclass(eq=False)
class _State:
    """What is known while one architecture in one type is measured."""

    plan: Plan
    dtype: str
    path: Path
    clock: Clock
    deadline: float
    raw: RawModel | None = None
    best_atoms: int = 1000
    best_s_per_atom: float = 0.0
    raw_large_s: dict[int, float] = field(default_factory=dict)
    _open: ExitStack = field(default_factory=ExitStack)
    _opening: Future[Potential] | None = None
    _evaluator: EdgeEvaluator | None = None

    @property
    def architecture(self) -> str:
        return self.plan.architecture

    def start(self) -> None:
        """Start the worker, which imports and loads for a while, in another thread."""
        opened = suite.opened(self.architecture, self.path, self.plan.device, self.dtype)
        pool = ThreadPoolExecutor(1)
        self._opening = pool.submit(self._open.enter_context, opened)
        pool.shutdown(wait=False)

    def potential(self) -> Potential:
        """The potential in the worker."""
        assert self._opening is not None
        return self._opening.result()

    def evaluator(self) -> EdgeEvaluator:
        """The potential in this process, which is loaded at the first call."""
        if self._evaluator is None:
            self._evaluator = suite.in_process(
                self.architecture, self.path, self.plan.device, self.dtype
            )
        return self._evaluator

    def close(self) -> None:
        """End the worker."""
        if self._opening is not None:
            # What it raises was recorded where the potential was needed.
            self._opening.exception()
        self._open.close()

    def left_s(self) -> float:
        """Seconds left for this type."""
        return self.deadline - time.monotonic()

    def frames(self, seconds: float) -> Frames:
        """As many frames as the bare model predicts in so many seconds."""
        rate = 1.0 / max(self.best_s_per_atom, 1e-9)
        fitting = int(rate * min(seconds, max(1.0, self.left_s() / 6)) / workloads.ATOMS)
        least = min(self.plan.n_frames, max(2, self.best_atoms // workloads.ATOMS))
        return workloads.many(max(least, min(self.plan.n_frames, fitting)))


def main(plan: Plan, out: Path) -> None:
    """Measure everything, and write lines to a file."""
    warnings.filterwarnings("ignore")
    end = time.monotonic() + plan.seconds
    with out.open("a", encoding="utf-8") as file:

        def emit(**values: Any) -> None:
            file.write(json.dumps({"architecture": plan.architecture, **values}) + "\n")
            file.flush()

        late_s = _LATE * plan.seconds
        states = []
        for index, dtype in enumerate(plan.dtypes):
            now = time.monotonic()
            deadline = now + (end - late_s - now) / (len(plan.dtypes) - index)
            state = _opened(plan, dtype, deadline, emit)
            if state is not None:
                _measure(state, _cases(state), emit)
                states.append(state)
        # What matters less, or may not be ready before.
        for state in states:
            state.deadline = end
            _measure(state, _late_cases(state, first=state is states[0]), emit)
        if states and plan.compiled and plan.architecture == "mace":
            _default_type(states[-1])
            # A minute or more; nothing comes after it.
            step = partial(_accelerated, states[-1], "torch.compile")
            _measure(states[-1], iter([("accelerated: torch.compile", step)]), emit)


def _is_of_nequip(plan: Plan) -> bool:
    return plan.architecture in ("nequip", "allegro")


def _opened(plan: Plan, dtype: str, deadline: float, emit: Callable[..., None]) -> _State | None:
    """The model in one type; None if there is none."""
    models = Path(plan.models) if plan.models else None
    try:
        file = find_or_train(plan.architecture, dtype, plan.size, models)
    except Exception as error:
        emit(dtype=dtype, case="model", failure=_reason(error))
        return None
    state = _State(plan, dtype, file.path, Clock(plan.device), deadline)
    state.start()
    return state


def _measure(
    state: _State,
    cases: Iterator[tuple[str, Callable[[], dict[str, Any]]]],
    emit: Callable[..., None],
) -> None:
    """Measure one case after the other; whatever fails is recorded."""
    dtype = state.dtype
    for case, step in cases:
        if not state.plan.wants(case):
            continue
        start = time.monotonic()
        if state.left_s() < 1.0:
            emit(dtype=dtype, case=case, failure="left out: the time was over")
            continue
        found: dict[str, Any]
        try:
            found = step()
        except Exception as error:
            found = {"failure": _reason(error), "traceback": traceback.format_exc()[-2000:]}
        emit(dtype=dtype, case=case, took_s=time.monotonic() - start, **found)
        state.clock.free()
    state.close()


def _reason(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:600]


def _cases(state: _State) -> Iterator[tuple[str, Callable[[], dict[str, Any]]]]:
    """What is measured, the most important first."""
    yield "raw", lambda: _raw(state)
    yield "agreement", lambda: _agreement(state)
    yield "raw large", lambda: _raw_large(state)
    yield "predict", lambda: _predict(state)
    yield "lammps", lambda: _lammps(state)
    # The worker keeps memory of the device, which is needed here from now on.
    state.close()
    yield "parts", lambda: _parts(state)
    yield "torchsim", lambda: _torchsim(state, compiled=False)


def _late_cases(
    state: _State, *, first: bool
) -> Iterator[tuple[str, Callable[[], dict[str, Any]]]]:
    """Accelerated models and single frames; what takes minutes for the first type only."""
    _default_type(state)
    compiled = first and state.plan.compiled
    for variant in accelerated.VARIANTS[state.architecture]:
        if variant != "torch.compile":
            yield f"accelerated: {variant}", lambda variant=variant: _accelerated(state, variant)
    if state.architecture == "mace" or (compiled and _is_of_nequip(state.plan)):
        yield "predict compiled", lambda: _predict_compiled(state)
    if compiled and _is_of_nequip(state.plan):
        yield "torchsim compiled", lambda: _torchsim(state, compiled=True)
    for size in reversed(state.plan.large):
        yield f"large {size}", lambda size=size: _large(state, size)


def _raw(state: _State) -> dict[str, Any]:
    """The bare model on batches of growing size."""
    start = time.monotonic()
    state.raw = raw = load_raw(state.architecture, state.path, state.plan.device, state.dtype)
    load_s = time.monotonic() - start
    rows: list[dict[str, Any]] = []
    end = ""
    for n_atoms in state.plan.batches:
        n_frames = max(2, n_atoms // workloads.ATOMS)
        frames = workloads.many(min(n_frames, _DIFFERENT))
        repeat = max(1, n_frames // _DIFFERENT)
        try:
            batch = raw.prepare(frames, repeat)
            peak = state.clock.peak_bytes(lambda batch=batch: raw.run(batch))
            timing = state.clock.time(lambda batch=batch: raw.run(batch), most_s=_SHORT_S / 4)
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            end = f"{n_atoms} atoms do not fit into the memory"
            break
        finally:
            batch = None
            state.clock.free()
        count = repeat * len(frames.numbers)
        rows.append(
            {
                "n_atoms": count,
                "n_frames": repeat * len(frames),
                "s": timing.median_s,
                "spread_s": timing.most_s - timing.least_s,
                "us_per_atom": 1e6 * timing.median_s / count,
                "peak_bytes": peak,
            }
        )
        best = min(rows, key=lambda row: float(row["us_per_atom"]))
        state.best_atoms = int(best["n_atoms"])
        state.best_s_per_atom = 1e-6 * float(best["us_per_atom"])
        if timing.median_s > _LONGEST_BATCH_S:
            end = f"a forward of {n_atoms} atoms takes {timing.median_s:.1f} s"
            break
        if best is not rows[-1] and len(rows) > 2:
            end = "larger batches are slower"
            break
    best = min(rows, key=lambda row: float(row["us_per_atom"]))
    return {"load_s": load_s, "batches": rows, "best": best, "ended": end or "all sizes tried"}


def _agreement(state: _State) -> dict[str, Any]:
    """The device against the CPU in double precision, and the suite against the package."""
    assert state.raw is not None
    frames = workloads.many(state.plan.agreement_frames)
    name, path = state.architecture, state.path
    ours = state.evaluator().predict(frames)
    theirs = state.raw.predict(frames)
    found = {"suite_and_package": suite.differences(ours, theirs, frames)}
    on_cpu = suite.in_process(name, path, "cpu", "float64").predict(frames)
    _default_type(state)
    found["device_and_cpu"] = suite.differences(ours, on_cpu, frames)
    return found


def _default_type(state: _State) -> None:
    """Set the default type of torch, which MACE computes in: other models may have been loaded."""
    if state.architecture == "mace":
        import torch

        torch.set_default_dtype(getattr(torch, state.dtype))


def _predict(state: _State) -> dict[str, Any]:
    """Predictions through a worker, as the checks make them."""
    start = time.monotonic()
    potential = state.potential()
    open_s = time.monotonic() - start
    found = suite.predicting(potential, state.frames(_PREDICT_S))
    return {"open_s": open_s, **found, **_against_raw(state, found["us_per_atom"])}


def _predict_compiled(state: _State) -> dict[str, Any]:
    """The same with native code, which must agree with the plain model."""
    assert state.raw is not None
    if needs_file(state.architecture, state.plan.device) and not _may_compile(state):
        return {"failure": "left out: the native code is not ready"}
    frames = state.frames(_SHORT_S)
    few = frames.select(range(min(len(frames), 8)))
    start = time.monotonic()
    with suite.opened(
        state.architecture, state.path, state.plan.device, state.dtype, compiled=True
    ) as potential:
        open_s = time.monotonic() - start
        agreement = suite.differences(potential.predict(few), state.raw.predict(few), few)
        found = suite.predicting(potential, frames)
        found["acceleration"] = potential.info().acceleration
    found |= {"open_s": open_s, "agreement": agreement}
    return {**found, **_against_raw(state, found["us_per_atom"])}


def _may_compile(state: _State) -> bool:
    return is_ready(state.path, state.plan.device) or state.left_s() > _COMPILE_S


def _against_raw(state: _State, us_per_atom: float) -> dict[str, float]:
    raw = 1e6 * state.best_s_per_atom
    return {"raw_us_per_atom": raw, "ratio_raw": us_per_atom / raw if raw else float("nan")}


def _parts(state: _State) -> dict[str, Any]:
    found = suite.parts(state.evaluator(), state.frames(_SHORT_S / 2), state.clock)
    n_frames = max(2, state.best_atoms // workloads.ATOMS)
    alone = suite.alone(state.evaluator(), workloads.many(n_frames), state.clock)
    return {**found, "alone": alone, **_against_raw(state, found["us_per_atom"])}


def _raw_large(state: _State) -> dict[str, Any]:
    """The bare model on single frames, as batches that were made before."""
    assert state.raw is not None
    raw, rows, failures = state.raw, {}, {}
    for size in state.plan.large:
        frame = workloads.large(size)
        start = time.monotonic()
        try:
            batch = raw.prepare(frame)
            prepare_s = time.monotonic() - start
            peak = state.clock.peak_bytes(lambda batch=batch: raw.run(batch))
            timing = state.clock.time(lambda batch=batch: raw.run(batch), most_s=_SHORT_S / 4)
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            failures[str(size)] = "does not fit into the memory"
            break
        finally:
            batch = None
            state.clock.free()
        state.raw_large_s[size] = timing.median_s
        rows[str(size)] = {
            "n_atoms": len(frame.numbers),
            "prepare_s": prepare_s,
            "ms": 1e3 * timing.median_s,
            "spread_ms": 1e3 * (timing.most_s - timing.least_s),
            "peak_bytes": peak,
        }
    return {"sizes": rows, "failures": failures}


def _large(state: _State, size: int) -> dict[str, Any]:
    """A whole prediction of a single frame."""
    if state.raw_large_s and size not in state.raw_large_s:
        return {"failure": "the bare model does not fit into the memory"}
    frame = workloads.large(size)
    evaluator = state.evaluator()
    timing = state.clock.time(lambda: evaluator.predict(frame), most_s=2.0)
    found: dict[str, Any] = {"n_atoms": len(frame.numbers), "predict_ms": 1e3 * timing.median_s}
    if size in state.raw_large_s:
        found["ratio_raw"] = timing.median_s / state.raw_large_s[size]
    return {**found, "parts": suite.parts(evaluator, frame, state.clock)}


def _lammps(state: _State) -> dict[str, Any]:
    """Steps of molecular dynamics at each size."""
    rows, failures = {}, {}
    potential = state.potential()
    for size in sorted(state.plan.large, reverse=True):
        raw_s = state.raw_large_s.get(size)
        if state.raw_large_s and raw_s is None:
            failures[str(size)] = "the bare model does not fit into the memory"
            continue
        fitting = int(min(_SHORT_S / 2, state.left_s() / 6) / (raw_s or 0.1))
        n_steps = max(5, min(state.plan.md_steps, fitting))
        try:
            row = suite.stepping(potential, workloads.large(size), n_steps)
        except Exception as error:
            failures[str(size)] = _reason(error)
            continue
        if raw_s:
            row |= {"raw_ms": 1e3 * raw_s, "ratio_raw": 1e-3 * row["ms_per_step"] / raw_s}
        rows[str(size)] = row
    if not rows:
        return {"failure": "; ".join(f"{size}: {why}" for size, why in failures.items())}
    return {"sizes": rows, "failures": failures}


def _torchsim(state: _State, *, compiled: bool) -> dict[str, Any]:
    path = state.path
    if compiled:
        if not _may_compile(state):
            return {"failure": "left out: the native code is not ready"}
        path = compiled_file(state.architecture, path, state.plan.device)
    model = rivals.torchsim_model(
        state.architecture, path, state.plan.device, state.dtype, compiled=compiled
    )
    frames = state.frames(_SHORT_S / 3)
    found, predicted = rivals.torchsim(model, frames, state.best_atoms, state.clock)
    few = frames.select(range(min(len(frames), 8)))
    assert state.raw is not None
    n_atoms = int(few.offsets[-1])
    assert predicted.energy is not None
    assert predicted.forces is not None
    own = Predictions(predicted.energy[: len(few)], predicted.forces[:n_atoms], None)
    found["agreement"] = suite.differences(own, state.raw.predict(few), few)
    return {**found, **_against_raw(state, found["us_per_atom"])}


def _accelerated(state: _State, variant: str) -> dict[str, Any]:
    """A faster form of the bare model at its best batch size, if it agrees."""
    assert state.raw is not None
    raw: Any = state.raw
    plain = raw.model
    n_frames = max(2, state.best_atoms // workloads.ATOMS)
    frames, repeat = workloads.many(min(n_frames, _DIFFERENT)), max(1, n_frames // _DIFFERENT)
    few = frames.select(range(min(len(frames), 8)))
    expected = raw.predict(few)
    start = time.monotonic()
    try:
        raw.model = accelerated.accelerate(state.architecture, variant, plain, state.plan.device)
        found: dict[str, Any] = {"agreement": suite.differences(raw.predict(few), expected, few)}
        batch = raw.prepare(frames, repeat)
        raw.run(batch)
        found["ready_s"] = time.monotonic() - start
        found["peak_bytes"] = state.clock.peak_bytes(lambda: raw.run(batch))
        timing = state.clock.time(lambda: raw.run(batch), most_s=_SHORT_S / 4)
    finally:
        raw.model = plain
    found["n_atoms"] = repeat * len(frames.numbers)
    found["us_per_atom"] = 1e6 * timing.median_s / found["n_atoms"]
    return {**found, **_against_raw(state, found["us_per_atom"])}


if __name__ == "__main__":
    main(Plan.from_json(sys.argv[1]), Path(sys.argv[2]))
