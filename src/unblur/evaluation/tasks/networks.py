"""Networks of others from files, through OpenVINO."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from unblur.errors import ModelError
from unblur.runtimes.openvino_runtime import open_core

_KINDS = {".onnx": "onnx", ".tflite": "tflite"}


class Network:
    """A network with one picture as its input, of the size that the file names.

    Raises ModelError when the file is missing, of another kind, or its size is open.
    """

    def __init__(self, path: Path) -> None:
        if path.suffix not in _KINDS or not path.is_file():
            raise ModelError(f"expected an .onnx or .tflite file that is there, got {path}")
        core = open_core()
        try:
            model = core.read_model(path)
            shape = [int(side) for side in model.inputs[0].get_shape()]
        except RuntimeError as error:
            last = str(error).strip().splitlines()[-1]
            raise ModelError(f"{path} is not a network of a fixed size: {last}") from error
        self.path = path
        self.is_bytes = model.inputs[0].get_element_type() == ov.Type.u8
        self.has_channels_last = len(shape) == 4 and shape[3] == 3
        if len(shape) != 4 or 3 not in (shape[1], shape[3]):
            raise ModelError(f"{path} takes no picture but an input of shape {shape}")
        self.height, self.width = shape[1:3] if self.has_channels_last else shape[2:4]
        self._request = core.compile_model(model, "CPU").create_infer_request()

    def run(self, values: NDArray[Any]) -> NDArray[Any]:
        """The network's first output for one input."""
        return np.array(self._request.infer({0: values})[0])
