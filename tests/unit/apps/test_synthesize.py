"""`unblur synthesize` from the words to the folder."""

import csv
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest

cv2 = pytest.importorskip("cv2")

from tests.blur_tools import scene  # noqa: E402
from tests.clips import Clip, make_clip  # noqa: E402
from unblur.apps.cli.main import main  # noqa: E402
from unblur.data.pair_files import find_folder_pairs, read_pair  # noqa: E402

pytestmark = pytest.mark.torch


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for index in range(4):
        cv2.imwrite(str(folder / f"{index}.png"), scene(160, index, 200)[..., ::-1])
    return folder


def rows_of(folder):
    return list(csv.DictReader((folder / "pairs.csv").read_text().splitlines()))


def clip_of(path, frame_count=12):
    pts = range(0, 512 * frame_count, 512)
    return make_clip(
        path,
        Clip(height=96, width=128, pts=pts),
        lambda i, h, w: scene(h, 5, w + 60)[:, 2 * i :][:, :w].copy(),
    )


def test_squares_are_made_of_photos(photos, tmp_path, capsys):
    out = tmp_path / "out"
    words = ["synthesize", str(photos), "-o", str(out), "--count", "6", "--size-px", "64"]
    assert main([*words, "--blur", "document_share=0"]) == 0
    assert capsys.readouterr().out == f"6 pairs: {out}\n"
    sizes = {picture.shape for pair in find_folder_pairs(out) for picture in read_pair(pair)}
    assert sizes == {(64, 64, 3)}
    assert {row["source"] for row in rows_of(out)} <= {f"{index}.png" for index in range(4)}


def test_every_drawn_scene_is_a_source_of_its_own(photos, tmp_path):
    out = tmp_path / "out"
    words = ["synthesize", str(photos), "-o", str(out), "--count", "3", "--size-px", "64"]
    assert main([*words, "--blur", "document_share=1"]) == 0
    assert [row["source"] for row in rows_of(out)] == ["drawn 0", "drawn 1", "drawn 2"]


def test_whole_photos_lose_only_a_rim(photos, tmp_path):
    out = tmp_path / "out"
    assert main(["synthesize", str(photos), "-o", str(out), "--count", "4", "-q"]) == 0
    for pair in find_folder_pairs(out):
        height, width = read_pair(pair)[0].shape[:2]
        assert 128 <= height <= 160
        assert width - height == 40


def test_the_same_seed_makes_the_same_set_and_another_one_another(photos, tmp_path):
    made = []
    for name, seed in (("a", "3"), ("b", "3"), ("c", "4")):
        words = ["synthesize", str(photos), "-o", str(tmp_path / name), "--count", "3"]
        assert main([*words, "--size-px", "48", "--seed", seed, "-q"]) == 0
        made.append([read_pair(pair)[0] for pair in find_folder_pairs(tmp_path / name)])
    assert np.array_equal(made[0], made[1])
    assert not np.array_equal(made[0], made[2])


def test_blur_options_are_obeyed(photos, tmp_path):
    out = tmp_path / "out"
    words = ["synthesize", str(photos), "-o", str(out), "--count", "3", "--size-px", "64"]
    shares = ["sharp_share=1", "noise_share=0", "sensor_noise_share=0", "jpeg_share=0"]
    blur = [word for share in [*shares, "video_share=0"] for word in ("--blur", share)]
    assert main([*words, *blur]) == 0
    assert {row["kind"] for row in rows_of(out)} == {"sharp"}
    assert all(np.array_equal(*read_pair(pair)) for pair in find_folder_pairs(out))


def test_frames_of_a_video_are_averaged_all_over_it(tmp_path):
    out = tmp_path / "out"
    video = clip_of(tmp_path / "a.mp4")
    words = ["synthesize", str(video), "-o", str(out), "--count", "3", "--window", "3"]
    assert main([*words, "--size-px", "64", "-q"]) == 0
    rows = rows_of(out)
    assert [Fraction(row["at_s"]) for row in rows] == [Fraction(n, 25) for n in (1, 5, 9)]
    assert all(float(row["path_px"]) == pytest.approx(4, abs=1) for row in rows)
    assert {row["kind"] for row in rows} == {"video"}


def test_noise_goes_onto_the_blurry_half_of_averaged_frames(tmp_path):
    video = clip_of(tmp_path / "a.mp4")
    made = []
    for noise_share in (0, 1):
        out = tmp_path / f"out{noise_share}"
        shares = ["sensor_noise_share=0", "jpeg_share=0", "video_share=0", "maximum_noise=20"]
        blur = [word for share in shares for word in ("--blur", share)]
        words = ["synthesize", str(video), "-o", str(out), "--count", "1", *blur, "--seed", "1"]
        assert main([*words, "--blur", f"noise_share={noise_share}"]) == 0
        made.append(read_pair(find_folder_pairs(out)[0]))
    (clean, sharp), (noisy, sharp_again) = made
    assert np.array_equal(sharp, sharp_again)
    assert 1 < (noisy.astype(int) - clean).std() < 20


