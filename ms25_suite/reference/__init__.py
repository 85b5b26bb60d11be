"""Open reference calculators, and the recipes that sample and label the built-in data."""
