"""Figures of the paper, at the size of a publication."""
