"""Scripts that run a campaign as job arrays, for clusters that allow no process that waits."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ms25_suite.campaign.card import KINDS, Campaign, Resources, Slurm
from ms25_suite.campaign.opening import OpenedCampaign
from ms25_suite.campaign.row import Row
from ms25_suite.campaign.walltime import seconds, walltime
from ms25_suite.core.cache import atomic_path
from ms25_suite.core.errors import CampaignError

__all__ = ["MOST_ELEMENTS", "write_array"]

MOST_ELEMENTS: Final = 1000
"""Most elements of an array: the default limit of Slurm (MaxArraySize) is 1001."""

_MANIFEST: Final = "manifest.jsonl"
_SUBMIT: Final = "submit.sh"


def write_array(
    opened: OpenedCampaign, rows: Sequence[Row], done: set[str], place: Path, folder: Path
) -> Path:
    """Write a manifest of the tasks, a script for ``sbatch``, and one that submits all.

    Each element of an array is ``ms25 campaign task FILE ROW``. What is judged waits for the
    trainings. Tasks that are done are left out; those that fail can be submitted again.

    Parameters
    ----------
    opened
        The campaign; partition, account and the like are those of its ``engine.slurm``.
    rows
        Its tasks.
    done
        Keys of those that are done.
    place
        Folder to write to.
    folder
        Folder of the campaign, for logs.

    Returns
    -------
    :
        The script that submits all.

    Raises
    ------
    CampaignError
        The files cannot be written.
    """
    todo = [row for row in rows if row.key not in done]
    submit = ["#!/bin/sh", "set -e", "after="]
    try:
        place.mkdir(parents=True, exist_ok=True)
        with atomic_path(place / _MANIFEST) as temporary:
            lines = (json.dumps(row.to_dict(), ensure_ascii=False) for row in todo)
            temporary.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        for kind in KINDS:
            chosen = [row for row in todo if row.resources == kind]
            if not chosen:
                continue
            script = place / f"{kind}.sbatch"
            (place / f"{kind}.rows").write_text(
                "".join(f"{row.key}\n" for row in chosen), encoding="utf-8"
            )
            script.write_text(_script(opened, kind, chosen, place, folder), encoding="utf-8")
            submit += _submit(script, len(chosen))
        path = place / _SUBMIT
        path.write_text("\n".join([*submit, ""]), encoding="utf-8")
        path.chmod(0o755)
    except OSError as error:
        msg = f"the scripts cannot be written to {place}: {error}"
        raise CampaignError(msg) from error
    return path


def _submit(script: Path, n_rows: int) -> list[str]:
    """Lines that submit one kind of tasks, in arrays that Slurm takes, after the kind before."""
    lines = ["ids="]
    for first in range(0, n_rows, MOST_ELEMENTS):
        last = min(MOST_ELEMENTS, n_rows - first) - 1
        # afterany: a training that failed blocks what needs it only.
        lines.append(
            f"id=$(sbatch --parsable $after --array=0-{last} {shlex.quote(str(script))} {first})"
        )
        lines.append("ids=$ids:${id%%;*}")
    return [*lines, "after=--dependency=afterany$ids"]


def _script(
    opened: OpenedCampaign, kind: str, rows: Sequence[Row], place: Path, folder: Path
) -> str:
    card = opened.card
    resources = card.resources_of(kind)
    spec = opened.spec
    lines = ["#!/bin/bash", *(f"#SBATCH {text}" for text in _options(card, kind, resources, rows))]
    lines.append(f"#SBATCH --job-name=ms25-{kind}")
    lines.append(f"#SBATCH --output={place.absolute()}/slurm-%A_%a.out")
    slurm = card.engine.slurm
    init = slurm.worker_init if slurm is not None else ""
    python = "python" if init else shlex.quote(sys.executable)
    return "\n".join(
        [
            *lines,
            *(init.splitlines() if init else []),
            "# The rows of an array start at $1: Slurm limits the numbers of elements.",
            "line=$((${1:-0} + SLURM_ARRAY_TASK_ID + 1))",
            f'row=$(sed -n "${{line}}p" {shlex.quote(str((place / f"{kind}.rows").absolute()))})',
            f'exec {python} -P -m ms25_suite campaign task {shlex.quote(spec)} "$row" \\',
            f"  --folder {shlex.quote(str(folder))}",
            "",
        ]
    )


def _options(card: Campaign, kind: str, resources: Resources, rows: Sequence[Row]) -> list[str]:
    """Options of ``sbatch`` for one kind of tasks."""
    slurm: Slurm | None = card.engine.slurm
    limits = [resources.limit_s(row.n) for row in rows]
    known = [limit for limit in limits if limit is not None]
    found = [f"--cpus-per-task={resources.cores}"]
    if len(known) == len(limits):
        found.append(f"--time={walltime(max(known))}")
    elif slurm is not None:
        found.append(f"--time={walltime(seconds(slurm.walltime))}")
    if resources.memory_gb:
        found.append(f"--mem={round(resources.memory_gb * 1024)}M")
    if slurm is None:
        return found
    named = ("partition", "account", "qos", "constraint")
    found += [f"--{name}={value}" for name in named if (value := getattr(slurm, name))]
    if slurm.gpus and resources.gpus:
        found.append("--gpus-per-task=1")
    return [*found, *slurm.options]
