"""Siliceous zeolites, labelled with the Vashishta potential."""
