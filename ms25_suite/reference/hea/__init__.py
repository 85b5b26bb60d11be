"""FeNiCrCoCu alloy, labelled with the paper's own EAM potential."""
