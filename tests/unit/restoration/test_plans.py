"""Naming results, and refusing a request before anything is started."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from unblur.errors import ConfigError, InputError, OutputError
from unblur.media.codecs import VideoCodec
from unblur.restoration.plans import plan_jobs


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder `photos` with two pictures, one of them further down."""
    folder = tmp_path / "photos"
    (folder / "inner").mkdir(parents=True)
    (folder / "a.jpg").touch()
    (folder / "inner" / "b.png").touch()
    return folder


def test_results_lie_beside_their_inputs(photos: Path) -> None:
    plan = plan_jobs([photos], is_recursive=True)
    targets = [job.target for job in plan.jobs]
    assert targets == [photos / "a_unblurred.jpg", photos / "inner" / "b_unblurred.png"]


def test_a_folder_keeps_its_tree_under_the_output_folder(photos: Path, tmp_path: Path) -> None:
    plan = plan_jobs([photos], output=tmp_path / "out", is_recursive=True)
    targets = [job.target.relative_to(tmp_path / "out").as_posix() for job in plan.jobs]
    assert targets == ["a_unblurred.jpg", "inner/b_unblurred.png"]


def test_one_input_may_be_given_the_name_of_its_result(photos: Path) -> None:
    plan = plan_jobs([photos / "a.jpg"], output=photos / "better.png")
    assert plan.jobs[0].target == photos / "better.png"


@pytest.mark.parametrize("output", ["out", "out.d/", "out.jpg/"])
def test_an_output_without_an_ending_is_a_folder(photos: Path, output: str) -> None:
    plan = plan_jobs([photos / "a.jpg"], output=output)
    assert plan.jobs[0].target == Path(output) / "a_unblurred.jpg"


def test_a_folder_with_the_name_of_a_picture_is_a_folder(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "out.jpg").mkdir()
    plan = plan_jobs([photos / "a.jpg"], output=tmp_path / "out.jpg")
    assert plan.jobs[0].target == tmp_path / "out.jpg" / "a_unblurred.jpg"


def test_several_inputs_cannot_become_one_file(photos: Path) -> None:
    with pytest.raises(ConfigError, match="2 inputs cannot all be written to the file"):
        plan_jobs([photos], output="x.jpg", is_recursive=True)


