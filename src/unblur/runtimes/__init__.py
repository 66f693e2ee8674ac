"""Who multiplies the matrices: OpenVINO, ONNX Runtime or PyTorch, behind one interface."""
