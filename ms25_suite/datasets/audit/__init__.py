"""Questions to the data before any potential is judged on them."""
