"""Finding and reading sharp photos."""

import tarfile

import numpy as np
import pytest

cv2 = pytest.importorskip("cv2")

from tests.blur_tools import scene  # noqa: E402
from tests.pictures import picture_of, smooth  # noqa: E402
from unblur.data.photos import find_photos, load_photos, random_scene  # noqa: E402
from unblur.errors import InputError, MediaError  # noqa: E402
from unblur.media.image_files import write_picture  # noqa: E402

pytestmark = pytest.mark.torch


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for index in range(22):
        picture = cv2.resize(scene(76, index), (640, 608), interpolation=cv2.INTER_NEAREST)
        cv2.imwrite(str(folder / f"{index:02}.png"), picture[..., ::-1])
    return folder


def test_every_twentieth_photo_is_held_out(photos):
    training, held_out = load_photos(photos), load_photos(photos, held_out=True)
    assert (len(training.scenes), len(held_out.scenes)) == (20, 2)
    assert not any(np.array_equal(a, b) for a in training.scenes for b in held_out.scenes)


def test_photos_in_an_archive_are_those_beside_it(photos, tmp_path):
    archive = tmp_path / "photos.tar"
    with tarfile.open(archive, "w") as members:
        for path in sorted(photos.iterdir()):
            members.add(path, path.name)
        members.add(photos / "00.png", "._hidden.png")
    inside, outside = find_photos([archive]), find_photos([photos])
    assert [photo.name for photo in inside] == [photo.name for photo in outside]
    assert np.array_equal(inside[5].read(), outside[5].read())


def test_photos_of_phones_are_read_as_pictures_are(tmp_path):
    pixels = smooth()
    write_picture(picture_of(pixels), tmp_path / "a.heic")
    (photo,) = find_photos([tmp_path])
    assert np.abs(photo.read().astype(int) - pixels).mean() < 12
    (tmp_path / "a.heic").write_bytes(b"damaged")
    with pytest.raises(MediaError, match=r"a\.heic"):
        photo.read()


def test_a_source_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match=r"there is no file or folder .*nowhere"):
        find_photos([tmp_path / "nowhere"])


def test_a_damaged_archive_is_named(tmp_path):
    (tmp_path / "photos.tar").write_bytes(b"rubbish" * 100)
    with pytest.raises(InputError, match=r"photos\.tar is damaged or no tar archive"):
        find_photos([tmp_path])


def test_a_damaged_photo_is_named(photos):
    (photos / "03.png").write_bytes(b"")
    with pytest.raises(MediaError, match=r"03\.png in .* is damaged"):
        find_photos([photos])[3].read()
    with pytest.raises(InputError, match=r"1 of the 22 pictures .* are damaged.*03\.png"):
        load_photos(photos)


def test_a_folder_without_photos_is_an_error(tmp_path):
    with pytest.raises(InputError, match="no picture of 600 px or more"):
        load_photos(tmp_path)


def test_a_part_without_a_scene_is_named(photos):
    for name in ("00.png", "20.png"):
        cv2.imwrite(str(photos / name), np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(InputError, match=r"among those that are held out \(every 20th by name, "):
        load_photos(photos, held_out=True)


def test_scenes_are_cut_from_photos_or_drawn(photos):
    pool = load_photos(photos)
    cut, drawn = (
        random_scene(pool, 64, np.random.default_rng(2), document_share=share) for share in (0, 1)
    )
    assert cut.shape == drawn.shape == (64, 64, 3)
    assert not np.array_equal(cut, drawn)
