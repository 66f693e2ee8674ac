"""RealBlur: really blurred photos and sharp ones, taken at once with two cameras.

Rim, Lee, Won, Cho, "Real-World Blur Dataset for Learning and Benchmarking Deblurring
Algorithms", ECCV 2020. RealBlur-J is from the camera's JPEG, RealBlur-R from raw. As its
authors publish it (github.com/rimchang/RealBlur), with lists of "sharp blurry" paths:

    RealBlur_{J,R}_{train,test}_list.txt
    RealBlur-J_ECC_IMCORR_centroid_itensity_ref/scene001/{gt/gt_1.png,blur/blur_1.png}
    RealBlur-R_BM3D_ECC_IMCORR_centroid_itensity_ref/...

The authors' own figures allow for a shift between the two (their
evaluation_RealBlur_ecc.py); plain PSNR on these pairs is lower than those.
"""

from __future__ import annotations

from pathlib import Path

from unblur.data.datasets.trees import Part, enter
from unblur.data.pair_files import PairFiles, name_some
from unblur.errors import InputError


def find_realblur(path: Path, part: Part, *, kind: str) -> list[PairFiles]:
    """The pairs of one part; `kind` is "J" or "R". Raises InputError that says what is missing."""
    root = enter(path, "RealBlur")
    list_path = root / f"RealBlur_{kind}_{part}_list.txt"
    try:
        lines = list_path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"cannot read {list_path}; expected the published list of pairs beside the folder "
            f"RealBlur-{kind}_..."
        ) from error
    pairs = [
        _read_line(line, root, f"line {number} of {list_path}")
        for number, line in enumerate(lines, start=1)
        if line.strip()
    ]
    if not pairs:
        raise InputError(f"{list_path} is empty; get the published list of pairs again")
    missing = [file for pair in pairs for file in (pair.blurry, pair.sharp) if not file.is_file()]
    if missing:
        raise InputError(
            f"{len(missing)} files that {list_path} names are not there: {name_some(missing)}; "
            f"unpack RealBlur into {root}"
        )
    return pairs


def _read_line(line: str, root: Path, where: str) -> PairFiles:
    """The pair that a line of a list names; `where` it stands is for the error."""
    words = line.split()
    if len(words) != 2:
        raise InputError(f"{where} is {line!r}; expected the paths of a sharp and a blurry picture")
    sharp, blurry = (root / word for word in words)
    scene = blurry.parent.parent.name
    return PairFiles(f"{scene}/{blurry.stem}", blurry, sharp, scene)
