"""Trainings by the launcher of nequip that go wrong in the middle, in one process.

Run in the environment of nequip: ``nequip_interrupted.py ISOLATED WHOLE BROKEN EPOCH NAN``, with
three prepared work folders. ``WHOLE`` is trained as it is. ``BROKEN`` is stopped when the line of
``EPOCH`` was written and its state was not, then continued. ``NAN`` has a loss that is not finite;
what the launcher says of it is written to ``error.txt`` there.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
from pathlib import Path
from typing import Any


class StoppedError(Exception):
    pass


def config(work: str) -> dict[str, Any]:
    os.chdir(work)
    found: dict[str, Any] = json.loads(Path("config.json").read_text())
    return found


def main() -> None:
    isolated, whole, broken, epoch, nan = sys.argv[1:]
    runpy.run_path(isolated)["install"]()
    from ms25_suite.architectures.nequip.callback import LAST, EpochRecorder, NotANumberError
    from ms25_suite.architectures.nequip.launcher import run

    run(config(whole))

    save = EpochRecorder._save

    def stop(self: Any, trainer: Any, name: str) -> None:
        if name == LAST and trainer.current_epoch + 1 == int(epoch):
            raise StoppedError
        save(self, trainer, name)

    EpochRecorder._save = stop
    settings = config(broken)
    try:
        run(settings)
    except StoppedError:
        EpochRecorder._save = save
        run(settings)

    try:
        run(config(nan))
    except NotANumberError as error:
        Path("error.txt").write_text(str(error))


main()
