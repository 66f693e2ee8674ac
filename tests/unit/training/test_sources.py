"""Where a run's pairs come from."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("timm")

from tests.training_tools import small_run, write_cache
from unblur.errors import ConfigError
from unblur.training import sources
from unblur.training.sources import open_pairs

pytestmark = pytest.mark.torch


def test_several_folders_of_pairs_are_read_as_one(tmp_path: Path) -> None:
    options = small_run(tmp_path)
    more = write_cache(tmp_path / "more", pair_count=4, seed=1)
    options = small_run(tmp_path, data=options.data.model_copy(update={"more_caches": (more,)}))
    training, held_out = (open_pairs(options, part) for part in ("train", "held_out"))
    assert len(training.pairs) == len(held_out.pairs) == 10
    parts = [np.load(folder / "train" / "pairs.npy") for folder in (options.data.cache, more)]
    for index, expected in enumerate(np.concatenate(parts)):
        assert np.array_equal(training.pairs[index], expected)
    assert training.path_px.shape == training.is_straight.shape == (10,)


def test_missing_pairs_without_photos_are_named(tmp_path: Path) -> None:
    options = small_run(tmp_path)
    data = options.data.model_copy(update={"cache": tmp_path / "none", "photos": None})
    with pytest.raises(ConfigError, match=r"no pairs in .*none/train; make them by `unblur data"):
        open_pairs(small_run(tmp_path, data=data), "train")


def write_training_pairs(_photos: object, folder: Path, **_: object) -> None:
    """Stands for the making of pairs from photos: other ones, at once."""
    written = folder.parent.parent / "written"
    write_cache(written)
    (written / "train").rename(folder)


def test_pairs_made_with_other_options_are_used_and_what_differs_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sources, "build_pair_cache", write_training_pairs)
    (tmp_path / "new").mkdir()
    options = small_run(tmp_path)
    data = options.data.model_copy(update={"cache": tmp_path / "new"})
    made = open_pairs(small_run(tmp_path, data=data, seed=1), "train")
    caplog.clear()
    open_pairs(small_run(tmp_path, data=data, seed=1), "train")
    open_pairs(options, "train")  # without a record
    assert not caplog.records
    blur = data.blur.model_copy(update={"noise_share": 0.125})
    other = data.model_copy(update={"blur": blur, "photos": None})
    again = open_pairs(small_run(tmp_path, data=other, seed=2), "train")
    assert np.array_equal(again.pairs[0], made.pairs[0])
    (record,) = caplog.records
    assert (
        f"made with seed 1 (now 2), data.blur.noise_share {data.blur.noise_share} (now 0.125); "
        in record.getMessage()
    )


def test_a_run_waits_while_another_makes_the_pairs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    begun: list[Path] = []
    is_waiting = Event()

    def write(photos: object, folder: Path, **_: object) -> None:
        begun.append(folder)
        assert is_waiting.wait(20)
        write_training_pairs(photos, folder)

    def note(record: logging.LogRecord) -> bool:
        if "waiting for another run that makes pairs" in record.getMessage():
            is_waiting.set()
        return True

    caplog.set_level(logging.INFO, "unblur")
    monkeypatch.setattr(sources, "build_pair_cache", write)
    monkeypatch.setattr(sources._log, "filters", [note])
    data = small_run(tmp_path).data.model_copy(update={"cache": tmp_path / "new"})
    options = small_run(tmp_path, data=data)
    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(lambda part: open_pairs(options, part), ["train"] * 2)
    assert begun == [tmp_path / "new" / "train"]
    assert np.array_equal(first.pairs[0], second.pairs[0])


def test_photos_that_came_or_went_since_the_pairs_were_made_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sources, "build_pair_cache", write_training_pairs)
    (tmp_path / "a.png").touch()
    data = small_run(tmp_path).data.model_copy(update={"cache": tmp_path / "new"})
    options = small_run(tmp_path, data=data)
    open_pairs(options, "train")
    (tmp_path / "b.png").touch()
    open_pairs(options, "train")
    (record,) = caplog.records
    assert "they were made with photos there '1, names " in record.getMessage()


def test_pairs_of_another_size_are_named(tmp_path: Path) -> None:
    options = small_run(tmp_path)
    data = options.data.model_copy(update={"pair_px": 80})
    with pytest.raises(ConfigError, match=r"are 64x64, and data.pair_px is 80; set it to 64"):
        open_pairs(small_run(tmp_path, data=data), "train")
