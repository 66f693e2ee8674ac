"""`unblur data` on small copies of data sets."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.pair_trees import sharp_pixels, write_files, write_folder_pairs, write_pair
from unblur.apps.cli.main import main
from unblur.data.datasets import DATASETS
from unblur.data.pair_files import find_folder_pairs, read_pair


def gopro(root: Path, parts: tuple[str, ...] = ("train", "test")) -> Path:
    for seed, part in enumerate(parts):
        for scene in ("GOPR0001_11_00", "GOPR0002_11_00"):
            where = root / "GOPRO_Large" / part / scene
            write_pair(where / "blur" / "1.png", where / "sharp" / "1.png", seed)
    return root


def test_check_says_once_what_all_parts_lack(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["data", "check", "gopro", str(tmp_path / "none")]) == 1
    assert capsys.readouterr().err.count("there is no folder") == 1


def test_check_says_what_each_part_holds(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["data", "check", "gopro", str(gopro(tmp_path))]) == 0
    streams = capsys.readouterr()
    heading, train, test = streams.out.splitlines()
    assert heading.split()[:5] == ["data", "part", "variant", "pairs", "scenes"]
    assert train.split()[:6] == ["gopro", "train", "linear", "2", "2", "60x40"]
    assert test.split()[1] == "test"
    assert "note: train: 2 pairs, but 2103 were published" in streams.err
    assert "note: test: 2 pairs, but 1111 were published" in streams.err


def test_a_part_that_is_missing_is_told_beside_the_one_that_is_there(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert main(["data", "check", "gopro", str(gopro(tmp_path, ("test",)))]) == 1
    streams = capsys.readouterr()
    assert len(streams.out.splitlines()) == 2
    assert "unblur: there is no folder" in streams.err
    assert main(["data", "check", "gopro", str(tmp_path), "--part", "test"]) == 0


def test_json_is_one_object_a_part(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    gopro(tmp_path, ("test",))
    assert main(["data", "check", "gopro", str(tmp_path), "--json"]) == 1
    train, test = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert "there is no folder" in train["error"]
    assert (train["part"], test["part"], test["error"]) == ("train", "test", None)
    assert (test["pair_count"], test["scene_count"], test["published_count"]) == (2, 2, 1111)
    assert test["sizes"] == {"60x40": 2}
    assert 5 < test["blurry_psnr_db"] < 20
    assert (test["swapped_count"], test["equal_count"]) == (0, 0)


def test_swapped_folders_and_equal_pictures_are_noticed(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    write_folder_pairs(tmp_path, ["a", "b", "c"])
    (tmp_path / "blurry").rename(tmp_path / "kept")
    (tmp_path / "sharp").rename(tmp_path / "blurry")
    (tmp_path / "kept").rename(tmp_path / "sharp")
    for part in ("blurry", "sharp"):
        Image.new("RGB", (50, 30)).save(tmp_path / part / "d.png")
    assert main(["data", "check", "folder", str(tmp_path)]) == 0
    streams = capsys.readouterr()
    assert "60x40 (3), 50x30 (1)" in streams.out
    assert "3 of 4 blurry pictures have more detail than their sharp ones" in streams.err
    assert "1 of 4 pairs are two equal pictures" in streams.err


def test_a_damaged_picture_in_the_sample_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    write_folder_pairs(tmp_path, ["a", "b"])
    write_files(tmp_path, ["blurry/c.png", "sharp/c.png"])
    assert main(["data", "check", "folder", str(tmp_path)]) == 1
    assert "c.png is empty" in capsys.readouterr().err
    assert main(["data", "check", "folder", str(tmp_path), "--sample", "1"]) == 0


def test_a_set_of_frames_tells_its_clips(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    write_files(tmp_path, [f"zebra/240/zebra/{number:05}.jpg" for number in (1, 2, 3)])
    assert main(["data", "check", "nfs", str(tmp_path)]) == 0
    assert "nfs: 1 clips, 3 frames at 240 per second" in capsys.readouterr().out
    assert main(["data", "check", "nfs", str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["frame_count"] == 3


def test_average_makes_pairs_of_clips(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    pytest.importorskip("cv2")
    wide = np.kron(sharp_pixels(3, 8, 20), np.ones((8, 8, 1), np.uint8))
    for scene in ("airboard_1", "zebra"):
        for at in range(9):
            path = tmp_path / "NFS" / scene / "240" / scene / f"{at + 1:05}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(wide[:, at : at + 64]).save(path)
    words = ["data", "average", "nfs", str(tmp_path), "-o", str(tmp_path / "out")]
    three = [*words, "--window", "3"]
    assert main([*three, "--count", "4", "--between-count", "0"]) == 0
    assert capsys.readouterr().out == f"4 pairs: {tmp_path / 'out'}\n"
    pairs = find_folder_pairs(tmp_path / "out")
    assert [pair.scene for pair in pairs] == ["airboard_1"] * 2 + ["zebra"] * 2
    blurry, sharp = read_pair(pairs[0])
    assert np.array_equal(sharp, wide[:, 1:65])
    light = np.mean([(wide[:, at : at + 64] / 255) ** 2.2 for at in range(3)], axis=0)
    assert np.abs(blurry - 255 * light ** (1 / 2.2)).max() <= 1
    assert main([*three, "--count", "2"]) == 1
    assert main([*three, "--count", "2", "--overwrite", "-q"]) == 0
    smoother = read_pair(find_folder_pairs(tmp_path / "out")[0])
    assert np.array_equal(smoother[1], sharp)
    assert not np.array_equal(smoother[0], blurry)
    capsys.readouterr()
    assert main([*words[:-1], str(tmp_path / "new"), "--window", "11"]) == 2
    assert "from 3 to 9 for the clip airboard_1; got 11" in capsys.readouterr().err
    assert main(["data", "average", "gopro", str(tmp_path), "-o", "out"]) == 2


def test_pack_writes_the_crops(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    source, target = str(gopro(tmp_path)), tmp_path / "packed"
    words = ["data", "pack", "gopro", source, "-o", str(target), "--size-px", "32"]
    assert main([*words, "--crops-per-pair", "3"]) == 0
    assert capsys.readouterr().out == f"{target}: crops of 32x32 from 2 pairs\n"
    assert np.load(target / "train" / "pairs.npy").shape == (3, 2, 32, 32, 3)
    assert np.load(target / "held_out" / "pairs.npy").shape == (1, 2, 32, 32, 3)
    assert main([*words, "--crops-per-pair", "3"]) == 1
    assert "is there already" in capsys.readouterr().err


def test_pack_tells_what_it_left_out_unless_quiet(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    write_folder_pairs(tmp_path / "in", [f"{index:03}" for index in range(100)])
    write_files(tmp_path / "in", ["blurry/050.png"])
    (tmp_path / "in" / "blurry" / "050.png").write_bytes(b"")
    words = ["--size-px", "16", "--crops-per-pair", "1", "-o"]
    words = ["data", "pack", "folder", str(tmp_path / "in"), *words]
    assert main([*words, str(tmp_path / "out")]) == 0
    assert "left out: " in capsys.readouterr().err
    assert main([*words, str(tmp_path / "other"), "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["check", "gopor", "."], "no data set named 'gopor'; did you mean 'gopro'?"),
        (["check", "hide", ".", "--variant", "far"], "HIDE has no variant 'far'; known: all,"),
        (["check", "kohler", ".", "--part", "train"], "has no part 'train'; known: test"),
        (["pack", "nfs", "."], "NFS is frames, not pairs"),
    ],
)
def test_a_wrong_request_gets_one_sentence(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture
) -> None:
    if words[0] == "pack":
        words = [*words, "-o", "out", "--size-px", "16", "--crops-per-pair", "1"]
    assert main(["data", *words]) == 2
    streams = capsys.readouterr()
    assert sentence in streams.err
    assert len(streams.err.splitlines()) == 1


def test_the_help_names_every_data_set(capsys: pytest.CaptureFixture) -> None:
    assert main(["data", "check", "--help"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert all(name in shown for name in DATASETS)
