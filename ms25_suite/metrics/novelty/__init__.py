"""How far structures are from those that a potential was trained on."""