def test_it_works_without_torch():
    code = (
        "import sys\n"
        "import unblur.data.pair_cache, unblur.data.pair_set, unblur.data.pair_sources\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_fewer_pairs_than_asked_are_told(tmp_path, capsys):
    video = clip_of(tmp_path / "a.mp4")
    words = ["synthesize", str(video), "-o", str(tmp_path / "out"), "--count", "50"]
    assert main([*words, "--window", "5"]) == 0
    told = capsys.readouterr()
    assert told.out.startswith("2 pairs")
    assert "expected 50 pairs, the frames without cuts are enough for 2" in told.err


def test_damaged_and_small_photos_are_left_out_with_a_word(photos, tmp_path, caplog):
    (photos / "0.png").write_bytes(b"rubbish")
    cv2.imwrite(str(photos / "1.png"), scene(40))
    out = tmp_path / "out"
    words = ["synthesize", str(photos), "-o", str(out), "--count", "6", "--size-px", "64"]
    assert main([*words, "--blur", "document_share=0"]) == 0
    assert {row["source"] for row in rows_of(out)} == {"2.png", "3.png"}
    told = sorted(record.getMessage() for record in caplog.records)
    assert len(told) == 2
    assert told[0].startswith("left out: 0.png in ")
    assert told[1] == "left out: 1.png has 40x40 pixels, expected 96 or more each way"


def test_videos_that_cannot_be_used_are_left_out_with_a_word(tmp_path, caplog):
    folder = tmp_path / "videos"
    folder.mkdir()
    clip_of(folder / "good.mp4")
    clip_of(folder / "short.mp4", 3)
    (folder / "cut.mp4").write_bytes((folder / "good.mp4").read_bytes()[:2000])
    out = tmp_path / "out"
    words = ["synthesize", str(folder), "-o", str(out), "--count", "3", "--window", "5"]
    assert main(words) == 0
    assert {row["source"] for row in rows_of(out)} == {"good.mp4"}
    told = sorted(record.getMessage() for record in caplog.records)
    assert len(told) == 2
    assert all(text.startswith("left out: ") for text in told)
    assert any("short.mp4" in text for text in told)


FAULTS = {
    "unknown": (["--blur", "noise_shar=1"], "did you mean 'noise_share'?"),
    "unfit": (["--blur", "noise_share=2"], "less than or equal to 1"),
    "no value": (["--blur", "noise_share"], "is not KEY=VALUE"),
    "size": (["--size-px", "8"], "neither 'full' nor a whole number from 16 on"),
    "window": (["--window", "5"], "--window, --gamma and --between-count are for videos"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_wrong_request_is_refused_before_the_work(photos, tmp_path, capsys, fault):
    words, sentence = FAULTS[fault]
    out = tmp_path / "out"
    assert main(["synthesize", str(photos), "-o", str(out), *words]) == 2
    assert sentence in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nowhere"], "there is no file or folder"),
        (["empty"], "there is no photo and no video in"),
        (["photos", "a.mp4"], "expected photos or videos, got both"),
        (["photos", "--size-px", "150"], "expected 182 or more each way"),
        (["a.mp4", "--window", "13"], "at least 13 frames to average, got 12"),
        (["a.mp4", "--window", "4"], "an odd number of frames"),
        (["a.mp4", "--size-px", "100"], "frames of 128x96 pixels, expected 100 or more"),
    ],
)
def test_sources_that_do_not_fit_are_named(photos, tmp_path, capsys, words, sentence, monkeypatch):
    monkeypatch.chdir(tmp_path)
    clip_of(tmp_path / "a.mp4")
    (tmp_path / "empty").mkdir()
    assert main(["synthesize", *words, "-o", "out"]) in {1, 2}
    assert sentence in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mp4", "empty", "photos"]


def test_only_the_photos_that_training_leaves_out_are_taken(photos, tmp_path):
    for index in range(4, 24):
        cv2.imwrite(str(photos / f"{index:02}.png"), scene(160, index, 200)[..., ::-1])
    out = tmp_path / "out"
    words = ["synthesize", str(photos), "-o", str(out), "--count", "6", "--size-px", "64"]
    assert main([*words, "--blur", "document_share=0", "--held-out"]) == 0
    names = sorted(path.name for path in photos.iterdir())
    assert {row["source"] for row in rows_of(out)} == {names[0], names[20]}
