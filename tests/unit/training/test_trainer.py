"""A training run: it learns, it stops on nonsense, and going on equals not stopping."""

from __future__ import annotations

import json
import math
import shutil
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("timm")

from tests.training_tools import PAIR_PX, make_trainer, small_run, write_cache  # noqa: E402
from unblur.errors import (  # noqa: E402
    ConfigError,
    ModelError,
    OutputError,
    UnblurError,
    UnknownNameError,
)
from unblur.facts import NetworkFacts  # noqa: E402
from unblur.media.locks import holding  # noqa: E402
from unblur.models.catalog import find_generator  # noqa: E402
from unblur.training.config import DataOptions  # noqa: E402
from unblur.training.gan_step import GeneratorLoss  # noqa: E402
from unblur.training.machine import make_fabric  # noqa: E402
from unblur.training.trainer import Trainer  # noqa: E402
from unblur.weights import run_state  # noqa: E402
from unblur.weights.checkpoint import save_checkpoint  # noqa: E402
from unblur.weights.history import runs_of  # noqa: E402

pytestmark = pytest.mark.torch

RUNS: dict[str, dict[str, Any]] = {
    "muon": {"optimizer": "muon"},
    "adamw": {"optimizer": "adamw"},
    "bf16": {"precision": "bf16"},
    "ragan-ls": {
        "adversary": {"loss": "ragan-ls", "discriminator": "patch", "pretraining_steps": 2},
        "optimizer": "adam",
        "crop_px": 64,
    },
    "wgan-gp": {"adversary": {"loss": "wgan-gp", "discriminator": "patch"}, "crop_px": 64},
    "mobilenet": {"network": "mobilenet", "crop_px": 32, "first_crop_px": 32},
}


class _KilledError(Exception):
    pass


def tensors_of(value: Any, name: str = "") -> dict[str, torch.Tensor]:
    """Every tensor in a nested state, by its place."""
    if isinstance(value, torch.Tensor):
        return {name: value}
    items = value.items() if isinstance(value, dict) else enumerate(value)
    nested = [
        tensors_of(each, f"{name}.{key}")
        for key, each in items
        if isinstance(each, dict | list | torch.Tensor)
    ]
    return {key: tensor for each in nested for key, tensor in each.items()}


