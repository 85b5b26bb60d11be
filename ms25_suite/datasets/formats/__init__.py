"""File formats of other programs, read without guessing units or elements."""
