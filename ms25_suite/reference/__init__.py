"""Reference calculators and sampling of the built-in data, and the paper's levels of theory."""