def kill_after(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """Let the run be gone after one more step than is saved."""
    take = Trainer.train_step

    def take_and_die(self: Trainer, batch: Any) -> dict[str, float]:
        values = take(self, batch)
        if self.step == step + 1:
            raise _KilledError
        return values

    monkeypatch.setattr(Trainer, "train_step", take_and_die)


@pytest.mark.parametrize("name", sorted(RUNS))
def test_going_on_gives_the_weights_of_a_run_that_was_not_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    changes = {"checkpoint_minutes": 1e-9, "first_crop_px": None, **RUNS[name]}
    whole = make_trainer(small_run(tmp_path, output=tmp_path / "whole", **changes)).run()
    options = small_run(tmp_path, output=tmp_path / "stopped", **changes)
    with monkeypatch.context() as patch:
        kill_after(patch, 3)
        with pytest.raises(_KilledError):
            make_trainer(options).run()
    assert run_state.read_state(tmp_path / "stopped" / "last.pt")["step"] == 3
    resumed = make_trainer(options).run()
    expected, got = (tensors_of(run_state.read_state(path)) for path in (whole, resumed))
    assert expected.keys() == got.keys()
    for place, tensor in expected.items():
        assert torch.equal(tensor, got[place]), place


def test_a_run_that_is_done_stays_as_it_is(tmp_path: Path) -> None:
    last = make_trainer(small_run(tmp_path)).run()
    before = last.read_bytes()
    assert make_trainer(small_run(tmp_path)).run() == last
    assert last.read_bytes() == before


def test_pairs_on_the_device_teach_what_drawn_ones_do(tmp_path: Path) -> None:
    drawn = small_run(tmp_path, output=tmp_path / "drawn")
    data = drawn.data.model_copy(update={"cache_on_device": True, "workers": 3})
    held = small_run(tmp_path, output=tmp_path / "held", data=data)
    expected, got = (
        tensors_of(run_state.read_state(make_trainer(each).run())) for each in (drawn, held)
    )
    assert expected.keys() == got.keys()
    for place, tensor in expected.items():
        assert torch.equal(tensor, got[place]), place


def test_pairs_of_any_size_validate_live_fast(tmp_path: Path) -> None:
    cache = tmp_path / "larger"
    for part in ("train", "held_out"):
        (cache / part).mkdir(parents=True)
        np.save(cache / part / "pairs.npy", np.full((2, 2, 128, 128, 3), 90, np.uint8))
        np.save(cache / part / "path_px.npy", np.float32([3, 4]))
        np.save(cache / part / "is_straight.npy", np.array([True, False]))
    data = DataOptions(cache=cache, pair_px=128, workers=0)
    crops = {"crop_px": 48, "first_crop_px": None, "maximum_steps": 1}
    last = make_trainer(small_run(tmp_path, network="live_fast", data=data, **crops)).run()
    assert run_state.read_state(last)["step"] == 1


def learn_by_heart(tmp_path: Path, **changes: Any) -> dict[str, float]:
    """Train on two pairs that are the validation pairs too; gives the last row of the log."""
    cache = write_cache(tmp_path / "cache", pair_count=2)
    shutil.rmtree(cache / "held_out")
    shutil.copytree(cache / "train", cache / "held_out")
    values = {
        "maximum_steps": 200,
        "batch_size": 4,
        "crop_px": 64,
        "first_crop_px": 64,
        "ema_decay": 0.9,
        "warmup_steps": 10,
        "optimizer": "adamw",
    }
    make_trainer(small_run(tmp_path, **(values | changes))).run()
    return json.loads((tmp_path / "run" / "log.jsonl").read_text().splitlines()[-1])


def test_it_learns_two_pairs_by_heart(tmp_path: Path) -> None:
    last = learn_by_heart(tmp_path)
    assert last["step"] == 200
    assert last["gain_db"] > 6
    best = run_state.read_state(tmp_path / "run" / "best.pt")
    assert best["best_gain_db"] == pytest.approx(last["best_gain_db"], abs=1e-4)
    assert list((tmp_path / "run" / "tensorboard").iterdir())


def test_it_learns_with_all_losses_of_the_paper_too(tmp_path: Path) -> None:
    loss = {"pixel": "mse", "pixel_weight": 0.5, "frequency_weight": 0.01}
    adversary = {"loss": "ragan-ls", "weight": 0.001}
    last = learn_by_heart(tmp_path, loss=loss, adversary=adversary, maximum_steps=30)
    assert last["gain_db"] > 1
    assert {"pixel", "coarse", "frequency", "adversarial", "discriminator"} <= set(last)


def test_a_loss_that_is_no_number_ends_the_run_and_names_step_batch_and_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = make_trainer(small_run(tmp_path, checkpoint_minutes=1e-9))
    compare = GeneratorLoss.forward

    def lose(self: GeneratorLoss, *given: Any) -> dict[str, torch.Tensor]:
        terms = compare(self, *given)
        return {key: term * (math.nan if trainer.step == 2 else 1) for key, term in terms.items()}

    monkeypatch.setattr(GeneratorLoss, "forward", lose)
    with pytest.raises(
        UnblurError,
        match=r"the \w+ is nan at step 2, with the pairs \d+, .* of .*cache; "
        r"the last good checkpoint: .*last.pt",
    ):
        trainer.run()
    assert run_state.read_state(tmp_path / "run" / "last.pt")["step"] == 2


def test_a_diverged_run_ends_and_keeps_the_checkpoint_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = make_trainer(small_run(tmp_path, checkpoint_minutes=1e-9))
    take = trainer.train_step

    def take_and_diverge(batch: Any) -> dict[str, float]:
        values = take(batch)
        if trainer.step == 3:
            next(trainer.averaged.module.generator.parameters()).data.fill_(math.nan)
        return values

    monkeypatch.setattr(trainer, "train_step", take_and_diverge)
    with pytest.raises(
        UnblurError,
        match=r"the validation score is nan at step 3; the last good checkpoint: .*last.pt; lower",
    ):
        trainer.run()
    for name in ("last", "best"):
        state = run_state.read_state(tmp_path / "run" / f"{name}.pt")
        assert state["step"] <= 2
        assert all(it.isfinite().all() for it in tensors_of(state["averaged"]).values())


def test_two_runs_do_not_write_into_one_folder(tmp_path: Path) -> None:
    trainer = make_trainer(small_run(tmp_path, maximum_steps=1))
    with (
        holding(tmp_path / "run" / ".lock"),
        pytest.raises(OutputError, match=r"a run is writing into .*run already; wait until it is"),
    ):
        trainer.run()
    assert [path.name for path in (tmp_path / "run").iterdir()] == [".lock"]
    assert trainer.run().exists()


def test_a_full_disk_ends_the_run_with_a_sentence_and_keeps_what_was_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = small_run(tmp_path, checkpoint_minutes=1e-9)
    with monkeypatch.context() as patch:
        kill_after(patch, 2)
        with pytest.raises(_KilledError):
            make_trainer(options).run()
    last = tmp_path / "run" / "last.pt"
    before = last.read_bytes()

    def fill_the_disk(state: object, file: Any) -> None:
        file.write(b"half")
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(run_state.torch, "save", fill_the_disk)
        with pytest.raises(OutputError, match=r"the disk is full; .*; the one of before is kept"):
            make_trainer(options).run()
    assert last.read_bytes() == before
    assert not list(last.parent.glob(".unblur-*"))
    make_trainer(options).run()
    assert run_state.read_state(last)["step"] == 6


def test_a_full_disk_behind_an_error_of_torch_is_told_and_another_error_is_not_hidden(
    tmp_path: Path,
) -> None:
    class Refusing:
        def __init__(self, error: Exception) -> None:
            self.error = error

        def __reduce__(self) -> Any:
            raise self.error

    wrapped = RuntimeError("unexpected pos 704 vs 598")
    wrapped.__context__ = OSError(28, "No space left on device")
    with pytest.raises(OutputError, match=r"the disk is full; .*; none is there yet"):
        run_state.save_state({"a": Refusing(wrapped)}, tmp_path / "last.pt")
    with pytest.raises(RuntimeError, match="a fault"):
        run_state.save_state({"a": Refusing(RuntimeError("a fault"))}, tmp_path / "last.pt")
    assert list(tmp_path.iterdir()) == []


def test_going_on_reads_no_weights_to_start_from(tmp_path: Path) -> None:
    first = make_trainer(small_run(tmp_path)).run()
    options = small_run(tmp_path, output=tmp_path / "second", start_from=first)
    make_trainer(options).run()
    first.unlink()
    make_trainer(options).run()


def test_going_on_cuts_the_log_back_to_the_checkpoint(tmp_path: Path) -> None:
    options = small_run(tmp_path, checkpoint_minutes=1e-9, maximum_steps=3)
    make_trainer(options).run()
    log = tmp_path / "run" / "log.jsonl"
    with log.open("a") as file:
        file.write('{"step": 4}\n{"ste')
    make_trainer(options.model_copy(update={"maximum_steps": 5})).run()
    steps = [json.loads(line)["step"] for line in log.read_text().splitlines()]
    assert steps == [1, 2, 3, 4, 5]


def test_fp16_that_overflows_without_end_ends_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = make_trainer(small_run(tmp_path, maximum_steps=1000, first_crop_px=None))
    trainer.options = trainer.options.model_copy(update={"precision": "fp16"})
    norms = [torch.tensor(math.inf)] * 99 + [torch.tensor(1.0)] + [torch.tensor(math.inf)] * 100
    norm = iter(norms)
    monkeypatch.setattr(trainer.fabric, "clip_gradients", lambda *_, **__: next(norm))
    for _ in norms[:-1]:
        trainer._limit_gradient(None)  # type: ignore[arg-type]
    with pytest.raises(UnblurError, match="too large for fp16 in 100 steps in a row"):
        trainer._limit_gradient(None)  # type: ignore[arg-type]


def test_a_second_run_starts_from_the_weights_of_the_first(tmp_path: Path) -> None:
    first = make_trainer(small_run(tmp_path)).run()
    second = make_trainer(small_run(tmp_path, output=tmp_path / "second", start_from=first))
    kept = run_state.read_state(first)["averaged"]
    for name, tensor in second.network.state_dict().items():
        assert torch.equal(tensor, kept[name]), name


def test_a_run_tells_of_those_before_it(tmp_path: Path) -> None:
    first = make_trainer(small_run(tmp_path, maximum_steps=3)).run()
    options = small_run(tmp_path, output=tmp_path / "second", start_from=first, maximum_steps=2)
    make_trainer(options).run()
    first.unlink()  # told when the run began
    last = make_trainer(options.model_copy(update={"maximum_steps": 4})).run()
    now, before = runs_of(run_state.read_state(last))
    assert "; 4 steps of muon" in now
    assert "; 3 steps of muon" in before


def test_a_run_starts_from_a_model_file(tmp_path: Path) -> None:
    generator = find_generator("live").build()
    torch.nn.init.normal_(generator.head.weight)
    path = tmp_path / "live.safetensors"
    facts = NetworkFacts("live", "x", training_runs=("the second", "the first"))
    save_checkpoint(generator, facts, path, is_halved=False)
    trainer = make_trainer(small_run(tmp_path, start_from=path))
    assert trainer.earlier_runs == ("the second", "the first")
    assert torch.equal(trainer.network.generator.head.weight, generator.head.weight)


def test_a_backbone_is_frozen_at_first(tmp_path: Path) -> None:
    changes = {**RUNS["mobilenet"], "frozen_encoder_epochs": 1.0, "optimizer": "adam"}
    trainer = make_trainer(small_run(tmp_path, maximum_steps=3, **changes))  # an epoch
    parameters = dict(trainer.network.named_parameters())
    before = {name: value.detach().clone() for name, value in parameters.items()}
    trainer.run()
    moved = {name for name, value in parameters.items() if not torch.equal(value, before[name])}
    assert moved
    assert not any(name.startswith("generator.encoder.") for name in moved)


@pytest.mark.parametrize("step_count", [2, 3])
def test_the_discriminator_learns_alone_at_first(tmp_path: Path, step_count: int) -> None:
    changes = {**RUNS["ragan-ls"], "warmup_steps": 0}  # of which 2 are the discriminator's alone
    trainer = make_trainer(small_run(tmp_path, maximum_steps=step_count, **changes))
    assert trainer.adversary is not None
    networks = (trainer.network, trainer.adversary.network)
    before = [[value.detach().clone() for value in each.parameters()] for each in networks]
    trainer.run()
    has_learned = [
        any(not torch.equal(*pair) for pair in zip(each.parameters(), earlier, strict=True))
        for each, earlier in zip(networks, before, strict=True)
    ]
    assert has_learned == [step_count == 3, True]


def test_what_comes_in_sharp_has_a_term_of_its_own_and_no_judge(tmp_path: Path) -> None:
    options = small_run(tmp_path)
    changes = {
        **RUNS["ragan-ls"],
        "data": options.data.model_copy(update={"sharp_share": 0.5}),
        "loss": {"identity_weight": 1.0},
        "maximum_steps": 3,
        "batch_size": 4,
        "first_crop_px": None,
    }
    trainer = make_trainer(small_run(tmp_path, **changes))
    assert trainer.adversary is not None
    judged = list[int]()
    trainer.adversary.network.register_forward_hook(
        lambda _network, pictures, _scores: judged.append(len(pictures[0]))
    )
    trainer.run()
    sharp_and_restored = [2 * 2] * 3  # half of four came in sharp; alone for two steps
    assert judged == [*sharp_and_restored, 2, 2]
    row = json.loads((tmp_path / "run" / "log.jsonl").read_text().splitlines()[-1])
    assert row["identity"] >= 0


def test_a_checkpoint_of_another_network_is_refused(tmp_path: Path) -> None:
    make_trainer(small_run(tmp_path)).run()
    with pytest.raises(ConfigError, match=r"has network 'live', now it is 'live_large'; choose"):
        make_trainer(small_run(tmp_path, network="live_large")).run()


def test_a_checkpoint_of_an_earlier_form_of_the_network_is_refused(tmp_path: Path) -> None:
    last = make_trainer(small_run(tmp_path)).run()
    state = run_state.read_state(last)
    state["network"].popitem()
    run_state.save_state(state, last)
    with pytest.raises(ConfigError, match=r"is of an earlier form of live; choose another output"):
        make_trainer(small_run(tmp_path)).run()


def test_an_epoch_of_sequences_is_as_many_steps_as_draw_each_once(tmp_path: Path) -> None:
    data = DataOptions(cache=tmp_path / "cache", photos=tmp_path, pair_px=PAIR_PX, frame_count=2)
    changes = {"network": "live_recurrent", "batch_size": 4, "maximum_steps": None}
    for pairs in write_cache(tmp_path / "cache", pair_count=6).rglob("pairs.npy"):
        np.save(pairs, np.repeat(np.load(pairs)[:, :, np.newaxis], 2, axis=2))
    trainer = make_trainer(small_run(tmp_path, data=data, maximum_epochs=1.0, **changes))
    trainer.run()
    assert trainer.step == 3


def test_a_damaged_checkpoint_is_named(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "last.pt").write_bytes(b"x")
    with pytest.raises(ModelError, match=r"last.pt is not a readable checkpoint"):
        make_trainer(small_run(tmp_path)).run()


def test_crops_that_the_network_cannot_take_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"takes sides that are multiples of 32.*crop_px is 40"):
        make_trainer(small_run(tmp_path, crop_px=40))


