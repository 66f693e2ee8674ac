"""Files to pictures and frames, and back: the only room that knows Pillow and FFmpeg.

Knows nothing of networks. Keeps every picture's metadata and every frame's moment.
"""
