"""Sharp pictures to blurry ones, as a moving camera and moving things would blur them.

A pair is drawn as a plan of plain numbers and then rendered, here with NumPy and
OpenCV, or with `torch_renderer` a batch at a time on any device. A plan is reproducible
from its seed. Nothing here reads or writes files.
"""

from unblur.data.blur_synthesis.camera_path import CameraPath, random_camera_path
from unblur.data.blur_synthesis.options import BlurOptions
from unblur.data.blur_synthesis.pairs import (
    MARGIN_PX,
    BlurPair,
    cut_things,
    render_pair,
    synthesize_pair,
)
from unblur.data.blur_synthesis.plan import BlurPlan, draw_plan
from unblur.data.blur_synthesis.sequences import REACH_PX, synthesize_sequence

__all__ = [
    "MARGIN_PX",
    "REACH_PX",
    "BlurOptions",
    "BlurPair",
    "BlurPlan",
    "CameraPath",
    "cut_things",
    "draw_plan",
    "random_camera_path",
    "render_pair",
    "synthesize_pair",
    "synthesize_sequence",
]
