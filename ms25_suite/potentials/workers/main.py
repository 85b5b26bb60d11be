"""Main loop of a worker process: loads one potential and answers requests.

It is a process of its own because model files execute code when they are loaded, because frameworks
change process-wide state (``import mace`` replaces ``torch.load``), and because native code may
crash.
"""

from __future__ import annotations

import importlib
import os
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from ms25_suite.core.cache import file_sha256
from ms25_suite.core.errors import (
    ModelFileError,
    Ms25Error,
    NotApplicableError,
    OutOfMemoryError,
)
from ms25_suite.core.frames import Frames, Predictions
from ms25_suite.core.text.shown import encodable
from ms25_suite.environments.processes import keep_freed_memory
from ms25_suite.potentials.base import Architecture, EdgeModel, Evaluator, ForceModel
from ms25_suite.potentials.batching.remembered import RememberedSize
from ms25_suite.potentials.evaluate import EdgeEvaluator
from ms25_suite.potentials.registry import load_implementation
from ms25_suite.potentials.workers.acceleration import (
    Chosen,
    agreeing_form,
    choose_form,
    first_form,
)
from ms25_suite.potentials.workers.jobs import (
    BaselineJob,
    CalculatorJob,
    FrameworkJob,
    Job,
    ModelJob,
    ObjectJob,
    UntrainedJob,
    job_from_wire,
)
from ms25_suite.potentials.workers.wire import pack_predictions, pack_run, unpack_frames

__all__ = ["load_evaluator", "serve"]


ALIVE_S = 1.0
"""Shortest time in seconds between two signs of life during a long request."""


MOST_LETTERS = 20_000
"""Longest text about an error; of a longer one, beginning and end are kept."""


def load_evaluator(job: Job) -> Evaluator:
    """Load what a job describes.

    Raises
    ------
    ModelFileError
        A model file cannot be loaded, or was changed while it was loaded.
    """
    match job:
        case BaselineJob():
            from ms25_suite.potentials.baseline import MeanBaseline

            return MeanBaseline.from_dict(job.values)
        case CalculatorJob():
            from ms25_suite.potentials.from_ase import CalculatorEvaluator, load_calculator

            return CalculatorEvaluator(load_calculator(job.target))
        case FrameworkJob():
            module, _, name = job.loader.partition(":")
            made: Evaluator = getattr(importlib.import_module(module), name)(job)
            return made
        case ObjectJob():
            from ms25_suite.potentials.workers.shared_calculator import SharedCalculator

            return SharedCalculator(job.address, job.name)
        case UntrainedJob():
            return EdgeEvaluator(load_implementation(job.implementation).untrained())
        case ModelJob():
            return _load_model(job)


def _load_model(job: ModelJob) -> Evaluator:
    architecture = load_implementation(job.implementation)
    path = Path(job.path)
    known: dict[str, Any] = {}
    if not architecture.names_species:
        known["species"] = tuple(job.species)
    if architecture.has_heads:
        known["head"] = job.head

    def load(path: Path) -> EdgeModel | ForceModel:
        return architecture.load(path, device=job.device, dtype=job.dtype, **known)

    if job.route in ("calculator", "torch_sim"):
        return _of_the_package(job, architecture, known)
    if job.backend or job.tf32:
        chosen = _with_backend(job, architecture, load)
    elif job.accelerate:
        chosen = _accelerated(job, architecture, load)
    else:
        chosen = Chosen(load(path), "")
    # Predictions are cached under the hash of the file: they must be those of that very file.
    if file_sha256(path) != job.sha256:
        msg = f"{path} was changed while it was in use: is a training writing to it? Run again"
        raise ModelFileError(msg)
    identity = {
        "model": job.sha256,
        "dtype": job.dtype,
        "implementation": job.implementation,
    }
    return EdgeEvaluator(
        chosen.model,
        job.batch_atoms,
        threads=job.threads,
        remembered=RememberedSize(Path(job.sizes), identity) if job.sizes else None,
        acceleration=chosen.text,
    )


def _of_the_package(job: ModelJob, architecture: Architecture, known: dict[str, Any]) -> Evaluator:
    """The model file, evaluated by code of its own package.

    Raises
    ------
    NotApplicableError
        The package has no such interface, or it needs one that is not installed.
    """
    path = Path(job.path)
    if job.route == "torch_sim":
        made = architecture.torch_sim(path, device=job.device, dtype=job.dtype, **known)
    else:
        from ms25_suite.potentials.from_ase import CalculatorEvaluator

        own = architecture.own_calculator(path, device=job.device, dtype=job.dtype, **known)
        made = None if own is None else CalculatorEvaluator(own)
    if made is None:
        msg = f"{architecture.name} has no interface of its own for this model file"
        raise NotApplicableError(msg)
    return made


def _accelerated(
    job: ModelJob, architecture: Architecture, load: Callable[[Path], EdgeModel | ForceModel]
) -> Chosen:
    """A faster form of the model that agrees with the plain one, or the plain one.

    With the route ``form``, that faster form in any case.
    """
    if job.plain:
        forms = {"compiled": lambda: load(Path(job.path))}
        if job.route == "form":
            return first_form(forms)
        return choose_form(lambda: load(Path(job.plain)), forms, job.dtype)
    model = load(Path(job.path))
    found = architecture.faster(model, device=job.device)
    if job.route == "form":
        return first_form(found)
    if not found:
        return Chosen(model, _no_form(architecture, job.device))
    return choose_form(lambda: model, found, job.dtype)


