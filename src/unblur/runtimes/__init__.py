"""Who multiplies the matrices: OpenVINO, ONNX Runtime or PyTorch, behind one interface."""

import sys

# `import openvino` tells its makers so over the network, unasked, from a forked process that can
# hang for ever. Without this package it does not, and neither does nncf.
sys.modules.setdefault("openvino_telemetry", None)  # pyright: ignore[reportArgumentType]
