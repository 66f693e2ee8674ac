"""Video, frame by frame: what is measured and what goes wrong."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import SHARED_DATA
from tests.fakes import ADDED, FakeRestorer
from tests.pictures import picture_of
from tests.unit.metrics.test_temporal import wallpaper
from unblur.apps.cli.main import main
from unblur.errors import ComputationError, InputError
from unblur.evaluation.candidates import Candidate
from unblur.evaluation.tables import table_of, table_of_each
from unblur.evaluation.video import SHARP, VideoRun
from unblur.evaluation.video_record import VideoRequest, measure_video, video_charts
from unblur.media.image_files import write_picture

pytest.importorskip("cv2")


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Four frames of a moving wallpaper: blurry/ darker than sharp/."""
    for part, darker in (("blurry", ADDED), ("sharp", 0)):
        (tmp_path / part).mkdir()
        for number in range(4):
            pixels = np.clip(wallpaper(2 * number).astype(int) - darker, 0, 215)
            write_picture(picture_of(pixels.astype(np.uint8)), tmp_path / part / f"{number:03}.png")
    return tmp_path


def unsteady() -> Candidate:
    """Adds 10 to every other frame."""
    count = [0]

    def restore(pixels: np.ndarray) -> np.ndarray:
        count[0] += 1
        return np.clip(pixels + 10 * (count[0] % 2), 0, 255).astype(np.uint8)

    return Candidate("unsteady", restore)


def test_a_steady_candidate_is_told_from_one_that_flickers(clip: Path) -> None:
    fake = Candidate("fake", FakeRestorer().restore)
    record = measure_video(
        VideoRequest(clip / "blurry", clip / "sharp", [fake, unsteady()], "unblur evaluate")
    )
    blurry, sharp, steady, shaky = record.rows
    assert [row["frame_count"] for row in record.rows] == [4, 4, 4, 4]
    assert sharp["model"] == SHARP
    assert (steady["flicker"], shaky["flicker"]) == (pytest.approx(0), pytest.approx(10, abs=0.1))
    assert steady["warping_error"] < 2
    assert shaky["warping_error"] > 8
    assert steady["warping_against_input"] == pytest.approx(
        steady["warping_error"] / blurry["warping_error"]
    )
    assert steady["psnr_db"] > blurry["psnr_db"] + 10
    assert blurry["gain_db"] is None
    assert steady["gain_db"] > 10
    assert table_of(record)[0][:3] == ("data", "model", "frames")
    assert len(table_of_each(record)) == 1 + 4 * 4
    charts = video_charts(record)
    assert "PSNR over time" in charts
    assert charts.count("unsteady") == 2


def test_without_a_sharp_video_steadiness_alone_is_told(clip: Path) -> None:
    record = measure_video(VideoRequest(clip / "blurry", None, [unsteady()], "unblur", limit=3))
    blurry, shaky = record.rows
    assert (blurry["psnr_db"], shaky["frame_count"]) == (None, 3)
    assert "PSNR over time" not in video_charts(record)


def test_a_candidate_that_fails_is_left_out_from_there_on(clip: Path) -> None:
    count = [0]

    def restore(pixels: np.ndarray) -> np.ndarray:
        count[0] += 1
        if count[0] == 3:
            raise ComputationError("moody had enough")
        return pixels

    fake = Candidate("fake", FakeRestorer().restore)
    record = measure_video(
        VideoRequest(clip / "blurry", None, [Candidate("moody", restore), fake], "unblur")
    )
    counts = {row["model"]: row["frame_count"] for row in record.rows}
    assert (counts["moody"], counts["fake"], count[0]) == (2, 4, 3)
    assert record.faults == ["frame 2: moody had enough; left out from there on"]


def test_videos_of_unequal_length_are_compared_as_far_as_both_go(clip: Path) -> None:
    (clip / "sharp" / "003.png").unlink()
    record = measure_video(VideoRequest(clip / "blurry", clip / "sharp", [], "unblur"))
    assert record.rows[0]["frame_count"] == 3
    assert record.faults == [
        "the sharp video ends at frame 3, before the other; the rest is left out"
    ]


def test_frames_of_unequal_size_are_refused() -> None:
    small, large = np.zeros((8, 8, 3), np.uint8), np.zeros((8, 9, 3), np.uint8)
    with pytest.raises(InputError, match=r"frame 0 is \(8, 8, 3\) in the blurry and \(8, 9, 3\)"):
        list(VideoRun([]).score(iter([small]), iter([large])))


def test_the_command_measures_and_draws(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chart = tmp_path / "chart.svg"
    words = ["evaluate", "live", "--video", str(clip / "blurry"), "--sharp", str(clip / "sharp")]
    assert main([*words, "--plot", str(chart), "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["model"] for row in rows] == ["blurry input", "sharp video", "live"]
    assert rows[2]["data"] == clip.name
    assert "Warping error over time" in chart.read_text()
    assert main(["evaluate", "live", "--video", str(tmp_path / "missing")]) == 1
    assert main(["evaluate", "live", "--video", "x", "--table", "paper"]) == 2
    assert "--table and --video are measured one at a time" in capsys.readouterr().err


@pytest.mark.shared
@pytest.mark.slow
def test_the_bundled_weights_are_steady() -> None:
    folder = SHARED_DATA / "eval" / "reds_x4_027"
    request = VideoRequest(
        folder / "blurry", folder / "sharp", [Candidate.of_model("live")], "unblur evaluate"
    )
    _, _, live = measure_video(request).rows
    assert live["gain_db"] > 0.2
    assert live["warping_against_input"] < 1.2
