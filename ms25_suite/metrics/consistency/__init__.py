"""Laws that hold for every potential, whatever it has learned."""
