"""Trained networks to the files that restoring runs: ONNX with facts inside."""

import unblur.runtimes as _  # noqa: F401 - keeps nncf from reporting to its makers
