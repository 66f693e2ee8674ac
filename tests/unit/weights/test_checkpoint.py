"""Checkpoints of another network, and damaged ones."""

import pytest

torch = pytest.importorskip("torch")

from unblur.errors import ModelError, OutputError, UnknownNameError  # noqa: E402
from unblur.facts import NetworkFacts  # noqa: E402
from unblur.models.catalog import find_generator  # noqa: E402
from unblur.weights.checkpoint import load_checkpoint, save_checkpoint  # noqa: E402
from unblur.weights.store import find_model  # noqa: E402

pytestmark = pytest.mark.torch


def test_weights_of_another_network_are_refused(tmp_path):
    save_checkpoint(find_generator("live_large").build(), NetworkFacts("live", ""), tmp_path / "x")
    with pytest.raises(ModelError, match="does not hold the weights of the network 'live'"):
        load_checkpoint(tmp_path / "x")


def test_a_network_that_is_not_in_the_catalog_is_refused(tmp_path):
    save_checkpoint(find_generator("live").build(), NetworkFacts("other", ""), tmp_path / "x")
    with pytest.raises(UnknownNameError, match="no generator named 'other'"):
        load_checkpoint(tmp_path / "x")


def test_a_cut_off_file_is_refused(tmp_path):
    save_checkpoint(find_generator("live").build(), NetworkFacts("live", ""), tmp_path / "x")
    (tmp_path / "x").write_bytes((tmp_path / "x").read_bytes()[:-1000])
    with pytest.raises(ModelError, match="export it again"):
        load_checkpoint(tmp_path / "x")


def test_a_saved_file_may_be_read_by_whom_any_other_may(tmp_path):
    (tmp_path / "other").touch()
    save_checkpoint(find_generator("live").build(), NetworkFacts("live", ""), tmp_path / "x")
    assert (tmp_path / "x").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(OutputError, match="there is no folder"):
        save_checkpoint(
            find_generator("live").build(), NetworkFacts("live", ""), tmp_path / "no" / "x"
        )


def test_saving_leaves_nothing_but_the_file(tmp_path):
    save_checkpoint(find_generator("live").build(), NetworkFacts("live", ""), tmp_path / "x")
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_live_fast_has_the_weights_of_live() -> None:
    live, fast = (
        load_checkpoint(find_model(name).find("safetensors"))[0].state_dict()
        for name in ("live", "live_fast")
    )
    assert live.keys() == fast.keys()
    assert all(torch.equal(live[name], fast[name]) for name in live)
