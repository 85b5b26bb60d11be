"""Cells and neighbours of any structure."""
