"""What int8 must hold on every processor, also where one adds up products in 16 bits.

What would overflow is seen in the weights anywhere, and in the result without VNNI only.
"""

from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("openvino")

from unblur.media.image_files import read_picture  # noqa: E402
from unblur.restoration.restorer import Restorer  # noqa: E402
from unblur.weights.store import find_model, list_models  # noqa: E402

_STREET = Path(__file__).parents[2] / "examples" / "street.jpg"
_OVERFLOW_FREE = 64
"""Two products with bytes, 2 * 64 * 255, are within 16 bits; of 127 they are not."""


@pytest.fixture(params=[model.name for model in list_models()])
def name(request):
    return request.param


def test_weights_have_seven_bits(name):
    model = onnx.load(find_model(name).find("onnx_int8"))
    weights = [
        onnx.numpy_helper.to_array(tensor).astype(int)
        for tensor in model.graph.initializer
        if tensor.data_type == onnx.TensorProto.INT8 and len(tensor.dims) == 4
    ]
    assert len(weights) > 20
    assert max(abs(each).max() for each in weights) == _OVERFLOW_FREE


def test_what_openvino_computes_is_what_the_numbers_say(name):
    blurry = read_picture(_STREET).samples[264:648, 400:784]
    with Restorer(name, runtime="openvino", precision="int8", self_ensemble=1) as restorer:
        computed = restorer.restore(blurry).astype(float)
    options = onnxruntime.SessionOptions()
    off = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL  # floats, rounded where int8 rounds
    options.graph_optimization_level = off
    session = onnxruntime.InferenceSession(find_model(name).find("onnx_int8"), options)
    (exact,) = session.run(None, {"blurry": blurry[np.newaxis]})
    correction = np.abs(exact[0] - blurry.astype(float)).mean()
    assert correction > 1
    assert np.abs(computed - exact[0]).mean() < 0.15 * correction
