"""Amorphous Zr-O, labelled with GFN1-xTB."""
