"""Each published layout is read as it is published, and what a copy lacks is named."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.pair_trees import write_files
from unblur.data.datasets import DATASETS, Part, find_dataset, open_dataset
from unblur.data.datasets.dvd import TEST_SCENES
from unblur.data.datasets.kohler import find_trajectories
from unblur.data.pair_files import PairFiles
from unblur.errors import ConfigError, InputError, UnknownNameError

GOPRO_FOLDERS = ("blur", "blur_gamma", "sharp")
J_FOLDER = "RealBlur-J_ECC_IMCORR_centroid_itensity_ref"


def gopro(root: Path) -> None:
    for scene in ("train/GOPR0372_07_00", "train/GOPR0374_11_01", "test/GOPR0384_11_00"):
        for folder in GOPRO_FOLDERS:
            write_files(root / "GOPRO_Large" / scene / folder, ["000001.png", "000002.png"])


def dvd(root: Path) -> None:
    for scene in ("720p_240fps_1", "IMG_0001", *sorted(TEST_SCENES)[:2]):
        for folder in ("input", "GT"):
            where = root / "DeepVideoDeblurring_Dataset" / "quantitative_datasets" / scene
            write_files(where / folder, ["00000.jpg", "00001.jpg"])


def reds(root: Path) -> None:
    for split in ("train", "val"):
        for kind in ("blur", "sharp", "blur_comp", "blur_bicubic/X4", "sharp_bicubic/X4"):
            files = [f"{scene}/{frame:08}.png" for scene in ("000", "001") for frame in (0, 1)]
            write_files(root / "REDS" / split / f"{split}_{kind}", files)
        jpegs = ["000/00000000.jpg", "000/00000001.jpg", "001/00000000.jpg", "001/00000001.jpg"]
        write_files(root / "REDS" / split / f"{split}_blur_jpeg", jpegs)


def realblur(root: Path) -> None:
    folders = {"J": J_FOLDER, "R": "RealBlur-R_BM3D_ECC_IMCORR_centroid_itensity_ref"}
    for kind, folder in folders.items():
        for part, scene in (("train", "scene001"), ("test", "scene230")):
            names = [
                tuple(f"{folder}/{scene}/{of}/{of}_{at}.png" for of in ("gt", "blur"))
                for at in (1, 2)
            ]
            write_files(root, [name for pair in names for name in pair])
            lines = "".join(f"{sharp} {blurry} \n" for sharp, blurry in names)
            (root / f"RealBlur_{kind}_{part}_list.txt").write_text(lines)


def hide(root: Path) -> None:
    files = {
        "train": ["1fromGOPR1037.MP4.png", "2fromGOPR1037.MP4.png"],
        "test/test-close-ups": ["1fromGOPR0950.png"],
        "test/test-long-shot": ["3fromGOPR0950.png"],
        "GT": ["1fromGOPR1037.png", "2fromGOPR1037.MP4.png", "1fromGOPR0950.png"],
    }
    for folder, names in files.items():
        write_files(root / "HIDE_dataset" / folder, names)
    write_files(root / "HIDE_dataset" / "GT", ["3fromGOPR0950.png", "4fromGOPR0950.png"])


def kohler(root: Path) -> None:
    for photo, shake in ((1, 1), (1, 12), (4, 2)):
        write_files(root / "BlurryImages", [f"Blurry{photo}_{shake}.png"])
        names = [f"GroundTruth{photo}_{shake}_{at}.png" for at in (1, 2, 9, 10, 11)]
        write_files(root / f"Image{photo}" / f"Kernel{shake}", names)


TREES = {
    "gopro": gopro,
    "dvd": dvd,
    "reds": reds,
    "realblur_j": realblur,
    "realblur_r": realblur,
    "hide": hide,
    "kohler": kohler,
}


def read(root: Path, name: str, part: Part, variant: str | None = None) -> list[PairFiles]:
    """The pairs of a fresh tree; all their files are there, and no name comes twice."""
    TREES[name](root)
    pairs = open_dataset(name, root, part, variant=variant)
    assert all(pair.blurry.is_file() and pair.sharp.is_file() for pair in pairs)
    assert all(pair.scene for pair in pairs)
    assert len({pair.name for pair in pairs}) == len(pairs)
    return pairs


def paths(root: Path, pair: PairFiles) -> tuple[str, str]:
    """The files of `pair` as seen from `root`."""
    return pair.blurry.relative_to(root).as_posix(), pair.sharp.relative_to(root).as_posix()


@pytest.mark.parametrize(
    ("name", "part", "variant", "count", "scenes", "first"),
    [
        ("gopro", "train", None, 4, 2, "train/GOPR0372_07_00/{blur|sharp}/000001.png"),
        ("gopro", "test", "gamma", 2, 1, "test/GOPR0384_11_00/{blur_gamma|sharp}/000001.png"),
        ("dvd", "train", None, 4, 2, "720p_240fps_1/{input|GT}/00000.jpg"),
        ("dvd", "test", None, 4, 2, "720p_240fps_2/{input|GT}/00000.jpg"),
        ("reds", "train", None, 4, 2, "train/{train_blur|train_sharp}/000/00000000.png"),
        ("reds", "test", "blur_comp", 4, 2, "val/{val_blur_comp|val_sharp}/000/00000000.png"),
        ("reds", "test", "blur_bicubic", 4, 2, "val/val_{blur|sharp}_bicubic/X4/000/00000000.png"),
        ("realblur_j", "train", None, 2, 1, J_FOLDER + "/scene001/{blur/blur_1|gt/gt_1}.png"),
        ("realblur_j", "test", None, 2, 1, J_FOLDER + "/scene230/{blur/blur_1|gt/gt_1}.png"),
        ("realblur_r", "test", None, 2, 1, "itensity_ref/scene230/{blur/blur_1|gt/gt_1}.png"),
        ("hide", "test", None, 2, 1, "HIDE_dataset/{test/test-close-ups|GT}/1fromGOPR0950.png"),
        ("hide", "test", "long-shot", 1, 1, "{test/test-long-shot|GT}/3fromGOPR0950.png"),
        ("kohler", "test", None, 3, 2, "/{Blurry1_1|GroundTruth1_1_9}.png"),
    ],
)
def test_a_published_tree_gives_its_pairs(
    tmp_path: Path, name: str, part: Part, variant: str | None, count: int, scenes: int, first: str
) -> None:
    pairs = read(tmp_path, name, part, variant)
    assert (len(pairs), len({pair.scene for pair in pairs})) == (count, scenes)
    head, _, rest = first.partition("{")
    (blurry, _, sharp), tail = rest.partition("}")[0].partition("|"), first.partition("}")[2]
    found = paths(tmp_path, pairs[0])
    if name == "kohler":
        assert found[0] == "BlurryImages/Blurry1_1.png"
        assert found[1] == "Image1/Kernel1/GroundTruth1_1_9.png"
    else:
        assert found[0].endswith(head + blurry + tail)
        assert found[1].endswith(head + sharp + tail)


def test_parts_have_no_scene_in_common(tmp_path: Path) -> None:
    for name in ("gopro", "dvd", "realblur_j", "hide"):
        scenes = [
            {pair.scene for pair in read(tmp_path / name, name, part)} for part in ("train", "test")
        ]
        assert not scenes[0] & scenes[1], name


def test_the_path_may_lead_into_the_data_set(tmp_path: Path) -> None:
    read(tmp_path, "gopro", "test")
    assert len(open_dataset("gopro", tmp_path / "GOPRO_Large", "test")) == 2


def test_flat_copies_of_gopro_keep_their_scenes(tmp_path: Path) -> None:
    for folder in ("input", "target"):
        names = ["GOPR0384_11_00-000001.png", "GOPR0384_11_05-000001.png"]
        write_files(tmp_path / "GoPro" / "train" / folder, names)
    pairs = open_dataset("gopro", tmp_path / "GoPro", "train")
    assert [pair.scene for pair in pairs] == ["GOPR0384_11_00", "GOPR0384_11_05"]


def test_jpeg_frames_find_their_png_partners(tmp_path: Path) -> None:
    pair = read(tmp_path, "reds", "train", "blur_jpeg")[0]
    assert (pair.blurry.suffix, pair.sharp.suffix) == (".jpg", ".png")


def test_a_trajectory_has_its_frames_in_order(tmp_path: Path) -> None:
    kohler(tmp_path)
    trajectories = find_trajectories(tmp_path)
    assert [each.name for each in trajectories] == ["1_1", "1_12", "4_2"]
    assert [path.stem.split("_")[-1] for path in trajectories[1].frames] == [
        "1",
        "2",
        "9",
        "10",
        "11",
    ]


@pytest.mark.parametrize(
    ("name", "part", "gone", "sentence"),
    [
        ("gopro", "train", "GOPRO_Large/train", "there is no folder .*/train; .*holds test"),
        (
            "gopro",
            "train",
            "GOPRO_Large/train/GOPR0374_11_01/sharp/000002.png",
            r"GOPR0374_11_01/blur: 1 pictures have no partner in .*sharp: 000002;",
        ),
        ("gopro", "test", "GOPRO_Large/test/GOPR0384_11_00/blur", "blur, which is not there"),
        ("gopro", "test", "GOPRO_Large/test/GOPR0384_11_00", "holds no scenes; expected folders"),
        (
            "dvd",
            "test",
            "DeepVideoDeblurring_Dataset/quantitative_datasets/IMG_0001/GT",
            "IMG_0001/GT, which is not there: 00000, 00001;",
        ),
        ("reds", "test", "REDS/val/val_sharp", "expected val_sharp.zip, unpacked, in it"),
        ("reds", "train", "REDS/train/train_blur/001", "001, which is not there"),
        (
            "realblur_j",
            "test",
            "RealBlur_J_test_list.txt",
            "cannot read .*RealBlur_J_test_list.txt; expected the published list",
        ),
        (
            "realblur_j",
            "test",
            J_FOLDER + "/scene230/gt/gt_2.png",
            "1 files that .*RealBlur_J_test_list.txt names are not there: .*gt_2.png; unpack",
        ),
        ("hide", "train", "HIDE_dataset/GT", "there is no folder .*GT; expected the sharp"),
        (
            "hide",
            "test",
            "HIDE_dataset/GT/3fromGOPR0950.png",
            "test-long-shot: 1 pictures have no partner in .*GT: 3fromGOPR0950;",
        ),
        ("hide", "test", "HIDE_dataset/test/test-close-ups", "close-ups; expected blurry pictures"),
        ("kohler", "test", "BlurryImages", "holds no Blurry1_1.png; unpack BlurryImages.zip"),
        ("kohler", "test", "Image4", "expected GroundTruth_pngs_Image4.zip, unpacked, in it"),
        ("kohler", "test", "Image1/Kernel12", "there is no folder .*Image1/Kernel12; expected"),
    ],
)
def test_what_a_copy_lacks_is_named(
    tmp_path: Path, name: str, part: Part, gone: str, sentence: str
) -> None:
    TREES[name](tmp_path)
    path = tmp_path / gone
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.raises(InputError, match=sentence):
        open_dataset(name, tmp_path, part)


@pytest.mark.parametrize("name", TREES)
def test_a_folder_that_is_not_there_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="gone"):
        open_dataset(name, tmp_path / "gone", "test")


def test_dvd_names_the_test_scenes_where_there_are_none(tmp_path: Path) -> None:
    for folder in ("input", "GT"):
        write_files(tmp_path / "IMG_0001" / folder, ["00000.jpg"])
    with pytest.raises(InputError, match="no test scene; expected 720p_240fps_2, IMG_0003"):
        open_dataset("dvd", tmp_path, "test")


def test_a_line_of_a_list_that_is_no_pair_is_named(tmp_path: Path) -> None:
    realblur(tmp_path)
    (tmp_path / "RealBlur_R_test_list.txt").write_text("\nonly/one.png\n")
    with pytest.raises(InputError, match=r"line 2 of .*list\.txt is 'only/one\.png'; expected"):
        open_dataset("realblur_r", tmp_path, "test")
    (tmp_path / "RealBlur_R_test_list.txt").write_text("\n")
    with pytest.raises(InputError, match="is empty"):
        open_dataset("realblur_r", tmp_path, "test")


@pytest.mark.parametrize(
    ("name", "part", "variant", "sentence"),
    [
        ("gopro", "test", "blurred", "GoPro has no variant 'blurred'; known: linear, gamma"),
        ("kohler", "train", None, "Köhler has no part 'train'; known: test"),
        ("hide", "train", "close-ups", "HIDE has no part 'train'; known: test"),
        ("nfs", "train", None, "NFS is frames, not pairs; make pairs of them first"),
    ],
)
def test_what_a_set_does_not_have_is_told_with_what_it_has(
    tmp_path: Path, name: str, part: Part, variant: str | None, sentence: str
) -> None:
    with pytest.raises(ConfigError, match=sentence):
        open_dataset(name, tmp_path, part, variant=variant)


@pytest.mark.parametrize("name", ["folder", "mine", "gopro"])
def test_blurry_and_sharp_are_a_folder_of_pairs_whatever_the_name(
    tmp_path: Path, name: str
) -> None:
    write_files(tmp_path, ["blurry/a.png", "sharp/a.png"])
    assert [pair.name for pair in open_dataset(name, tmp_path)] == ["a"]


def test_an_unknown_name_on_a_path_without_pairs_tells_both_ways_out(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no pairs; .* or name a data set: folder, gopro"):
        open_dataset("mine", tmp_path)


def test_the_nearest_name_is_suggested() -> None:
    with pytest.raises(UnknownNameError, match=r"'gopor'; did you mean 'gopro'\? known: folder"):
        find_dataset("gopor")
    assert find_dataset("dvd") is DATASETS["dvd"]
