"""Sharp pictures to blurry ones, as a moving camera and moving things would blur them.

A pair is reproducible from its seed. Nothing here reads or writes files.
"""

from unblur.data.blur_synthesis.camera_path import CameraPath, random_camera_path
from unblur.data.blur_synthesis.pairs import BlurOptions, BlurPair, synthesize_pair

__all__ = ["BlurOptions", "BlurPair", "CameraPath", "random_camera_path", "synthesize_pair"]
