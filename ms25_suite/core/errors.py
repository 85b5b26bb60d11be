"""Every error that the suite raises on purpose.

::

    Ms25Error
    ├── UsageError                an option or argument is not valid
    ├── NotApplicableError        a check does not apply to the data or the potential
    │   └── NotJudgedError        what could be expected to be judged cannot be
    ├── DatasetError              a dataset cannot be used
    │   ├── UnknownDatasetError
    │   ├── CardError             its card is invalid
    │   └── LabelError            its labels are missing, partial or not finite
    ├── PotentialError            a potential cannot be used
    │   ├── ModelFileError        the suite cannot load the file as a model
    │   ├── ArchitectureNotInstalledError
    │   ├── ElementCoverageError  the data has elements that the potential was not made for
    │   ├── PredictionError       it raised an error, or returned something other than a prediction
    │   │   └── NotFiniteError    it returned NaN or infinity
    │   ├── OutOfMemoryError
    │   ├── DeployError           no file for LAMMPS or for faster predictions can be made from it
    │   ├── WorkerDiedError
    │   └── WorkerTimeoutError
    ├── LammpsError               LAMMPS cannot run a potential, or stopped with an error
    │   ├── LammpsNotInstalledError
    │   └── LostAtomsError        atoms left the box
    ├── EnvironmentSetupError     a managed environment cannot be made, or does not work
    ├── TrainingError
    ├── EosFitError               energies to which no equation of state can be fitted
    ├── ReferenceCalculatorError  the reference's own calculator cannot be run
    ├── ThresholdError            a thresholds file is invalid
    ├── ReportError
    ├── BaselineError             a baseline is invalid, or cannot be written or compared
    ├── CampaignError             a campaign is invalid, or cannot be run
    └── BenchmarkError            a file of timings is invalid, or cannot be compared

A message states what was expected, what was found, and what to do.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from ms25_suite.core.text.shown import shown_lines

__all__ = [
    "ArchitectureNotInstalledError",
    "BaselineError",
    "BenchmarkError",
    "CampaignError",
    "CardError",
    "DatasetError",
    "DeployError",
    "ElementCoverageError",
    "EnvironmentSetupError",
    "EosFailure",
    "EosFitError",
    "LabelError",
    "LammpsError",
    "LammpsNotInstalledError",
    "LostAtomsError",
    "ModelFileError",
    "Ms25Error",
    "NotApplicableError",
    "NotFiniteError",
    "NotJudgedError",
    "OutOfMemoryError",
    "PotentialError",
    "PredictionError",
    "ReferenceCalculatorError",
    "ReportError",
    "ThresholdError",
    "TrainingError",
    "UnknownDatasetError",
    "UsageError",
    "WorkerDiedError",
    "WorkerTimeoutError",
    "did_you_mean",
    "listed",
]


class Ms25Error(Exception):
    """Base of every error that the suite raises on purpose."""

    def __str__(self) -> str:
        # Messages quote names of files, and texts of other programs.
        return shown_lines(super().__str__())


class UsageError(Ms25Error):
    """An option or argument is not valid."""


class NotApplicableError(Ms25Error):
    """A check does not apply to the data or the potential: it is skipped, with this reason."""


class NotJudgedError(NotApplicableError):
    """What a user could expect to be judged cannot be: the check is skipped, the run no success.

    The message says why, and what to do.
    """


class DatasetError(Ms25Error):
    """A dataset cannot be used."""


class UnknownDatasetError(DatasetError):
    """No built-in dataset and no file has the given name."""


class CardError(DatasetError):
    """A dataset card is invalid."""


class LabelError(DatasetError):
    """The labels of a dataset are missing, partial or not finite."""


class PotentialError(Ms25Error):
    """A potential cannot be used."""


class ModelFileError(PotentialError):
    """A file is not a model that the suite can load."""


class ArchitectureNotInstalledError(PotentialError):
    """The package of an architecture cannot be imported."""


class ElementCoverageError(PotentialError):
    """The data contains elements that the potential was not made for."""


class PredictionError(PotentialError):
    """A potential raised an error, or returned something that is not a prediction.

    Parameters
    ----------
    message
        What happened.
    frames
        Indices of the frames concerned, in the numbering of the caller; a caller with another
        numbering replaces them.
    """

    def __init__(self, message: str, frames: tuple[int, ...] = ()) -> None:
        super().__init__(message)
        self.frames = frames

    def __str__(self) -> str:
        message = super().__str__()
        if not self.frames:
            return message
        more = ", …" if len(self.frames) > 5 else ""
        shown = ", ".join(str(frame) for frame in self.frames[:5])
        return f"{message}\nframe numbers, counted from 0: {shown}{more}"


class NotFiniteError(PredictionError):
    """A potential returned NaN or infinity; lists all frames with such predictions."""


class OutOfMemoryError(PotentialError):
    """A single frame does not fit into the memory of the worker."""


class DeployError(PotentialError):
    """The requested kind of file cannot be made from a model file."""


class WorkerDiedError(PotentialError):
    """The worker process of a potential ended unexpectedly."""


class WorkerTimeoutError(PotentialError):
    """The worker process of a potential did not answer in time."""


class LammpsError(Ms25Error):
    """LAMMPS cannot run a potential, or stopped with an error."""


class LammpsNotInstalledError(LammpsError):
    """The package ``lammps`` or its MPI library is missing."""


class LostAtomsError(LammpsError):
    """Atoms left the box of LAMMPS."""


class EnvironmentSetupError(Ms25Error):
    """A managed environment cannot be made, or does not work."""


class TrainingError(Ms25Error):
    """A training failed."""


EosFailure = Literal[
    "points", "not-finite", "rising", "falling", "outside", "no-minimum", "not-converged"
]
"""Why an equation of state cannot be fitted.

