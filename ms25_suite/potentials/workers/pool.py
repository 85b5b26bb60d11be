"""Pool of worker processes: starts them, shares frames among them, and detects failures."""

from __future__ import annotations

import os
import queue
import shlex
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import execnet

from ms25_suite.core import errors
from ms25_suite.core.errors import Ms25Error, PredictionError, WorkerDiedError, WorkerTimeoutError
from ms25_suite.core.frames import Frames, IntArray, Predictions
from ms25_suite.environments.guard import END, GUARD_VARIABLE
from ms25_suite.environments.installation import ISOLATED
from ms25_suite.environments.processes import guarded, log_tail, thread_variables
from ms25_suite.lammps.plan import LammpsRun, MdPlan
from ms25_suite.potentials.base import ModelInfo
from ms25_suite.potentials.workers.jobs import Job, job_to_wire
from ms25_suite.potentials.workers.wire import pack_frames, unpack_predictions, unpack_run

__all__ = ["WorkerPool"]

_GONE = object()
_INTRODUCTION = f"""
import os

channel.send((os.getpid(), int(os.environ.get({GUARD_VARIABLE!r}, os.getpid()))))
"""
_BOOTSTRAP = """
isolated, folder, log = channel.receive()
if isolated:
    import runpy

    runpy.run_path(isolated)["install"]()
else:
    import os
    import sys

    sys.path.append(os.fsdecode(folder))
from ms25_suite.potentials.workers.main import serve

serve(channel, log)
"""


@dataclass(slots=True, eq=False)
class _Worker:
    """One worker process: its channel, and the requests that it has got, in order."""

    channel: Any
    log: Path
    pid: int
    guard: int
    tasks: deque[int] = field(default_factory=deque)
    deadline: float = field(default=0.0)


