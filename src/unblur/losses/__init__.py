"""Losses as pure functions: what training makes small."""
