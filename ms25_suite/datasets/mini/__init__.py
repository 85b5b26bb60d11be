"""Frames of the built-in datasets that ship with the suite."""
