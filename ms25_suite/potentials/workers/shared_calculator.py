"""A calculator object that stays in the process that made it, for workers of another process.

`ms25_suite.judge` takes any ASE calculator object, also one that cannot be pickled: a compiled
model, a class that is defined in a notebook, a calculator that holds a library or a socket. So the
object is not moved. Workers send frames to the process that has it, through a socket in a folder
that only its user can open, and get predictions back.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from multiprocessing import connection
from pathlib import Path
from typing import Any, Final

from ms25_suite.core import errors
from ms25_suite.core.errors import Ms25Error, OutOfMemoryError, PredictionError, UsageError
from ms25_suite.core.frames import Frames, Predictions
from ms25_suite.potentials.base import ModelInfo
from ms25_suite.potentials.from_ase import CalculatorEvaluator
from ms25_suite.potentials.workers.wire import (
    pack_frames,
    pack_predictions,
    unpack_frames,
    unpack_predictions,
)

__all__ = ["ADDRESS_VARIABLE", "CalculatorServer", "SharedCalculator", "server_address"]

ADDRESS_VARIABLE: Final = "MS25_CALCULATORS"
"""Environment variable with the path of the socket, for the process that runs the checks."""


def server_address(text: str) -> str:
    """Path of the socket behind ``--mlip=object:NAME``.

    Parameters
    ----------
    text
        The value of ``--mlip``, for the message.

    Raises
    ------
    UsageError
        The run was not started by `ms25_suite.judge`.
    """
    address = os.environ.get(ADDRESS_VARIABLE, "")
    if not address:
        msg = (
            f"--mlip={text}: only ms25_suite.judge can pass a calculator object. On a command "
            "line, write a file calc.py that defines `calculator`, and give --mlip=calc.py"
        )
        raise UsageError(msg)
    return address


class CalculatorServer:
    """Evaluates calculators of this process for the workers of another one.

    Nothing runs in the background: `serve` evaluates in the thread that calls it.

    Parameters
    ----------
    calculators
        ASE calculators by name.
    folder
        Folder of the socket. Only the user may be able to open it.

    Raises
    ------
    UsageError
        There cannot be a socket: the system allows its path some 100 characters.
    """

    def __init__(self, calculators: Mapping[str, Any], folder: Path) -> None:
        self._evaluators = {name: CalculatorEvaluator(one) for name, one in calculators.items()}
        self.address = str(folder / "calculators")
        self._sockets: list[socket.socket] = []
        self._connections: list[connection.Connection] = []
        if calculators:
            self._listen()

    def _listen(self) -> None:
        listening = socket.socket(socket.AF_UNIX)
        try:
            listening.bind(self.address)
            listening.listen()
        except OSError as error:
            listening.close()
            msg = (
                f"no socket for the calculators can be opened at {self.address}: {error}. Set "
                "TMPDIR to a folder with a short path that can be written"
            )
            raise UsageError(msg) from error
        self._sockets.append(listening)

    def __enter__(self) -> CalculatorServer:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the socket and all connections."""
        for listening in self._sockets:
            listening.close()
        for worker in self._connections:
            worker.close()

    def serve(self, duration_s: float) -> None:
        """Evaluate the frames that workers send.

        Parameters
        ----------
        duration_s
            Time in seconds after which it returns. An evaluation is not interrupted.
        """
        end = time.monotonic() + duration_s
        while (left := end - time.monotonic()) > 0:
            ready = connection.wait([*self._sockets, *self._connections], left)
            for worker in [*self._connections]:
                if worker in ready:
                    self._serve_one(worker)
            for listening in self._sockets:
                if listening in ready:
                    accepted, _ = listening.accept()
                    self._connections.append(connection.Connection(accepted.detach()))

    def _serve_one(self, worker: connection.Connection) -> None:
        """Answer one request; a worker that has gone is forgotten."""
        try:
            request = worker.recv()
        except (EOFError, OSError):
            self._forget(worker)
            return
        answer = self._answer(*request)
        try:
            worker.send(answer)
        except OSError:
            self._forget(worker)

    def _forget(self, worker: connection.Connection) -> None:
        self._connections.remove(worker)
        worker.close()

    def _answer(self, what: str, name: str, payload: Any) -> tuple[Any, ...]:
        evaluator = self._evaluators[name]
        try:
            if what == "info":
                return ("ok", evaluator.info.to_dict())
            return ("ok", pack_predictions(evaluator.predict(unpack_frames(payload))))
        except MemoryError as error:
            return ("error", OutOfMemoryError.__name__, f"out of memory ({error!r})", ())
        except Ms25Error as error:
            return ("error", type(error).__name__, error.args[0], getattr(error, "frames", ()))


class SharedCalculator:
    """The worker's side: an `Evaluator` whose calculator is in the process of a `CalculatorServer`.

    Parameters
    ----------
    address
        Path of the server's socket.
    name
        Name of the calculator.

    Raises
    ------
    PredictionError
        The process with the calculator has ended.
    """

    def __init__(self, address: str, name: str) -> None:
        self._name = name
        try:
            self._connection = connection.Client(address, family="AF_UNIX")
        except OSError as error:
            raise self._gone(error) from error

    @property
    def info(self) -> ModelInfo:
        """What is known about the calculator so far."""
        return ModelInfo.from_dict(self._request("info", None))

    def predict(self, frames: Frames) -> Predictions:
        """Energies, forces and, if the calculator has them, stresses of periodic frames.

        Raises
        ------
        PredictionError
            The calculator raised or returned something of the wrong shape, or its process has
            ended.
        OutOfMemoryError
            The calculator ran out of memory.
        """
        return unpack_predictions(self._request("predict", pack_frames(frames)))

    def _request(self, what: str, payload: Any) -> Any:
        try:
            self._connection.send((what, self._name, payload))
            outcome, *answer = self._connection.recv()
        except (EOFError, OSError) as error:
            raise self._gone(error) from error
        if outcome == "ok":
            return answer[0]
        kind, message, frames = answer
        if kind == PredictionError.__name__:
            raise PredictionError(message, tuple(frames))
        # Only classes of the suite travel, by name: the server sends no other error.
        raise getattr(errors, kind)(message)

    def _gone(self, error: BaseException) -> PredictionError:
        msg = f"the process that holds the calculator {self._name} has ended ({error!r})"
        return PredictionError(msg)
