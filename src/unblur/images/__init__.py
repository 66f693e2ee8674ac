"""Pixels as numpy arrays: checking, padding, cutting into tiles. Knows no files and no networks."""