def _with_backend(
    job: ModelJob, architecture: Architecture, load: Callable[[Path], EdgeModel | ForceModel]
) -> Chosen:
    """The model with the back end that was asked for, which agrees with the plain one.

    Raises
    ------
    ModelFileError
        It does not, or cannot be made.
    """
    model = load(Path(job.path))

    def make() -> EdgeModel | ForceModel:
        if job.tf32:
            # Not before the plain model was evaluated.
            architecture.allow_tf32()
        if job.backend:
            return architecture.with_backend(model, job.backend, device=job.device)
        return load(Path(job.path))

    named = (f"backend={job.backend}" if job.backend else "", "tf32=on" if job.tf32 else "")
    return agreeing_form(lambda: model, ",".join(filter(None, named)), make, job.dtype)


def _no_form(architecture: Architecture, device: str) -> str:
    """Why the plain model is used although a faster form was asked for."""
    if architecture.accelerators and device.startswith("cuda"):
        known = ", ".join(architecture.accelerators)
        return f"plain: a faster form on a GPU needs one of {known}, of which none is usable here"
    return "plain: there is no faster form of it on this device"


def serve(channel: Any, log: str | bytes) -> None:
    """Answer requests until the channel closes.

    A request is ``(number, what, payload)`` with ``what`` one of ``load``, ``predict`` and
    ``lammps``. The answer is ``(number, "ok", payload)`` or ``(number, "error", {type, message,
    traceback})``; before it there may be any number of ``(number, "alive", parts done)``.

    Parameters
    ----------
    channel
        ``execnet`` channel.
    log
        File for everything that the framework prints.
    """
    _redirect_output(log)
    # Batches allocate and free large arrays in turn. glibc would return them to the system, which
    # has to clear each page again for the next batch.
    keep_freed_memory()
    evaluator: Evaluator | None = None
    for number, what, payload in channel:
        outcome = "ok"
        answer: dict[str, Any]
        try:
            if what == "load":
                evaluator = load_evaluator(job_from_wire(payload))
                answer = {"info": evaluator.info.to_dict(), "pid": os.getpid()}
            elif evaluator is None:
                msg = "a worker must load a potential before it can predict"
                raise RuntimeError(msg)
            elif what == "lammps":
                answer = _run_lammps(evaluator, payload, _alive(channel, number))
            else:
                alive = _alive(channel, number)
                answer = pack_predictions(_predict(evaluator, unpack_frames(payload), alive))
                # Of a calculator it is known only now.
                answer["inputs"] = evaluator.info.to_dict()["inputs"]
        except KeyboardInterrupt:
            raise
        # Also `sys.exit` in somebody's calculator: whoever asked must not wait for the time limit.
        except BaseException as error:
            outcome, answer = "error", _describe(error)
        try:
            channel.send((number, outcome, answer))
        except OSError:  # nobody is there any more
            return
        except Exception as error:  # what cannot be sent, such as numbers of NumPy
            channel.send((number, "error", _describe(error)))


def _predict(
    evaluator: Evaluator, frames: Frames, on_batch: Callable[[int], object]
) -> Predictions:
    if getattr(evaluator, "tells_batches", False):
        found: Predictions = cast(Any, evaluator).predict(frames, on_batch=on_batch)
        return found
    return evaluator.predict(frames)


def _run_lammps(
    evaluator: Evaluator, payload: dict[str, Any], on_step: Callable[[], None]
) -> dict[str, Any]:
    from ms25_suite.lammps.plan import MdPlan
    from ms25_suite.lammps.run import run_lammps
    from ms25_suite.potentials.workers.lammps import make_route

    frame = unpack_frames(payload["frame"])
    route = make_route(evaluator, frame, on_step)
    return pack_run(run_lammps(route, frame, MdPlan.from_dict(payload["plan"])))


def _alive(channel: Any, number: int) -> Callable[..., None]:
    """Function that reports, at most once a second, how many parts of a request are done."""
    last, done = time.monotonic(), 0

    def say(n_parts: int = 1) -> None:
        nonlocal last, done
        done += n_parts
        now = time.monotonic()
        if now - last > ALIVE_S:
            last = now
            channel.send((number, "alive", done))

    return say


def _describe(error: BaseException) -> dict[str, Any]:
    """An error in plain types, whatever its text is: its description must arrive."""
    if isinstance(error, MemoryError):
        error = OutOfMemoryError(f"the worker ran out of memory ({_text(repr, error)})")
    ours = isinstance(error, Ms25Error)
    return {
        "type": type(error).__name__ if ours else "",
        "message": _text(lambda one: str(one.args[0]), error) if ours else _text(repr, error),
        "frames": [int(frame) for frame in getattr(error, "frames", ())] if ours else [],
        "traceback": _text(lambda one: "".join(traceback.format_exception(one)), error),
    }


def _text(of: Callable[[Any], str], error: BaseException) -> str:
    """A text about an error: its own code makes it, and may fail or give what cannot be sent."""
    try:
        text = encodable(of(error))
    except Exception as failure:
        return f"{type(error).__name__} (its text cannot be made: {type(failure).__name__})"
    if len(text) > MOST_LETTERS:
        text = f"{text[: MOST_LETTERS // 2]}\n…\n{text[-MOST_LETTERS // 2 :]}"
    return text


def _redirect_output(log: str | bytes) -> None:
    """Send file descriptors 1 and 2 to the log: frameworks and native code print to them."""
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.close(file)
