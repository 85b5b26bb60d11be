"""Descriptions of runs, potentials and datasets, as ``results.json`` and journals hold them.

A field that is None was not recorded, and its key is left out of the file.
"""

from __future__ import annotations

from ms25_suite.core.records.base import Record
from ms25_suite.core.records.dataset import AuditRecord, DatasetRecord
from ms25_suite.core.records.potential import PotentialRecord, TrainedOn
from ms25_suite.core.records.run import RunRecord

__all__ = [
    "AuditRecord",
    "DatasetRecord",
    "PotentialRecord",
    "Record",
    "RunRecord",
    "TrainedOn",
]