class WorkerPool:
    """Worker processes with the same potential.

    They start at the first use and live until `close`. If one dies or exceeds the time limit, all
    of them are ended, and new ones start at the next use.

    Parameters
    ----------
    job
        What to load.
    n_workers
        Number of processes.
    timeout_s
        Time limit in seconds for an answer, or for a sign of life during a long one; may be changed
        later.
    threads
        Threads of numerical libraries in each process.
    python
        Interpreter of the processes, for instance that of a managed environment, which needs
        NumPy, ASE and vesin, but not the suite; this one by default.
    gpus
        GPUs over which the processes are spread, as ``CUDA_VISIBLE_DEVICES`` names them; with
        fewer than two, each process sees what this one sees.
    depth
        Requests that a process has at a time: with 2, the next one is there when one is done.
    """

    def __init__(
        self,
        job: Job,
        *,
        n_workers: int = 1,
        timeout_s: float = 600.0,
        threads: int = 1,
        python: Path | None = None,
        gpus: Sequence[str] = (),
        depth: int = 1,
    ) -> None:
        self._job = job
        self._n_workers = n_workers
        self.timeout_s = timeout_s
        self._threads = threads
        self._python = python
        self._gpus = gpus
        self._depth = depth
        self._group = execnet.Group()
        self._workers: list[_Worker] = []
        self._answers: queue.Queue[tuple[_Worker, Any]] = queue.Queue()
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._info: ModelInfo | None = None
        self._number = 0

    def start(self) -> ModelInfo:
        """Start the processes, if they are not running, and load the potential.

        Raises
        ------
        Ms25Error
            Loading failed; the class of the error states how.
        """
        if self._workers and self._info is not None:
            return self._info
        self._folder = tempfile.TemporaryDirectory(prefix="ms25-worker-")
        for index in range(self._n_workers):
            log = Path(self._folder.name) / f"worker-{index}.log"
            self._workers.append(self._spawn(log, index))
        # All workers are free and get one request each.
        answers: dict[int, Any] = {}
        load = [("load", partial(job_to_wire, self._job))] * self._n_workers
        self._run(load, answers.__setitem__, fatal=True, each=True)
        self._info = ModelInfo.from_dict(answers[0]["info"])
        return self._info

    def predict(
        self,
        frames: Frames,
        tasks: Sequence[IntArray],
        arrived: Callable[[int, Predictions], None] = lambda *_: None,
        partly: Callable[[int, int], object] = lambda *_: None,
    ) -> list[Predictions]:
        """Predictions for groups of frames, in the order of the groups.

        Parameters
        ----------
        frames
            The frames.
        tasks
            Frame indices of each group; a group is sent to one worker as one message.
        arrived
            Called with the index of a group and its predictions as soon as they are there.
        partly
            Called about once a second with the index of a group and how many of its frames are
            done.

        Raises
        ------
        Ms25Error
            The request failed; the class of the error states how.
        """
        self.start()
        read: list[Sequence[str]] = []
        found: dict[int, Predictions] = {}

        def take(index: int, answer: dict[str, Any]) -> None:
            if answer["inputs"] is not None:
                read.append(answer["inputs"])
            found[index] = unpack_predictions(answer)
            arrived(index, found[index])

        requests = [("predict", partial(_packed, frames, task)) for task in tasks]
        self._run(requests, take, fatal=False, tasks=tasks, alive=partly)
        self._note_inputs(read)
        return [found[index] for index in range(len(tasks))]

    def _note_inputs(self, read: Sequence[Sequence[str]]) -> None:
        """Add the inputs that the potential read for some frames to what is known about it."""
        if self._info is not None and read:
            known = self._info.inputs or ()
            added = sorted(set().union(*read) - set(known))
            self._info = replace(self._info, inputs=(*known, *added))

    def run_lammps(
        self,
        frame: Frames,
        plan: MdPlan,
        reach: Callable[[int], object] = lambda n_evaluations: None,
    ) -> LammpsRun:
        """Run a plan in LAMMPS inside one worker. The time limit holds for each step.

        Parameters
        ----------
        frame, plan
            The start, and what to do.
        reach
            Called about once a second with the number of evaluations so far.

        Raises
        ------
        Ms25Error
            The request failed; the class of the error states how.
        """
        self.start()
        answers: dict[int, Any] = {}
        payload = {"frame": pack_frames(frame), "plan": plan.to_dict()}
        self._run(
            [("lammps", lambda: payload)],
            answers.__setitem__,
            fatal=False,
            alive=lambda _, n_evaluations: reach(n_evaluations),
        )
        return unpack_run(answers[0])

    def close(self) -> None:
        """End the processes. The pool can be used again and starts new ones."""
        workers, self._workers = self._workers, []
        for worker in workers:
            with suppress(ProcessLookupError, PermissionError):
                # Native code may ignore a polite signal, and a worker has nothing to save. Its
                # guard also ends whatever the potential has started.
                os.kill(worker.guard, END)
        self._group.terminate(timeout=5.0)
        # Late messages of the ended workers go to the old queue.
        self._answers = queue.Queue()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    @property
    def pids(self) -> tuple[int, ...]:
        """Process identifiers of the running workers."""
        return tuple(worker.pid for worker in self._workers)

    def _spawn(self, log: Path, index: int) -> _Worker:
        # Numerical libraries read the number of threads when they are loaded: it must be in the
        # environment from the start.
        variables = dict(thread_variables(self._threads))
        if len(self._gpus) > 1:
            # Each process sees one of them, and calls it by the same name.
            variables["CUDA_VISIBLE_DEVICES"] = self._gpus[index % len(self._gpus)]
        environment = "".join(f"//env:{name}={value}" for name, value in variables.items())
        # -P: a file of the working folder must not hide a package of its name (numpy.py).
        python = [str(self._python or sys.executable), "-P"]
        command = guarded(python, scratch=str(log.parent))
        # execnet separates its settings by two slashes.
        words = shlex.join(os.path.normpath(word) if os.sep in word else word for word in command)
        try:
            gateway = self._group.makegateway(f"popen//python={words}{environment}")
            # Get the process ids before anything else, so that a worker that hangs can be ended.
            pid, guard = gateway.remote_exec(_INTRODUCTION).receive(timeout=60.0)
        except (EOFError, OSError) as error:
            msg = (
                f"the worker's Python {self._python or sys.executable} does not start: {error!r}. "
                "If it is that of a managed environment, run: ms25 env create ARCH --rebuild"
            )
            raise self._give_up(WorkerDiedError(msg)) from error
        channel = gateway.remote_exec(_BOOTSTRAP)
        # The working folder comes last on the path, for --mlip=module:factory; nothing of it may
        # get into a managed environment.
        isolated = "" if self._python is None else str(ISOLATED)
        # As bytes: folders need not be UTF-8.
        channel.send((isolated, os.fsencode(Path.cwd()), os.fsencode(log)))
        worker = _Worker(channel, log, pid, guard)
        # The callback keeps this queue, not the attribute, which `close` replaces.
        answers = self._answers
        channel.setcallback(lambda answer: answers.put((worker, answer)), endmarker=_GONE)
        return worker

    def _run(
        self,
        requests: Sequence[tuple[str, Callable[[], Any]]],
        take: Callable[[int, Any], None],
        *,
        fatal: bool,
        tasks: Sequence[IntArray] | None = None,
        each: bool = False,
        alive: Callable[[int, int], object] = lambda *_: None,
    ) -> None:
        """Send each request to the next free worker, and hand on the answers as they come.

        With ``fatal``, any error ends the workers, for requests whose failure makes them unusable;
        with ``each``, every worker gets one. ``alive`` is called with the index of a long request
        and the parts of it that are done. ``tasks`` has the frame indices of each request, to
        translate those in an error.
        """
        first = self._number
        self._number += len(requests)
        failure: Ms25Error | None = None
        waiting = deque(range(len(requests)))
        depth = 1 if each else self._depth
        while True:
            # One each before anybody gets a second one.
            for level in range(1, depth + 1):
                for worker in self._workers:
                    # After a failure nothing new is sent, but the running requests are awaited:
                    # their answers must not reach the next call.
                    if len(worker.tasks) < level and waiting and failure is None:
                        index = waiting.popleft()
                        what, payload = requests[index]
                        self._send(worker, first + index, what, payload())
            busy = [worker for worker in self._workers if worker.tasks]
            if not busy:
                break
            patience = min(worker.deadline for worker in busy) - time.monotonic()
            try:
                worker, answer = self._answers.get(timeout=max(patience, 0.01))
            except queue.Empty:
                late = next((w for w in busy if time.monotonic() > w.deadline), None)
                if late is not None:
                    raise self._give_up(self._timed_out(late)) from None
                continue
            if answer is _GONE:
                raise self._give_up(self._died(worker))
            number, outcome, payload = answer
            # A long request reports each part; and from now on the worker has the next one to do:
            # the limit is for silence, not for the whole.
            worker.deadline = time.monotonic() + self.timeout_s
            if outcome == "alive":
                alive(number - first, payload)
                continue
            worker.tasks.remove(number)
            if outcome == "ok" and failure is None:
                take(number - first, payload)
            elif outcome != "ok" and failure is None:
                failure = _error(payload, tasks[number - first] if tasks else None)
        if failure is not None:
            raise self._give_up(failure) if fatal else failure

    def _send(self, worker: _Worker, number: int, what: str, payload: Any) -> None:
        try:
            worker.channel.send((number, what, payload))
        except OSError as error:
            raise self._give_up(self._died(worker)) from error
        if not worker.tasks:
            worker.deadline = time.monotonic() + self.timeout_s
        worker.tasks.append(number)

    def _give_up(self, error: Ms25Error) -> Ms25Error:
        self.close()
        return error

    def _died(self, worker: _Worker) -> WorkerDiedError:
        # Without its number: what happens to each of its successors is the same reason.
        msg = (
            "the worker process of the potential ended unexpectedly (killed, crashed "
            "or out of memory). The next prediction starts a new worker. Its last output was:\n"
            f"{log_tail(worker.log)}"
        )
        return WorkerDiedError(msg)

    def _timed_out(self, worker: _Worker) -> WorkerTimeoutError:
        msg = (
            "the worker process of the potential did not answer within "
            f"{self.timeout_s:g} s and was ended. If it is only slow, raise --worker-timeout. "
            f"Its last output was:\n{log_tail(worker.log)}"
        )
        return WorkerTimeoutError(msg)


def _packed(frames: Frames, task: IntArray) -> dict[str, Any]:
    return pack_frames(frames.select(task))


def _error(payload: dict[str, Any], task: IntArray | None) -> Ms25Error:
    """Error of the same class as the one raised in a worker."""
    frames = () if task is None else tuple(int(task[frame]) for frame in payload["frames"])
    kind: type[Exception] | None = vars(errors).get(payload["type"])
    if kind is PredictionError:
        return PredictionError(payload["message"], frames)
    if kind is not None and issubclass(kind, Ms25Error):
        return kind(payload["message"])
    msg = f"{payload['message']}\n\nIn the worker process:\n{payload['traceback']}"
    return PredictionError(msg, frames)
