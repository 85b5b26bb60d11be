"""Trains prepared tiny models of the nequip framework, and compiles some.

Run in the environment of nequip: ``make_nequip.py ISOLATED WORK:TARGET…``. Each ``WORK`` is a
folder that a trainer has prepared; ``TARGET`` is the target of nequip-compile, or nothing.
"""

from __future__ import annotations

import json
import os
import runpy
import shutil
import sys
from pathlib import Path


def main() -> None:
    runpy.run_path(sys.argv[1])["install"]()
    from nequip.scripts.compile import main as compile_model

    from ms25_suite.architectures.nequip.launcher import run

    for argument in sys.argv[2:]:
        work, target = argument.rsplit(":", 1)
        os.chdir(work)
        run(json.loads(Path("config.json").read_text()))
        (last,) = Path("output").glob("phase-1")
        shutil.copyfile(last / "best.ckpt", "model.ckpt")
        shutil.copyfile("output/model.nequip.zip", "model.nequip.zip")
        if target:
            options = ["--mode", "aotinductor", "--device", "cpu", "--target", target]
            compile_model(["model.nequip.zip", "model.nequip.pt2", *options])


main()
