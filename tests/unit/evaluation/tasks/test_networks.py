"""Detectors and segmenters from files: tiny ones made here, and the real development ones."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tests.conftest import SHARED_DATA
from unblur.errors import ConfigError, MissingExtraError, ModelError, install_command
from unblur.evaluation.candidates import Candidate
from unblur.evaluation.picture_sets import open_picture_set
from unblur.evaluation.quality_record import QualityRequest
from unblur.evaluation.tasks.coco import COCO_NAMES
from unblur.evaluation.tasks.detection import DetectionTask, YoloxDetector
from unblur.evaluation.tasks.libraries import (
    TorchvisionDetector,
    TorchvisionSegmenter,
    UltralyticsDetector,
)
from unblur.evaluation.tasks.opening import open_task
from unblur.evaluation.tasks.reading import RapidOcrReader
from unblur.evaluation.tasks.run import measure_task
from unblur.evaluation.tasks.segmentation import DeepLabSegmenter
from unblur.restoration.file_options import PICTURE_MODEL

onnx = pytest.importorskip("onnx")
pytest.importorskip("cv2")
SHARED_WEIGHTS = SHARED_DATA.parent / "weights"
PERSON, DOG = COCO_NAMES.index("person"), COCO_NAMES.index("dog")


def save_network(path: Path, nodes: list, shape: list[int], kind: int, out: tuple) -> Path:
    helper = onnx.helper
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("in", kind, shape)],
        [helper.make_tensor_value_info("out", *out)],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)]), path)
    return path


@pytest.fixture
def yolox(tmp_path: Path) -> Path:
    """A network for 32x32 pictures that sees one person twice and one dog, whatever it is given.

    Of 16 + 4 + 1 cells the one of stride 8 in column 1, row 2 says: centre half a cell
    further, 16 wide, 8 high; the one beside it the same but for a pixel, less surely.
    """
    raw = np.zeros((1, 21, 85), np.float32)
    raw[0, 2 * 4 + 1] = np.eye(85)[5 + PERSON]
    raw[0, 2 * 4 + 1, :5] = 0.5, 0.5, np.log(2), 0, 0.9
    raw[0, 2 * 4 + 2] = np.eye(85)[5 + PERSON]
    raw[0, 2 * 4 + 2, :5] = -0.5, 0.5, np.log(2), 0, 0.6
    raw[0, 16 + 3] = np.eye(85)[5 + DOG]
    raw[0, 16 + 3, :5] = 0, 0, 0, 0, 0.2
    helper = onnx.helper
    nodes = [
        helper.make_node("Constant", [], ["raw"], value=onnx.numpy_helper.from_array(raw)),
        helper.make_node("ReduceMin", ["in"], ["least"], keepdims=0),
        helper.make_node("Mul", ["least", "zero"], ["nothing"]),
        helper.make_node("Add", ["raw", "nothing"], ["out"]),
    ]
    zero = helper.make_node(
        "Constant", [], ["zero"], value=onnx.numpy_helper.from_array(np.float32(0))
    )
    float32 = onnx.TensorProto.FLOAT
    shape = [1, 3, 32, 32]
    path = tmp_path / "tiny.onnx"
    return save_network(path, [zero, *nodes], shape, float32, (float32, [1, 21, 85]))


def test_yolox_boxes_are_in_pixels_of_the_picture(yolox: Path) -> None:
    found = YoloxDetector(yolox).find(np.zeros((64, 128, 3), np.uint8))  # fitted at a quarter
    assert found.labels == ("person", "dog")
    assert found.scores == pytest.approx([0.9, 0.2])
    # centre ((1 + 0.5) * 8, (2 + 0.5) * 8) = (12, 20), half sides (8, 4), times 4
    assert found.boxes[0] == pytest.approx([16, 64, 80, 96])
    # cell (1, 1) of stride 16: centre (16, 16), half sides (8, 8), times 4
    assert found.boxes[1] == pytest.approx([32, 32, 96, 96])


def test_only_what_is_sure_counts_as_wanted_and_is_drawn(yolox: Path) -> None:
    task = DetectionTask("tiny", YoloxDetector(yolox))
    pixels = np.zeros((128, 128, 3), np.uint8)
    found = task.find(pixels)
    assert task.compare([(found, found)]) == {
        "ap50": 1,
        "recall50": 1,
        "wanted_count": 1,
        "found_count": 1,
    }
    drawn = task.draw(pixels, found)
    assert drawn.shape == pixels.shape
    assert drawn[64, 40].any()
    assert not drawn[90, 90].any()


def test_a_segmenter_gives_the_classes_of_the_picture_alone(tmp_path: Path) -> None:
    # the class of a pixel is its strongest channel
    int64 = onnx.TensorProto.INT64
    nodes = [onnx.helper.make_node("ArgMax", ["in"], ["out"], axis=3, keepdims=0)]
    path = tmp_path / "tiny.onnx"
    uint8 = onnx.TensorProto.UINT8
    save_network(path, nodes, [1, 16, 16, 3], uint8, (int64, [1, 16, 16]))
    pixels = np.zeros((8, 32, 3), np.uint8)
    pixels[:, :16, 1] = pixels[:, 16:, 2] = 200
    labels = DeepLabSegmenter(path).find(pixels)
    assert labels.tolist() == [[1] * 8 + [2] * 8] * 4


def test_files_that_do_not_fit_are_refused(yolox: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="does not take a uint8 picture"):
        DeepLabSegmenter(yolox)
    with pytest.raises(ModelError, match=r"expected an \.onnx or .tflite file that is there"):
        YoloxDetector(tmp_path / "missing.onnx")
    rubbish = tmp_path / "rubbish.onnx"
    rubbish.write_bytes(b"rubbish")
    with pytest.raises(ModelError, match=r"rubbish.onnx is not a network of a fixed size"):
        YoloxDetector(rubbish)
    with pytest.raises(ModelError, match="OpenCV cannot read the face detector"):
        open_task("faces", str(rubbish))
    with pytest.raises(ModelError, match="there is no face detector"):
        open_task("faces", "missing.onnx")


@pytest.mark.parametrize(
    ("name", "looks", "sentence"),
    [
        ("detection", None, "needs something that looks: give --with a YOLOX .onnx file"),
        ("segmentation", "ultralytics:x", "a DeepLab .tflite file or torchvision:NAME, got"),
        ("text", "tesseract", "give --with rapidocr, got 'tesseract'"),
    ],
)
def test_what_cannot_look_is_refused(name: str, looks: str | None, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        open_task(name, looks)


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ultralytics", None)
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    with pytest.raises(MissingExtraError, match="pip install ultralytics"):
        open_task("detection", "ultralytics:yolo11n.pt")
    with pytest.raises(MissingExtraError, match=re.escape(install_command("text"))):
        open_task("text", None)


def test_ultralytics_answers_are_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    seen: list[np.ndarray] = []

    class Yolo:
        def __init__(self, name: str) -> None:
            assert name == "yolo11n.pt"

        def predict(self, pixels: np.ndarray, conf: float, verbose: bool) -> list:
            seen.append(pixels)
            found = SimpleNamespace(
                xyxy=torch.tensor([[1.0, 2, 3, 4]]),
                conf=torch.tensor([0.5]),
                cls=torch.tensor([16.0]),
            )
            return [SimpleNamespace(boxes=found, names={16: "dog"})]

    monkeypatch.setitem(sys.modules, "ultralytics", SimpleNamespace(YOLO=Yolo))
    red = np.zeros((4, 4, 3), np.uint8)
    red[..., 0] = 255
    found = UltralyticsDetector("yolo11n.pt").find(red)
    assert (found.boxes.tolist(), found.labels) == ([[1, 2, 3, 4]], ("dog",))
    assert seen[0][0, 0].tolist() == [0, 0, 255]  # it takes BGR


def test_faces_are_boxes_with_their_scores(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import cv2

    class YuNet:
        """Sees one face, or none in a dark picture, as OpenCV's does."""

        def setInputSize(self, size: tuple[int, int]) -> None:  # noqa: N802
            self.size = size

        def detect(self, pixels: np.ndarray) -> tuple[int, np.ndarray | None]:
            assert self.size == (pixels.shape[1], pixels.shape[0])
            face = np.array([[10, 20, 30, 40, *[0] * 10, 0.9]], np.float32)
            return 1, face if pixels.any() else None

    monkeypatch.setattr(cv2.FaceDetectorYN, "create", lambda *arguments: YuNet())
    (tmp_path / "yunet.onnx").touch()
    task = open_task("faces", str(tmp_path / "yunet.onnx"))
    found = task.find(np.full((90, 60, 3), 50, np.uint8))
    assert (found.boxes.tolist(), found.labels) == ([[10, 20, 40, 60]], ("face",))
    assert found.scores == pytest.approx([0.9])
    nothing = task.find(np.zeros((90, 60, 3), np.uint8))
    assert nothing.boxes.shape == (0, 4)
    assert task.compare([(nothing, found)])["recall50"] == 0


