"""An exported model to int8, calibrated on blurred pictures.

The bytes at both ends, and the addition to the picture, stay as they are: only
the convolutions and what stands between them is quantised (docs/decisions/int8.md).
"""

from __future__ import annotations

import logging
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import redirect_stdout
from typing import Any

import nncf
import numpy as np
import onnx
from nncf.quantization.range_estimator import RangeEstimatorParametersSet
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

_FEW_PRODUCTS = 32
"""What convolutions that make many channels of few add up; they are little of the work."""


def quantize_onnx(
    model: onnx.ModelProto, examples: Iterable[Mapping[str, np.ndarray]]
) -> onnx.ModelProto:
    """`model` (fp32 weights) in int8, for inputs like the `examples` (each by its name).

    The sizes must fit the network's size rule; a hundred of many kinds are enough. Weights have
    seven bits, -64..64: where a processor adds two products in 16 bits, more would overflow
    (docs/decisions/int8.md).
    """
    logging.getLogger("nncf").setLevel(logging.ERROR)
    calibration = [dict(example) for example in examples]
    with redirect_stdout(sys.stderr):  # NNCF shows there how far it is
        quantized = nncf.quantize(
            model,
            nncf.Dataset(calibration),
            preset=nncf.QuantizationPreset.MIXED,
            subset_size=len(calibration),
            fast_bias_correction=True,
            advanced_parameters=nncf.AdvancedQuantizationParameters(
                overflow_fix=nncf.OverflowFix.ENABLE,  # for processors without VNNI
                activations_range_estimator_params=RangeEstimatorParametersSet.HISTOGRAM,
            ),
            ignored_scope=nncf.IgnoredScope(names=left_in_float(model)),
        )
    return with_stored_int8(quantized)


def left_in_float(model: onnx.ModelProto) -> list[str]:
    """Names of the nodes that stay as they are.

    All after the last learned convolutions: they put corrections together, enlarge them, add them
    to the picture, and turn floats into bytes. What scales the picture before the first.
    Convolutions that add up few products, for more channels than those: rounding errors of so few
    weights do not average out. And depthwise ones, whose inputs NNCF gives a range for each
    channel: wrong ones (docs/decisions/int8.md).
    """
    made_by = {name: node for node in model.graph.node for name in node.output}
    ends: set[str] = set()
    behind = [model.graph.output[0].name]
    while behind:
        node = made_by.get(behind.pop())
        if node is not None and not _is_learned(node, made_by) and node.name not in ends:
            ends.add(node.name)
            behind.extend(node.input)
    scaling = {node.name for node in model.graph.node if node.op_type == "Div"}
    kernels = {tensor.name: tensor.dims for tensor in model.graph.initializer}
    few = {
        node.name
        for node in model.graph.node
        if node.op_type == "Conv" and _is_widening(kernels.get(node.input[1]))
    }
    depthwise = {node.name for node in model.graph.node if _is_depthwise(node)}
    return sorted(ends | scaling | few | depthwise)


def _is_learned(node: onnx.NodeProto, made_by: Mapping[str, onnx.NodeProto]) -> bool:
    """Whether `node` is a convolution whose kernel is a parameter, not a constant of the code.

    Those, buffers that are not saved (`persistent=False`), come out of nodes of their own.
    """
    return node.op_type == "Conv" and node.input[1] not in made_by


def _is_widening(kernel: Sequence[int] | None) -> bool:
    """Whether a `kernel` of that shape adds up few products, for more channels than those."""
    return kernel is not None and math.prod(kernel[1:]) <= min(_FEW_PRODUCTS, kernel[0] - 1)


def _is_depthwise(node: onnx.NodeProto) -> bool:
    """Whether `node` convolves each channel, or each group of them, by itself."""
    groups = [attribute.i for attribute in node.attribute if attribute.name == "group"]
    return node.op_type == "Conv" and groups > [1]


def with_stored_int8(model: onnx.ModelProto) -> onnx.ModelProto:
    """`model` with its weights stored as the int8 numbers that they are rounded to.

    NNCF stores fp32 weights and quantises them when the model is loaded, which is
    four times as large.
    """
    graph = model.graph
    constants = {tensor.name: tensor for tensor in graph.initializer}
    kept = []
    for node in graph.node:
        if node.op_type == "QuantizeLinear" and node.input[0] in constants:
            stored = _evaluate(model, node, constants)
            graph.initializer.append(numpy_helper.from_array(stored, node.output[0]))
        else:
            kept.append(node)
    del graph.node[:]
    graph.node.extend(kept)
    used = {name for node in kept for name in node.input}
    needed = [tensor for tensor in graph.initializer if tensor.name in used]
    del graph.initializer[:]
    graph.initializer.extend(needed)
    return model


def _evaluate(
    model: onnx.ModelProto, node: onnx.NodeProto, constants: dict[str, onnx.TensorProto]
) -> np.ndarray:
    """What `node` gives, all of whose inputs are constants."""
    values = {name: numpy_helper.to_array(constants[name]) for name in node.input}
    inputs = [
        helper.make_tensor_value_info(name, constants[name].data_type, list(value.shape))
        for name, value in values.items()
    ]
    output = helper.make_empty_tensor_value_info(node.output[0])
    single = helper.make_graph([node], "constant", inputs, [output])
    runnable = helper.make_model(single, opset_imports=model.opset_import)
    results: Any = ReferenceEvaluator(runnable).run(None, values)
    return results[0]
