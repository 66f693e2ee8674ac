"""Restore an array: any program that has pixels can do this."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

import unblur

with Image.open(Path(__file__).parent / "street.jpg") as picture:
    blurry = np.asarray(picture.convert("RGB"))

with unblur.Restorer(model="live") as restorer:
    restored = restorer.restore(blurry)

change = np.abs(restored.astype(int) - blurry).mean()
print(f"{restored.shape[1]}x{restored.shape[0]}: {change:.2f} grey levels changed on average")
