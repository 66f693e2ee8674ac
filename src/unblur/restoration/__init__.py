"""Pictures and frames through a model: padding, tiles, memory, channels, and files.

Leaves the arithmetic to `runtimes` and the bytes to `media`.
"""
