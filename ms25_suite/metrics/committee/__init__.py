"""Spread of the members of a committee, and what it says about their error."""
