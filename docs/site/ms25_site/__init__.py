"""What the pages of the site are made of, besides those in `docs`."""
