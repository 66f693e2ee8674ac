"""A training checkpoint, or weights alone, to the files that make a model: see `weights.store`."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
from torch import Tensor

from unblur.data.pair_cache import open_pair_cache
from unblur.errors import InputError, ModelError, OutputError
from unblur.evaluation.candidates import Candidate
from unblur.evaluation.picture_sets import PictureSet, check_not_all_empty, open_picture_set
from unblur.evaluation.quality import QualityRun, mean_scores
from unblur.export.calibration import calibration_examples, read_blurry
from unblur.export.onnx_export import export_onnx, halve_weights, with_facts
from unblur.export.quantize import quantize_onnx
from unblur.export.timing import with_speed
from unblur.facts import DEFAULT_LICENCE, NetworkFacts, Precision
from unblur.media.atomic import make_folder, replacing
from unblur.models.catalog import find_generator
from unblur.models.generator import Generator
from unblur.weights.checkpoint import (
    is_halved,
    load_checkpoint,
    replace_facts,
    save_checkpoint,
)
from unblur.weights.history import runs_of
from unblur.weights.run_state import read_options, read_state
from unblur.weights.store import Form, StoredModel, files_of, read_safetensors_facts

_log = logging.getLogger(__name__)
_PERCEPTUAL = "Trained with a discriminator: looks sharper, is further from the truth."


def export_bundle(
    checkpoint: Path,
    target: Path,
    *,
    data: Mapping[str, Path] | None = None,
    licence: str = DEFAULT_LICENCE,
    network: str | None = None,
    overwrites: bool = False,
) -> list[Path]:
    """Write `NAME.safetensors`, `NAME.onnx` and `NAME.int8.onnx` into `target`.

    NAME is the network's, with `_perceptual` where the run had a discriminator. `network` is
    another one that has the same weights: `live_fast` for what was trained as `live`.
    `checkpoint` is what a training run saved; its averaged weights are taken, and
    int8 is calibrated on the run's own held-out blurred pictures. What the files do
    to the pairs in the folders `data`, by name, and the time that they take for a frame
    are measured and written into their facts, as is the `licence`, an SPDX name. Gives the
    paths. Raises OutputError where one of them is there, unless `overwrites`; ModelError when
    `checkpoint` is not one or its weights are not finite or not of `network`; UnknownNameError
    where there is none of that name; InputError when there is nothing to measure in one of `data`
    or the held-out pictures are too small for `network`.
    """
    sets = _open_sets(data)
    state = read_state(checkpoint)
    options = read_options(state, checkpoint)
    cache = Path(options["data"]["cache"])
    if not cache.exists() and not cache.is_absolute():
        raise InputError(
            f"the pairs of the run, {cache}, are not in {Path.cwd()}; go to the folder in which it "
            "was trained, where its relative paths count from, and export there"
        )
    pairs = open_pair_cache(cache / "held_out").pairs
    trained_as = options["network"]
    options["network"] = network or trained_as
    facts = replace(_describe(options, state), licence=licence)
    _check_free(files_of(target, facts.model_name).values(), overwrites=overwrites)
    generator = find_generator(facts.name).build()
    try:
        generator.load_state_dict(_averaged(state))
    except RuntimeError as error:  # PyTorch's, with every name that does not fit
        held = f"{checkpoint} holds weights of {trained_as!r}"
        if facts.name == trained_as:
            held += " as it was once; train them further (start_from) and export the result"
        else:
            held += f", which are not those of {facts.name!r}; choose a network that has the same"
        raise ModelError(held) from error
    with TemporaryDirectory() as folder:
        weights = Path(folder) / "weights.safetensors"
        save_checkpoint(generator, facts, weights)  # the fp16 weights are what is exported
        blurry = (pairs[index][0] for index in range(len(pairs)))
        return _export(weights, blurry, sets, target, source=checkpoint)


def export_weights(
    weights: Path,
    target: Path,
    *,
    calibrate: Path | None = None,
    data: Mapping[str, Path] | None = None,
    overwrites: bool = False,
) -> list[Path]:
    """Write a .safetensors model as `NAME.onnx` into `target`; gives the paths.

    With `calibrate`, a folder of blurred pictures or of pairs, `NAME.int8.onnx` and
    `NAME.safetensors` too, measured on `data` as `export_bundle` does; where the latter is
    `weights` itself, only its facts change. Raises ModelError when `weights` is not a model, is
    not finite, or remembers frames and is to be calibrated; OutputError where a file is there, or
    one in int8, which would be of other weights, unless `overwrites`; InputError when the pictures
    of `calibrate` are none, too small or damaged.
    """
    sets = _open_sets(data)
    facts = read_safetensors_facts(weights)
    files = files_of(target, facts.model_name)
    _check_free([files["onnx"], files["onnx_int8"]], overwrites=overwrites)
    if calibrate is not None:
        if facts.state_maps:
            raise ModelError(
                f"{facts.model_name} remembers the frame before, so its int8 is calibrated with "
                "sequences, not with pictures; export the checkpoint of its run"
            )
        if files["safetensors"].resolve() != weights.resolve():
            _check_free([files["safetensors"]], overwrites=overwrites)
        return _export(weights, read_blurry(calibrate), sets, target, source=weights)
    generator, facts = _load_finite(weights, weights)
    model = export_onnx(generator, facts)
    if is_halved(weights):
        halve_weights(model)
    make_folder(target)
    with replacing(files["onnx"]) as unfinished:
        onnx.save(model, unfinished)
    files["onnx_int8"].unlink(missing_ok=True)  # of other weights
    return [files["onnx"]]


def _open_sets(data: Mapping[str, Path] | None) -> list[PictureSet]:
    """What is to be measured; raises InputError where there is nothing in a folder."""
    sets = [open_picture_set(name, folder) for name, folder in (data or {}).items()]
    for each in sets:
        check_not_all_empty([each])
    return sets


def _load_finite(weights: Path, source: Path) -> tuple[Generator, NetworkFacts]:
    """What the file `weights`, made of `source`, holds; raises ModelError where not all is finite.

    Numbers that are too large for fp16 are infinite in it.
    """
    generator, facts = load_checkpoint(weights)
    for name, tensor in generator.state_dict().items():
        if not tensor.isfinite().all():
            raise ModelError(
                f"{source} holds weights that are not finite, or too large for fp16, such as "
                f"{name}: the training diverged; export another checkpoint, or train again with "
                "a lower learning rate"
            )
    return generator, facts


def _export(
    weights: Path,
    blurry: Iterable[np.ndarray],
    sets: Sequence[PictureSet],
    target: Path,
    *,
    source: Path,
) -> list[Path]:
    """Quantise, measure on `sets`, and write the three files; gives their paths.

    `source` is what the user named, which may be a checkpoint that `weights` come from.
    """
    generator, facts = _load_finite(weights, source)
    model = export_onnx(generator, facts)
    quantized = quantize_onnx(model, calibration_examples(generator, facts, blurry))
    if is_halved(weights):
        halve_weights(model)
    still_true = {
        name: value
        for name, value in facts.metrics.items()
        if "_fp32_" in name and not name.startswith("frame_")
    }
    facts = replace(facts, metrics=still_true, measured_on="")
    if sets:
        with TemporaryDirectory() as folder:
            written = _write(weights, model, quantized, facts, Path(folder))
            facts = replace(facts, metrics=still_true | _measure(written, sets))
            facts = with_speed(facts, written)
    make_folder(target)
    return list(_write(weights, model, quantized, facts, target).files.values())


def _write(
    weights: Path,
    model: onnx.ModelProto,
    quantized: onnx.ModelProto,
    facts: NetworkFacts,
    target: Path,
) -> StoredModel:
    """Write the three files, or none: each has a temporary name until all are written."""
    files = files_of(target, facts.model_name)
    exported: dict[Form, onnx.ModelProto] = {"onnx": model, "onnx_int8": quantized}
    with ExitStack() as all_written:
        for form, each in exported.items():
            unfinished = all_written.enter_context(replacing(files[form]))
            onnx.save(with_facts(each, facts), unfinished)
        replace_facts(weights, facts, files["safetensors"])  # last: it may be `weights` itself
    return StoredModel(facts.model_name, files)


def _check_free(paths: Iterable[Path], *, overwrites: bool) -> None:
    """Raise OutputError where one of `paths` is there, before the work."""
    there = [path for path in paths if path.exists()]
    if there and not overwrites:
        raise OutputError(
            f"{there[0]} is there already; replace it (--overwrite), or choose another folder"
        )


def _measure(model: StoredModel, sets: Sequence[PictureSet]) -> dict[str, float]:
    """Gain in dB and SSIM on each set of pairs, in fp32 and int8, and how sharp pictures fare.

    Without those that cannot be had, or are infinite, which JSON does not know. Warns of
    pictures that are not in them.
    """
    metrics: dict[str, float] = {}
    faults: dict[str, None] = {}
    forms: dict[Precision, Form] = {"fp32": "onnx", "int8": "onnx_int8"}
    for precision, form in forms.items():
        run = QualityRun([Candidate.of_model(str(model.find(form)), precision=precision)])
        for each in sets:
            before, after = mean_scores(list(run.score(each)))
            gained = None
            if after.ssim is not None and before.ssim is not None:
                gained = after.ssim - before.ssim
            for figure, value, digits in (
                ("psnr_gain_db", after.gain_db, 3),
                ("ssim_gain", gained, 4),
                ("sharp_kept_db", after.sharp_kept_psnr_db, 1),
            ):
                if value is not None and math.isfinite(value):
                    metrics[f"{each.name}_{precision}_{figure}"] = round(value, digits)
        faults |= dict.fromkeys(run.faults)
    for fault in faults:
        _log.warning("%s", fault)
    return metrics


def _averaged(state: Mapping[str, Any]) -> dict[str, Tensor]:
    """The generator's averaged weights in what a training run saved."""
    prefix = "generator."
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in state["averaged"].items()
        if name.startswith(prefix)
    }


def _describe(options: Mapping[str, Any], state: Mapping[str, Any]) -> NetworkFacts:
    """The facts of a network as it was trained."""
    card = find_generator(options["network"])
    is_judged = (options.get("adversary") or {}).get("loss") is not None
    return NetworkFacts(
        name=options["network"],
        aim="perceptual" if is_judged else "fidelity",
        summary=f"{card.summary} {_PERCEPTUAL}" if is_judged else card.summary,
        size_rule=card.size_rule,
        halo_px=card.halo_px,
        state_maps=card.state_maps,
        parameter_count=sum(parameter.numel() for parameter in card.build().parameters()),
        paper=card.paper,
        training_runs=runs_of(state),
    )
