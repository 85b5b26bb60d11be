"""Atoms moved along lines: pairs in vacuum, pairs in a structure, cells, whole structures."""
