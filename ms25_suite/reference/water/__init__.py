"""Liquid water, labelled with GFN1-xTB."""
