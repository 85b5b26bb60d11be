"""What a potential may read of a frame besides its structure: charge, spin, fields, head."""

from ms25_suite.core.inputs.columns import Column, Inputs, is_default
from ms25_suite.core.inputs.known import KNOWN_INPUTS, NAME, KnownInput, Per
from ms25_suite.core.inputs.reading import collect

__all__ = ["KNOWN_INPUTS", "NAME", "Column", "Inputs", "KnownInput", "Per", "collect", "is_default"]
