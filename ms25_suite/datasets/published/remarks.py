"""What a user should know of an imported dataset: missing labels, and its reaction path."""

from __future__ import annotations

from ms25_suite.core.frames import Frames
from ms25_suite.datasets.audit.run import frame_digests
from ms25_suite.datasets.published.neb import ArchivePath
from ms25_suite.datasets.published.store import SystemFrames

__all__ = ["label_remarks", "path_remarks"]


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
