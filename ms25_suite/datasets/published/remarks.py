"""What a user should know of an imported dataset: missing labels, and its reaction path."""

from __future__ import annotations

from typing import Final

from ms25_suite.core.frames import Frames
from ms25_suite.datasets.audit.run import frame_digests
from ms25_suite.datasets.published.neb import ArchivePath, looks_like_path
from ms25_suite.datasets.published.store import FrameStore, SystemFrames

__all__ = ["hidden_paths", "label_remarks", "path_remarks"]

_IMAGES: Final = range(5, 61)
"""Numbers of frames of a file that may be a path."""


def hidden_paths(collected: SystemFrames, store: FrameStore) -> list[str]:
    """Files of samples whose frames seem to be the images of a reaction path."""
    notes = []
    for name, entries in collected.files.items():
        if len(entries) not in _IMAGES:
            continue
        if looks_like_path([store.get(collected.places[frame]) for frame, _ in entries]):
            notes.append(
                f"the {len(entries)} frames of {name} lead from one end to another over a barrier: "
                f"if they are images of a reaction path, and no samples, give the file a name with "
                f"neb and without train, val and test in it, or leave it out with --exclude"
            )
    return notes


def label_remarks(n_frames: int, n_forces: int, n_stress: int) -> list[str]:
    """What is missing of the labels."""
    notes = []
    if not n_forces:
        notes.append(
            "no frame has forces: energies only. Its card says so, and what needs forces is not "
            "asked; it cannot be trained on"
        )
    elif n_forces < n_frames:
        notes.append(f"forces are on {n_forces} of {n_frames} frames; only these are trained on")
    if not n_stress:
        notes.append("no stress: it is not asked for")
    elif n_stress < n_frames:
        notes.append(f"a stress is on {n_stress} of {n_frames} frames")
    return notes


def path_remarks(path: ArchivePath | None, collected: SystemFrames) -> list[str]:
    """What was found of the reaction path."""
    if path is None:
        return []
    digests = frame_digests(Frames.from_atoms(path.images))
    n_samples = sum(digest.tobytes() in collected.ids for digest in digests)
    found = (
        f"reaction path of {len(path.images)} images from {path.name}: barrier "
        f"{path.barrier:.3f} eV, back {path.reverse_barrier:.3f} eV, reaction energy "
        f"{path.reaction_energy:.3f} eV ({path.source})"
    )
    notes = [found, *path.notes]
    if n_samples:
        notes.append(
            f"{n_samples} images of the path are frames of the dataset too, by its other files: a "
            f"potential may have been trained on them"
        )
    return notes
