"""The pages of the documentation, as the suite names and finds them."""