def test_an_unknown_network_is_named_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"no generator named .lve.; did you mean .live.\?"):
        make_trainer(small_run(tmp_path, network="lve"))


def test_weights_of_another_network_are_no_start(tmp_path: Path) -> None:
    first = make_trainer(small_run(tmp_path, maximum_steps=1)).run()
    with pytest.raises(ConfigError, match=r"start_from is .*last.pt, .*not of 'live_large'"):
        make_trainer(
            small_run(tmp_path, output=tmp_path / "second", network="live_large", start_from=first)
        )


def test_a_model_file_of_another_network_is_no_start(tmp_path: Path) -> None:
    path = tmp_path / "live.safetensors"
    save_checkpoint(find_generator("live").build(), NetworkFacts("live", "x"), path)
    with pytest.raises(ConfigError, match=r"start_from is .*live.safetensors, .*not of 'live_l"):
        make_trainer(small_run(tmp_path, network="live_large", start_from=path))


def test_the_first_crops_are_not_smaller_than_a_step_of_their_growth(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"first_crop_px\n.*greater than or equal to 16"):
        small_run(tmp_path, first_crop_px=8)


def test_validation_without_blurred_pairs_is_refused(tmp_path: Path) -> None:
    options = small_run(tmp_path)
    path_px = options.data.cache / "held_out" / "path_px.npy"
    np.save(path_px, np.zeros_like(np.load(path_px)))
    with pytest.raises(ConfigError, match=r"none of the 6 validation pairs is blurred; make"):
        make_trainer(options).run()


