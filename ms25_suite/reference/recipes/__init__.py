"""The paper's levels of theory as data, one file for each system; `level_of_theory` reads them."""
