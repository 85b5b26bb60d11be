"""Texts for people: names of files, potentials and datasets, in terminals and files."""
