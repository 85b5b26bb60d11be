"""Two evaluations of the same frames, by each route."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

import numpy as np

from ms25_suite.core.errors import (
    LammpsNotInstalledError,
    NotApplicableError,
    PotentialError,
    PredictionError,
    UsageError,
)
from ms25_suite.core.frames import Frames, IntArray, Predictions
from ms25_suite.criteria.precision import dtype_of, is_foreign
from ms25_suite.lammps.plan import LammpsRun, MdPlan
from ms25_suite.potentials.batching.limits import BATCH_ATOMS
from ms25_suite.potentials.in_lammps import pair_style_for, run_in_lammps
from ms25_suite.potentials.opening import from_model_file
from ms25_suite.potentials.potential import Potential

__all__ = ["EVALUATIONS", "Evaluated", "Subject", "batch_room"]

T = TypeVar("T")

_DEVICE_ATOMS: Final = 4096
"""Atoms that one batch of any GPU holds."""

_IN_LAMMPS: Final = 2
"""Frames that are evaluated in LAMMPS, each of which starts a program of its own."""


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """A potential, the frames that it is evaluated on, and its own numbers for them.

    Parameters
    ----------
    potential
        The potential.
    frames
        The frames, at least one.
    predictions
        Its predictions for all of them, computed at once and now: not from the cache.
    same_as
        Opens the potential that it ought to be; None if the run names none.
    """

    potential: Potential
    frames: Frames
    predictions: Predictions
    same_as: Callable[[], Potential] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Evaluated:
    """Two evaluations of some frames of a subject.

    Parameters
    ----------
    chosen
        Which of the subject's frames, shape ``(n_chosen,)``.
    ours, theirs
        Predictions of both routes for these frames.
    one, other
        How they were made, in words.
    dtype
        Floating-point type of the less precise one.
    may_lack_stress
        Whether the other route may have no stress without being wrong.
    """

    chosen: IntArray
    ours: Predictions
    theirs: Predictions
    one: str
    other: str
    dtype: str
    may_lack_stress: bool = False


def batch_room(potential: Potential) -> int:
    """Most atoms in a batch of these frames."""
    asked = potential.options.batch_atoms
    if asked is not None:
        return asked
    on_host = is_foreign(potential) or potential.options.device == "cpu"
    # On a GPU the size is found in the run, and is never as small as this one.
    return BATCH_ATOMS if on_host else _DEVICE_ATOMS


def _whole(subject: Subject, theirs: Predictions, **described: Any) -> Evaluated:
    every = np.arange(len(subject.frames))
    return Evaluated(every, subject.predictions, theirs, **described)


def _batch(subject: Subject) -> Evaluated:
    frames, potential = subject.frames, subject.potential
    limit, size = batch_room(potential), int(frames.n_atoms.min())
    if len(frames) < 2:
        msg = "there is one test frame, so that no batch can hold two"
        if 2 * size > limit:
            msg = (
                f"a batch of {limit} atoms holds one of these frames ({size} atoms or more): there "
                "is no larger batch to compare with. --batch-atoms=N allows one"
            )
        raise NotApplicableError(msg)
    # The last frame first: what depends on the calls before it shows as well.
    parts = [_alone(potential.compute, frames, index) for index in reversed(range(len(frames)))]
    return _whole(
        subject,
        Predictions.concatenate(parts[::-1]),
        one=f"{len(frames)} frames in one batch",
        other="one by one, the last one first",
        dtype=dtype_of(potential),
    )


def _workers(subject: Subject) -> Evaluated:
    options = subject.potential.options
    n_workers = 1 if options.n_workers > 1 else 2
    # A batch for each frame: else one worker would get all of them.
    changed = replace(options, n_workers=n_workers, batch_atoms=1)
    with _closing(subject.potential.again(changed)) as potential:
        theirs = potential.compute(subject.frames)
    return _whole(
        subject,
        theirs,
        one=_processes(options.n_workers),
        other=f"{_processes(n_workers)}, started anew",
        dtype=dtype_of(subject.potential),
    )


def _precision(subject: Subject) -> Evaluated:
    potential = subject.potential
    fixed = potential.info().precision
    if fixed:
        msg = f"{potential.name} computes in {fixed}, whatever --dtype says"
        raise NotApplicableError(msg)
    dtype = "float32" if potential.options.dtype == "float64" else "float64"
    # TF32 is for float32 only.
    with _closing(_reopened(potential, dtype=dtype, tf32=False)) as other:
        theirs = other.compute(subject.frames)
    # The rounding of the less precise one.
    return _whole(subject, theirs, one=potential.options.dtype, other=dtype, dtype="float32")


_PLAIN: Final[Mapping[str, Any]] = {"compiled": False, "backend": "", "tf32": False}
"""Options of a potential that is evaluated as its package has trained it."""


def _compiled(subject: Subject) -> Evaluated:
    potential, ours = subject.potential, subject.predictions
    if potential.options.backend or potential.options.tf32:
        with _closing(_reopened(potential, **_PLAIN)) as plain:
            ours = plain.compute(subject.frames)
        other, theirs = potential.info().acceleration, subject.predictions
        whole = _whole(subject, theirs, one="plain", other=other, dtype=dtype_of(potential))
        return replace(whole, ours=ours)
    if potential.options.compiled:
        with _closing(_reopened(potential, compiled=False)) as plain:
            ours = plain.compute(subject.frames)
    with _closing(_reopened(potential, route="form", compiled=True)) as form:
        name, theirs = form.info().acceleration, form.compute(subject.frames)
    return replace(
        _whole(subject, theirs, one="plain", other=name or "compiled", dtype=dtype_of(potential)),
        ours=ours,
    )


def _calculator(subject: Subject) -> Evaluated:
    other = "the ASE calculator of its package"
    plain = subject.potential.by_calculator()
    if plain is None:
        return _of_the_package(subject, "calculator", other)
    with _closing(plain) as theirs:
        found = theirs.compute(subject.frames)
    dtype = dtype_of(subject.potential)
    return _whole(subject, found, one="batches of its package", other=other, dtype=dtype)


def _torch_sim(subject: Subject) -> Evaluated:
    return _of_the_package(subject, "torch_sim", "TorchSim")


def _of_the_package(subject: Subject, route: str, other: str) -> Evaluated:
    potential = subject.potential
    with _closing(_reopened(potential, route=route, **_PLAIN)) as theirs:
        return _whole(
            subject,
            theirs.compute(subject.frames),
            one=_ours(potential),
            other=other,
            dtype=dtype_of(potential),
            may_lack_stress=True,
        )


def _lammps(subject: Subject) -> Evaluated:
    return _in_lammps(subject, subject.potential.run_lammps)


def _pair_style(subject: Subject) -> Evaluated:
    potential = subject.potential
    found = None if potential.path is None else pair_style_for(potential)
    if found is None:
        msg = (
            f"the LAMMPS of this run has no pair style for {potential.architecture}: name an "
            "executable that was built with one, --lammps=/path/to/lmp"
        )
        raise NotApplicableError(msg)
    return _in_lammps(subject, lambda frame, plan: run_in_lammps(potential, frame, plan))


def _in_lammps(subject: Subject, run: Callable[[Frames, MdPlan], LammpsRun]) -> Evaluated:
    """The first frames that have a cell, in LAMMPS.

    Raises
    ------
    NotApplicableError
        There is none, LAMMPS is not installed, or cannot take such frames.
    """
    frames = subject.frames
    chosen = np.flatnonzero(frames.volumes > 0)[:_IN_LAMMPS]
    if len(chosen) == 0:
        msg = "no frame has a cell with a volume, which LAMMPS needs"
        raise NotApplicableError(msg)
    # Atoms at rest; what counts is the start, which is evaluated before the only step.
    plan = MdPlan(ensemble="nve", n_steps=1)
    try:
        runs = [_alone(lambda frame: run(frame, plan), frames, index) for index in chosen.tolist()]
    except (LammpsNotInstalledError, UsageError) as error:
        raise NotApplicableError(str(error)) from error
    theirs = Predictions(
        np.array([one.energy for one in runs]),
        np.concatenate([one.forces for one in runs]),
        np.array([one.stress for one in runs]),
    )
    return Evaluated(
        chosen,
        subject.predictions.select(chosen, np.asarray(frames.offsets)),
        theirs,
        one=_ours(subject.potential),
        other=f"LAMMPS {runs[0].lammps_version}, {runs[0].route}",
        dtype=dtype_of(subject.potential),
    )


def _device(subject: Subject) -> Evaluated:
    potential = subject.potential
    ours = potential.options.device
    other = "cuda" if ours == "cpu" else "cpu"
    # Not every back end runs on both.
    with _closing(_reopened(potential, device=other, backend="", tf32=False)) as there:
        try:
            there.info()
        except PotentialError as error:
            # A PyTorch without CUDA, or a model that was compiled for one device.
            msg = f"{potential.name} cannot be loaded on {other}: {error}"
            raise NotApplicableError(msg) from error
        theirs = there.compute(subject.frames)
    return _whole(subject, theirs, one=ours, other=other, dtype=dtype_of(potential))


def _same_as(subject: Subject) -> Evaluated:
    if subject.same_as is None:
        msg = "no --same-as names another potential"
        raise NotApplicableError(msg)
    potential, other = subject.potential, subject.same_as()
    theirs = other.compute(subject.frames)
    types = {dtype_of(potential), dtype_of(other)}
    return _whole(
        subject,
        theirs,
        one=_named(potential),
        other=_named(other),
        dtype="float32" if "float32" in types else "float64",
    )


EVALUATIONS: Final[Mapping[str, Callable[[Subject], Evaluated]]] = {
    "same_as": _same_as,
    "batch": _batch,
    "workers": _workers,
    "precision": _precision,
    "compiled": _compiled,
    "calculator": _calculator,
    "lammps": _lammps,
    "pair_style": _pair_style,
    "torch_sim": _torch_sim,
    "device": _device,
}
"""Functions that evaluate a subject by a route and its counterpart.

