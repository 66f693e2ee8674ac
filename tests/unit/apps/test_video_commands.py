"""The options of `unblur restore` for videos, with a restorer that adds a constant."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from PIL import Image

from tests.clips import Clip, frame_times, long_clip, make_clip
from tests.fakes import ADDED, FakeRestorer
from unblur.apps.cli.main import main
from unblur.apps.cli.options import parse_moment
from unblur.restoration import file_jobs


@pytest.fixture(autouse=True)
def _in_a_folder_with_a_fake_restorer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_jobs, "Restorer", FakeRestorer)
    monkeypatch.chdir(tmp_path)


def restore_to_json(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    main([*words, "--json"])
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("text", "seconds"), [("0", 0), ("90", 90), ("1:30", 90), ("0:01:30.5", 90.5), (1.5, 1.5)]
)
def test_moments_are_read(text: str, seconds: float) -> None:
    assert parse_moment(text) == seconds


@pytest.mark.parametrize("text", ["", "x", "1:x", "-1", "1:2:3:4", "inf", "nan", "1:-5"])
def test_other_moments_are_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="no time such as"):
        parse_moment(text)


def test_a_part_of_a_video_is_restored(capsys: pytest.CaptureFixture[str]) -> None:
    make_clip(Path("a.mp4"), long_clip(60, has_audio=True))
    report = restore_to_json(capsys, "a.mp4", "--from", "0:00.5", "--to", "1.2")
    assert report["frame_count"] == 17
    assert float(frame_times(Path("a_unblurred.mp4"))[0]) == pytest.approx(0.02)


def test_a_part_that_ends_before_it_begins_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    make_clip(Path("a.mp4"))
    assert main(["a.mp4", "--from", "2", "--to", "1"]) == 2
    assert "--to 1 is not after --from 2" in capsys.readouterr().err


def test_a_part_of_a_picture_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.jpg").touch()
    assert main(["a.jpg", "--from", "2"]) == 2
    assert "--from and --to cut videos, and there is none" in capsys.readouterr().err


def test_a_codec_that_does_not_fit_is_a_wrong_request_and_opens_no_file(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("a.mp4").write_bytes(b"not a video, which is not noticed")
    assert main(["a.mp4", "-o", "out.webm", "--video-codec", "h264"]) == 2
    told = capsys.readouterr().err
    assert told.startswith("unblur: h264 does not go into .webm files: out.webm; choose an ending")
    assert told.count("\n") == 1
    assert [path.name for path in Path().iterdir()] == ["a.mp4"]


def test_interlaced_video_waits_for_the_option(capsys: pytest.CaptureFixture[str]) -> None:
    clip = Clip(options={"preset": "ultrafast", "x264-params": "tff=1"})
    make_clip(Path("a.mkv"), clip)
    assert "add --deinterlace" in restore_to_json(capsys, "a.mkv")["error"]
    assert restore_to_json(capsys, "a.mkv", "--deinterlace")["status"] == "restored"


def test_previews_are_written_beside_the_result(capsys: pytest.CaptureFixture[str]) -> None:
    make_clip(Path("a.mp4"), long_clip(60))
    report = restore_to_json(capsys, "a.mp4", "--preview", "3")
    assert report["frame_count"] == 60
    assert report["previews"] == [f"a_preview{number}_unblurred.png" for number in (1, 2, 3)]
    for number in (1, 2, 3):
        with Image.open(f"a_preview{number}_unblurred.png") as preview:
            assert preview.height == 48
            assert preview.width >= 128
            pixels = np.asarray(preview.convert("RGB"), int)
        assert np.abs(pixels[:, -64:] - pixels[:, :64] - ADDED).mean() < 1
    assert main([".", "--overwrite"]) == 0
    assert sorted(path.name for path in Path().glob("*_unblurred.mp4")) == ["a_unblurred.mp4"]
    assert len(list(Path().iterdir())) == 5


def test_there_are_no_more_previews_than_frames(capsys: pytest.CaptureFixture[str]) -> None:
    make_clip(Path("a.mp4"), Clip(pts=range(0, 1024, 512)))
    assert len(restore_to_json(capsys, "a.mp4", "--preview", "5")["previews"]) == 2


def test_a_file_named_like_a_preview_is_kept_and_nothing_is_computed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    make_clip(Path("a.mp4"))
    preview = Path("a_preview1_unblurred.png")
    preview.write_bytes(b"of another")
    FakeRestorer.opened.clear()
    assert main(["a.mp4", "--preview", "1"]) == 2
    assert f"{preview} exists; overwrite it (--overwrite)" in capsys.readouterr().err
    Path("b.png").write_bytes(b"not a picture")
    assert main([".", "--preview", "1"]) == 1
    assert f"{preview} exists; overwrite it (--overwrite)" in capsys.readouterr().err
    assert preview.read_bytes() == b"of another"
    assert not FakeRestorer.opened
    assert not Path("a_unblurred.mp4").exists()
    assert main(["a.mp4", "--preview", "1", "--overwrite"]) == 0
    with Image.open(preview) as picture:
        assert picture.height == 48


def test_two_videos_do_not_write_the_same_previews(capsys: pytest.CaptureFixture[str]) -> None:
    make_clip(Path("a.mp4"))
    make_clip(Path("a.mov"))
    assert main(["a.mp4", "a.mov", "--preview", "1"]) == 1
    told = "a.mp4 and a.mov would both be written to a_preview1_unblurred.png; only the first is"
    assert told in capsys.readouterr().err
    made = sorted(path.name for path in Path().glob("*_unblurred.*"))
    assert made == ["a_preview1_unblurred.png", "a_unblurred.mp4"]


def test_the_same_command_goes_on_though_previews_are_there(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def restore(restorer: FakeRestorer, pixels: np.ndarray) -> np.ndarray:
        left[0] -= 1
        if left[0] == 0:
            raise KeyboardInterrupt
        return pixels

    make_clip(Path("a.mp4"))
    first, second = Path("a_preview1_unblurred.png"), Path("a_preview2_unblurred.png")
    for stopped_at, has_second in ((2, False), (1, False), (3, True)):
        left = [stopped_at]
        with monkeypatch.context() as patch:
            patch.setattr(FakeRestorer, "restore", restore)
            assert main(["a.mp4", "--preview", "2"]) == 130
        assert second.exists() == has_second
        first.write_bytes(b"looked at")
    capsys.readouterr()
    report = restore_to_json(capsys, "a.mp4", "--preview", "2")
    assert report["notes"] == ["2 previews were there and are kept; see --overwrite"]
    assert report["previews"] == []
    assert first.read_bytes() == b"looked at"
    names = {"a.mp4", first.name, second.name, "a_unblurred.mp4"}
    assert {path.name for path in Path().iterdir()} == names


def test_frames_that_were_not_computed_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    make_clip(Path("a.mp4"))
    report = restore_to_json(capsys, "a.mp4", "--skip-sharp")
    assert (report["repeated_count"], report["sharp_count"]) == (0, 10)
    assert main(["a.mp4", "--skip-sharp", "--overwrite"]) == 0
    assert "10 frames (10 sharp already), " in capsys.readouterr().out
