"""Trained networks to the files that restoring runs: ONNX with facts inside."""
