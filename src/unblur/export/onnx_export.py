"""A torch network to one ONNX file that takes and gives bytes.

Scaling, clipping and rounding stand inside the graph, so that every runtime does
them in the same way: (B, H, W, 3) uint8 RGB in, the same out.
"""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from unblur.facts import METADATA_KEY, NetworkFacts
from unblur.images.state import empty_state, state_names
from unblur.models.bytes import between_bytes
from unblur.models.generator import Generator

OPSET = 18
_SMALLEST_HALVED = 64


def export_onnx(generator: Generator, facts: NetworkFacts) -> onnx.ModelProto:
    """The generator as an ONNX model of any batch and size, with `facts` in its metadata.

    One with a memory has its state as further inputs and outputs.
    """
    rule = facts.size_rule
    height = max(4 * rule.multiple_of, rule.minimum + rule.padding(rule.minimum))
    width = height + rule.multiple_of
    picture = torch.zeros((1, height, width, 3), dtype=torch.uint8)
    state = [torch.from_numpy(it) for it in empty_state(facts, height, width)]
    names, after = state_names(facts)
    axes = {name: {0: "batch", 1: "height", 2: "width"} for name in ("blurry", "restored")}
    maps = {
        name: {0: "batch", 2: f"height / {it.stride}", 3: f"width / {it.stride}"}
        for ends in (names, after)
        for name, it in zip(ends, facts.state_maps, strict=True)
    }
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of its own deprecations
        path = Path(folder) / "model.onnx"
        torch.onnx.export(
            between_bytes(generator).eval(),
            (picture, *state),
            path,
            input_names=["blurry", *names],
            output_names=["restored", *after],
            dynamic_axes={**axes, **maps},
            opset_version=OPSET,
            dynamo=False,
        )
        model = onnx.load(path)
    return with_facts(model, facts)


def with_facts(model: onnx.ModelProto, facts: NetworkFacts) -> onnx.ModelProto:
    """`model` with `facts` as its only metadata."""
    del model.metadata_props[:]
    helper.set_model_props(model, {METADATA_KEY: facts.to_json()})
    model.producer_name, model.producer_version = "unblur", ""
    return model


def halve_weights(model: onnx.ModelProto) -> onnx.ModelProto:
    """`model` with its weights stored as fp16, cast to fp32 when it is loaded."""
    graph, casts = model.graph, []
    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < _SMALLEST_HALVED:
            continue
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}.fp16"))
        casts.append(helper.make_node("Cast", [f"{name}.fp16"], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    return model