``points``: too few points, or volumes that are not positive; ``not-finite``: NaN or infinity;
``rising``, ``falling``: the energy only rises (the cell collapses) or only falls (it comes apart)
with the volume; ``outside``: the minimum is at or beyond the ends of the volumes; ``no-minimum``:
the curve is flat or opens downwards; ``not-converged``: the least-squares fit failed.
"""


class EosFitError(Ms25Error):
    """Energies to which no equation of state can be fitted.

    Parameters
    ----------
    message
        What was expected and what was found.
    reason
        Kind of failure, for programs.
    """

    def __init__(self, message: str, reason: EosFailure = "not-converged") -> None:
        super().__init__(message)
        self.reason: EosFailure = reason


class ReferenceCalculatorError(Ms25Error):
    """The calculator behind the reference labels cannot be run."""


class ThresholdError(Ms25Error):
    """A thresholds file is invalid."""


class ReportError(Ms25Error):
    """A report cannot be written or read."""


class BaselineError(Ms25Error):
    """A baseline is invalid, or cannot be written or compared."""


class CampaignError(Ms25Error):
    """A campaign is invalid, or cannot be run."""


class BenchmarkError(Ms25Error):
    """A file of timings is invalid, or two of them cannot be compared."""


def did_you_mean(name: str, known: Iterable[str], *, cutoff: float = 0.6) -> str:
    """Suggest the known name that is nearest to a misspelled one.

    Parameters
    ----------
    name
        What was given; upper and lower case count as the same.
    known
        Names that would have been valid.
    cutoff
        Least similarity of a suggestion, from 0 to 1 (`difflib.get_close_matches`).

    Returns
    -------
    :
        Sentence for the end of a message, with a leading blank; empty if no name is similar.

    Examples
    --------
    >>> did_you_mean("maec", ["mace", "nequip"])
    " Did you mean 'mace'?"
    >>> did_you_mean("gap", ["mace", "nequip"])
    ''
    """
    import difflib

    by_lower_case = {word.lower(): word for word in known}
    near = difflib.get_close_matches(name.strip().lower(), by_lower_case, n=1, cutoff=cutoff)
    return f" Did you mean {by_lower_case[near[0]]!r}?" if near else ""


def listed(items: Iterable[object]) -> str:
    """Items as part of a sentence.

    Examples
    --------
    >>> listed([10, 20, 40])
    '10, 20 and 40'
    """
    texts = [str(item) for item in items]
    return " and ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)