@pytest.mark.parametrize(
    ("machine", "sentence"),
    [
        ({"accelerator": "cpu", "strategy": "nonsense"}, r"machine\.strategy .*nonsense"),
        ({"accelerator": "gpu", "devices": 64}, r"cannot train on 64 .*gpu"),
    ],
)
def test_a_machine_that_is_not_there_is_named(
    tmp_path: Path, machine: dict[str, Any], sentence: str
) -> None:
    options = small_run(tmp_path, machine=machine)
    with pytest.raises(ConfigError, match=sentence):
        make_fabric(options)


def test_a_run_that_goes_on_knows_its_score_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = small_run(tmp_path, checkpoint_minutes=1e-9)
    with monkeypatch.context() as patch:
        kill_after(patch, 3)
        with pytest.raises(_KilledError):
            make_trainer(options).run()
    resumed = make_trainer(options)
    with monkeypatch.context() as patch:
        kill_after(patch, 3)
        with pytest.raises(_KilledError):
            resumed.run()
    assert math.isfinite(resumed.score.gain_db)


def test_a_stopped_run_is_saved_before_any_process_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = make_trainer(small_run(tmp_path))
    take, waited_at = trainer.train_step, list[int | None]()

    def take_and_ask(batch: Any) -> dict[str, float]:
        signal.raise_signal(signal.SIGTERM)
        return take(batch)

    def wait() -> None:
        is_saved = trainer.last.exists()
        waited_at.append(run_state.read_state(trainer.last)["step"] if is_saved else None)

    monkeypatch.setattr(trainer, "train_step", take_and_ask)
    monkeypatch.setattr(trainer.fabric, "barrier", wait)
    with pytest.raises(KeyboardInterrupt):
        trainer.run()
    assert waited_at[-1] == trainer.step == 1


def test_an_output_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"cannot make the folder .*file/run: Not a"):
        make_trainer(small_run(tmp_path, output=tmp_path / "file" / "run"))


def test_crops_too_small_for_a_norm_are_refused(tmp_path: Path) -> None:
    options = small_run(tmp_path, **(RUNS["mobilenet"] | {"batch_size": 1}))
    with pytest.raises(ConfigError, match="leave mobilenet one value to normalise by; raise crop"):
        make_trainer(options).run()


def test_fp16_on_a_cpu_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="fp16 trains on a GPU only; choose precision bf16"):
        make_trainer(small_run(tmp_path, precision="fp16"))


def test_going_on_with_other_options_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    make_trainer(small_run(tmp_path)).run()
    make_trainer(small_run(tmp_path, seed=2, maximum_steps=7)).run()
    assert "going on with another maximum_steps, seed than before" in caplog.text
