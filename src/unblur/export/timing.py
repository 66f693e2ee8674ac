"""How fast a model restores a frame, written into the facts in its files."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import onnx

from unblur.errors import ComputationError
from unblur.evaluation.records import describe_machine
from unblur.evaluation.speed import SpeedRequest, benchmark_models
from unblur.export.onnx_export import with_facts
from unblur.facts import NetworkFacts
from unblur.media.atomic import replacing
from unblur.weights.checkpoint import replace_facts
from unblur.weights.store import StoredModel, find_whole_model

_HEIGHT_PX, _WIDTH_PX = 720, 1280
_ROUNDS = 20


def with_speed(facts: NetworkFacts, model: StoredModel) -> NetworkFacts:
    """`facts` with the time that `model` takes for a frame, and where it was measured.

    The metrics are `frame_1280x720_PRECISION_ms`: the median over warm runs of OpenVINO
    on the CPU, fp32 and int8 taking turns. Raises ModelError where one of the two files
    is not there, ComputationError where one cannot be run.
    """
    for form in ("onnx", "onnx_int8"):
        model.find(form)
    size = (_HEIGHT_PX, _WIDTH_PX)
    request = SpeedRequest([model], sizes=[size], precisions=("fp32", "int8"), rounds=_ROUNDS)
    rows = benchmark_models(request)
    for row in rows:
        if row.error:
            raise ComputationError(f"cannot time {model.name} in {row.precision}: {row.error}")
    times_ms = {
        f"frame_{_WIDTH_PX}x{_HEIGHT_PX}_{row.precision}_ms": round(row.median_ms, 1)
        for row in rows
    }
    today = datetime.now(UTC).date().isoformat()
    place = f"{describe_machine()}; OpenVINO on {rows[0].thread_count} threads; {today}"
    return replace(facts, metrics={**facts.metrics, **times_ms}, measured_on=place)


def measure_files(name_or_path: str | Path) -> StoredModel:
    """Time a model and write the figures into all of its files; nothing else in them changes.

    It is a bundled model, or the one that any of its three files belongs to. Raises what
    `find_model` and `with_speed` do, and OutputError where a file cannot be written.
    """
    model = find_whole_model(name_or_path)
    facts = with_speed(model.read_facts(), model)
    for form, path in model.files.items():
        if form == "safetensors":
            replace_facts(path, facts)
            continue
        with replacing(path) as unfinished:
            onnx.save(with_facts(onnx.load(path), facts), unfinished)
    return model