Each may raise `NotApplicableError` where there is no such route, and `PotentialError` or
`LammpsError` where it is broken.
"""


def _alone(evaluate: Callable[[Frames], T], frames: Frames, index: int) -> T:
    """Evaluate one frame; an error names it by its place among all of them."""
    try:
        return evaluate(frames.select([index]))
    except PredictionError as error:
        error.frames = (index,)
        raise


def _reopened(potential: Potential, route: str = "", **changes: Any) -> Potential:
    """The model file of a potential by another route, or with other options; nothing is cached."""
    if potential.path is None:
        msg = f"{potential.name} has no model file to load in another way"
        raise NotApplicableError(msg)
    return from_model_file(
        potential.path,
        potential.architecture,
        potential.name,
        replace(potential.options, use_cache=False, n_workers=1, **changes),
        manifest=potential.manifest,
        route=route,
    )


@contextmanager
def _closing(potential: Potential) -> Iterator[Potential]:
    try:
        yield potential
    finally:
        potential.close()


def _ours(potential: Potential) -> str:
    return "its own predictions" if is_foreign(potential) else "the suite's adapter"


def _named(potential: Potential) -> str:
    sha256 = f", sha256 {potential.sha256[:12]}" if potential.sha256 else ""
    return f"{potential.name} ({potential.architecture}{sha256})"


def _processes(n_workers: int) -> str:
    return "1 worker process" if n_workers == 1 else f"{n_workers} worker processes"