@pytest.mark.torch
@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (TorchvisionDetector, "ssdlite320_mobilenet_v3_large"),
        (TorchvisionSegmenter, "lraspp_mobilenet_v3_large"),
    ],
)
def test_torchvision_networks_look(kind: type, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    models = pytest.importorskip("torchvision").models
    get_model = models.get_model
    monkeypatch.setattr(
        models, "get_model", lambda name, weights: get_model(name, weights_backbone=None)
    )
    found = kind(name).find(np.zeros((40, 60, 3), np.uint8))
    if kind is TorchvisionDetector:
        assert found.boxes.shape == (len(found.labels), 4)
    else:
        assert set(np.unique(found)) <= set(range(21))


@pytest.mark.torch
def test_names_that_torchvision_lacks_and_weights_that_cannot_be_had_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    models = pytest.importorskip("torchvision").models
    with pytest.raises(ModelError, match="torchvision has no no_such_network"):
        TorchvisionDetector("no_such_network")

    def fail(name: str, weights: object) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr(models, "get_model", fail)
    with pytest.raises(ModelError, match="the weights of lraspp_mobilenet_v3_large cannot be"):
        TorchvisionSegmenter("lraspp_mobilenet_v3_large")


@pytest.mark.slow
def test_rapidocr_reads_what_is_written() -> None:
    pytest.importorskip("rapidocr")
    from PIL import Image, ImageDraw, ImageFont

    page = Image.new("RGB", (360, 90), (255, 255, 255))
    ImageDraw.Draw(page).text((20, 20), "UNBLUR", (0, 0, 0), font=ImageFont.load_default(40))
    reading = RapidOcrReader().find(np.asarray(page))
    assert reading.lines.labels == ("UNBLUR",)
    left, top, right, bottom = reading.lines.boxes[0]
    assert 0 <= left < 40
    assert 150 < right <= 360
    assert 0 <= top < 45 < bottom <= 90
    empty = RapidOcrReader().find(np.full((90, 90, 3), 255, np.uint8))
    assert empty.lines.labels == ()


@pytest.mark.shared
@pytest.mark.slow
def test_a_detector_and_a_segmenter_agree_more_on_restored_pictures(tmp_path: Path) -> None:
    sets = [open_picture_set("gopro", SHARED_DATA / "eval" / "gopro")]
    usual = Candidate.of_model(PICTURE_MODEL, self_ensemble="auto")
    request = QualityRequest(sets, [usual], "unblur evaluate")
    for name, file, figure in (
        ("detection", "yolox_nano.onnx", "ap50"),
        ("segmentation", "deeplabv3_mnv2_pascal_quant.tflite", "mean_iou"),
    ):
        task = open_task(name, str(SHARED_WEIGHTS / file))
        blurry, restored = measure_task(name, task, request, tmp_path).rows
        assert restored[figure] > blurry[figure] + 0.05
    assert len(list(tmp_path.iterdir())) == 1
