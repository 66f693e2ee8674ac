"""Blurry and sharp pairs: where they come from and how they are made.

Knows no network: what it needs from one it takes as a callable.
"""