def test_a_picture_cannot_become_a_video(photos: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot write the picture .* a video"):
        plan_jobs([photos / "a.jpg"], output="x.mp4")


def test_an_output_folder_cannot_be_a_file(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    with pytest.raises(ConfigError, match="expected a folder"):
        plan_jobs([photos / "a.jpg"], output=tmp_path / "taken")


@pytest.mark.parametrize("name", ["a.jpg", "a.avi"])
def test_of_two_results_of_one_name_the_second_is_refused(tmp_path: Path, name: str) -> None:
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        for each in (name, f"{folder}.jpg"):
            (tmp_path / folder / each).touch()
    plan = plan_jobs([tmp_path / "x", tmp_path / "y"], output=tmp_path / "out")
    assert [job.source.name for job in plan.jobs] == [name, "x.jpg", "y.jpg"]
    (refusal,) = plan.refusals
    assert refusal.path == tmp_path / "y" / name
    assert "would both be written to" in refusal.reason


def test_a_comparison_with_the_name_of_an_input_is_refused(tmp_path: Path) -> None:
    for name in ("a.jpg", "a_compare.jpg"):
        (tmp_path / name).touch()
    plan = plan_jobs([tmp_path / "a.jpg", tmp_path / "a_compare.jpg"], wants_compare=True)
    assert [job.source.name for job in plan.jobs] == ["a_compare.jpg"]
    assert "a.jpg would replace the input" in plan.refusals[0].reason


def test_an_input_is_never_replaced_by_its_own_result_even_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    (tmp_path / "link.jpg").symlink_to(tmp_path / "a.jpg")
    for output in ("a.jpg", "link.jpg"):
        with pytest.raises(ConfigError, match="would replace the input"):
            plan_jobs([tmp_path / "a.jpg"], output=tmp_path / output, overwrites=True)


def test_an_unknown_ending_of_the_output_is_a_folder_only_where_that_is_said(photos: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot write to out.xyz: .xyz is no ending .*out.xyz/"):
        plan_jobs([photos / "a.jpg"], output="out.xyz")
    for inputs, output in (([photos / "a.jpg"], "out.xyz/"), ([photos], "out.xyz")):
        (job, *_) = plan_jobs(inputs, output=output).jobs
        assert job.target == Path("out.xyz", "a_unblurred.jpg")


def test_the_result_of_the_only_input_is_not_replaced_unasked(photos: Path) -> None:
    (photos / "a_unblurred.jpg").touch()
    with pytest.raises(ConfigError, match="--overwrite"):
        plan_jobs([photos / "a.jpg"])
    assert len(plan_jobs([photos / "a.jpg"], overwrites=True).jobs) == 1
    assert len(plan_jobs([photos], is_recursive=True).jobs) == 2


def test_a_broken_link_with_the_name_of_the_result_counts_as_existing(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    (tmp_path / "a_unblurred.jpg").symlink_to(tmp_path / "gone.jpg")
    with pytest.raises(ConfigError, match="exists"):
        plan_jobs([tmp_path / "a.jpg"])


def test_a_result_whose_name_is_too_long_does_not_exist(tmp_path: Path) -> None:
    long = tmp_path / f"{'x' * 250}.jpg"
    long.touch()
    assert plan_jobs([long]).jobs[0].source == long


def test_one_missing_input_among_others_does_not_stop_them(photos: Path) -> None:
    plan = plan_jobs([photos / "a.jpg", photos / "missing.jpg"])
    assert len(plan.jobs) == 1
    assert plan.refusals[0].path.name == "missing.jpg"


@pytest.mark.parametrize(
    ("inputs", "sentence"),
    [
        ([], "give a picture, a video, a folder"),
        (["missing.jpg"], "there is no file or folder 'missing.jpg'"),
        (["missing.jpg", "gone.jpg"], "there is no file or folder 'missing.jpg'"),
    ],
)
def test_nothing_to_restore_is_said(inputs: list[str], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        plan_jobs(inputs)


def test_an_empty_folder_is_said_with_the_way_deeper(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no picture or video in .*--recursive"):
        plan_jobs([tmp_path])
    with pytest.raises(InputError, match=r"no picture or video in [^;]*$"):
        plan_jobs([tmp_path], is_recursive=True)


def test_a_folder_of_results_only_is_said(tmp_path: Path) -> None:
    (tmp_path / "a_unblurred.jpg").touch()
    with pytest.raises(InputError, match="names there end in _unblurred"):
        plan_jobs([tmp_path])


def test_what_was_left_out_is_named(photos: Path) -> None:
    (photos / "a_unblurred.jpg").touch()
    (photos / "notes.txt").touch()
    (photos / "list.txt").touch()
    plan = plan_jobs([photos])
    result, others = photos / "a_unblurred.jpg", [photos / "list.txt", photos / "notes.txt"]
    assert plan.notes == (
        f"skipped {result}: named like a result of unblur",
        f"skipped {others[0]}, {others[1]}: no picture or video of a kind that unblur reads",
    )
    assert [refusal.path for refusal in plan.skipped] == [result, *others]


def test_of_many_files_that_were_left_out_the_first_are_named(photos: Path) -> None:
    for index in range(8):
        (photos / f"{index}.txt").touch()
    plan = plan_jobs([photos])
    assert f"{photos / '4.txt'} and 3 more: no picture or video" in plan.notes[0]
    assert len(plan.skipped) == 8


@pytest.mark.parametrize(
    "names", [("a.mp4", "a.mov"), ("a.mp4", "a_preview2.png"), ("a_preview2.png", "a.mp4")]
)
def test_of_two_that_would_write_one_preview_the_second_is_refused(
    tmp_path: Path, names: tuple[str, str]
) -> None:
    for name in names:
        (tmp_path / name).touch()
    plan = plan_jobs([tmp_path / name for name in names], preview_count=2)
    assert [job.source.name for job in plan.jobs] == [names[0]]
    assert "would both be written to" in plan.refusals[0].reason


def test_a_preview_that_is_there_is_not_replaced_unasked(tmp_path: Path) -> None:
    source, preview = tmp_path / "a.mp4", tmp_path / "a_preview2_unblurred.png"
    source.touch()
    preview.touch()
    with pytest.raises(ConfigError) as refused:
        plan_jobs([source], preview_count=2)
    told = f"{preview} exists; overwrite it (--overwrite) or name another output"
    assert str(refused.value) == told
    (job,) = plan_jobs([source], preview_count=2, overwrites=True).jobs
    assert job.preview_targets == (tmp_path / "a_preview1_unblurred.png", preview)
    assert plan_jobs([source], preview_count=1).jobs


def test_a_comparison_lies_beside_the_result_and_is_for_pictures(tmp_path: Path) -> None:
    for name in ("a.jpg", "b.mp4"):
        (tmp_path / name).touch()
    plan = plan_jobs([tmp_path], wants_compare=True)
    assert [job.compare_target for job in plan.jobs] == [tmp_path / "a_compare.jpg", None]
    assert "for pictures only" in plan.notes[0]


def test_previews_of_pictures_alone_are_told_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    assert "previews are of videos only" in plan_jobs([tmp_path], preview_count=2).notes[0]
    (tmp_path / "b.mp4").touch()
    assert plan_jobs([tmp_path], preview_count=2).notes == ()


@pytest.mark.parametrize(
    ("name", "codec", "result"),
    [
        ("a.mp4", "h264", "a_unblurred.mp4"),
        ("a.MOV", "prores", "a_unblurred.MOV"),
        ("a.mp4", "ffv1", "a_unblurred.mkv"),
        ("a.webm", "h264", "a_unblurred.mkv"),
        ("a.webm", "av1", "a_unblurred.webm"),
    ],
)
def test_a_container_that_does_not_hold_the_codec_becomes_matroska(
    tmp_path: Path, name: str, codec: str, result: str
) -> None:
    (tmp_path / name).touch()
    plan = plan_jobs([tmp_path / name], video_codec=codec)
    assert plan.jobs[0].target.name == result


@pytest.mark.parametrize("has_output", [False, True])
def test_videos_that_become_matroska_under_one_name_keep_their_endings_in_it(
    tmp_path: Path, has_output: bool
) -> None:
    for name in ("a.avi", "a.mpg", "b.avi", "c.avi", "c.mkv", "d.jpg"):
        (tmp_path / name).touch()
    plan = plan_jobs([tmp_path], output=tmp_path / "out" if has_output else None)
    assert {job.source.name: job.target.name for job in plan.jobs} == {
        "a.avi": "a.avi_unblurred.mkv",
        "a.mpg": "a.mpg_unblurred.mkv",
        "b.avi": "b_unblurred.mkv",
        "c.avi": "c.avi_unblurred.mkv",
        "c.mkv": "c_unblurred.mkv",
        "d.jpg": "d_unblurred.jpg",
    }
    for job in plan.jobs:
        job.target.parent.mkdir(exist_ok=True)
        job.target.touch()
    assert len(plan_jobs([tmp_path]).jobs) == 6  # results are known as such


@pytest.mark.parametrize(
    ("codec", "target", "sentence"),
    [
        ("h264", "b.webm", "h264 does not go into .webm files"),
        ("ffv1", "b.mp4", "ffv1 does not go into .mp4 files"),
        ("h264", "b.wmv", "cannot write video to .wmv files"),
    ],
)
def test_a_codec_that_the_named_container_does_not_hold_is_refused(
    tmp_path: Path, codec: VideoCodec, target: str, sentence: str
) -> None:
    (tmp_path / "a.mp4").touch()
    with pytest.raises(OutputError, match=sentence):
        plan_jobs([tmp_path / "a.mp4"], output=tmp_path / target, video_codec=codec)


def test_a_codec_that_ffmpeg_lacks_is_refused_where_there_is_a_video(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.mp4", "b.jpg"):
        (tmp_path / name).touch()
    monkeypatch.setattr(av, "codecs_available", {"ffv1"})
    with pytest.raises(OutputError, match="cannot encode h264"):
        plan_jobs([tmp_path])
    assert plan_jobs([tmp_path / "b.jpg"]).jobs
