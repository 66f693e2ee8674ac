"""Agreement of boxes, maps and readings, against numbers worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unblur.metrics.detection import (
    Detections,
    average_precision,
    intersection_over_union,
    match,
    recall,
)
from unblur.metrics.reading import Reading, character_error_rate, pair_lines
from unblur.metrics.segmentation import mean_intersection_over_union


def boxes(*lefts: float, scores: tuple[float, ...] = (), label: str = "car") -> Detections:
    """Boxes of 10x10 at `lefts`, 0 from the top."""
    corners = np.array([(left, 0, left + 10, 10) for left in lefts], float).reshape(-1, 4)
    return Detections(corners, np.array(scores or (1.0,) * len(lefts)), (label,) * len(lefts))


def test_overlap_by_hand() -> None:
    # 5 of 15, the same, and apart
    overlaps = intersection_over_union(boxes(0, 100).boxes, boxes(5, 100).boxes)
    assert overlaps == pytest.approx(np.array([[50 / 150, 0], [0, 1]]))


def test_average_precision_by_hand() -> None:
    # In order of score: hit, miss, hit, miss, hit of 3 wanted, so precision at the hits is
    # 1, 2/3, 3/5. The same from scikit-learn 1.9.1:
    #   average_precision_score([1, 0, 1, 0, 1], [0.9, 0.8, 0.7, 0.6, 0.5]) -> 0.7555555555555555
    wanted = boxes(0, 100, 200)
    found = boxes(0, 50, 100, 300, 200, scores=(0.9, 0.8, 0.7, 0.6, 0.5))
    assert average_precision([(found, wanted)]) == pytest.approx(0.7555555555555555)


def test_precision_counts_the_best_at_each_recall_or_beyond() -> None:
    # miss, hit, hit of 2 wanted: precision 1/2 at the first hit, 2/3 at the second and so at both
    found = boxes(50, 0, 100, scores=(0.9, 0.8, 0.7))
    assert average_precision([(found, boxes(0, 100))]) == pytest.approx(2 / 3)


def test_classes_are_averaged_and_pictures_pooled() -> None:
    cars = (boxes(0, scores=(0.9,)), boxes(0, 50))  # half of the wanted cars
    dogs = (boxes(0, scores=(0.9,), label="dog"), boxes(0, label="dog"))
    assert average_precision([cars, dogs]) == pytest.approx((0.5 + 1) / 2)
    assert average_precision([(boxes(0), boxes())]) is None


def test_each_wanted_box_counts_once_and_the_class_must_fit() -> None:
    assert match(boxes(0, 1, 2), boxes(0)).tolist() == [True, False, False]
    assert match(boxes(0, 1), boxes(0, 1)).tolist() == [True, True]
    assert average_precision([(boxes(0, label="dog"), boxes(0))]) == 0


def test_recall_by_hand() -> None:
    found = boxes(0, 100, 205, scores=(0.9, 0.2, 0.9))
    wanted = boxes(0, 100, 200, 300)
    # 0 is found, 100 not surely, 205 overlaps by a third, 300 is missed
    assert recall([(found, wanted)], 0.3) == 1 / 4
    assert recall([(found, wanted)], 0.1) == 2 / 4
    assert recall([(found, boxes())], 0.3) is None


def test_mean_overlap_of_maps_by_hand() -> None:
    # class 0: 2 shared of 3; class 1: 1 of 3; class 2 is found but not wanted. The classes
    # that are wanted by scikit-learn 1.9.1:
    #   jaccard_score([0, 0, 1, 1, 0], [0, 0, 1, 0, 2], average=None) -> [0.5, 0.5, 0.]
    wanted = np.array([[0, 0, 1, 1, 0]])
    found = np.array([[0, 0, 1, 0, 2]])
    assert mean_intersection_over_union([(found, wanted)]) == pytest.approx((0.5 + 0.5) / 2)
    assert mean_intersection_over_union([]) is None
    with pytest.raises(ValueError, match="maps of one size"):
        mean_intersection_over_union([(found, wanted.T)])


@given(st.lists(st.integers(0, 5), min_size=1, max_size=40))
def test_a_map_agrees_wholly_with_itself(classes: list[int]) -> None:
    labels = np.array([classes])
    assert mean_intersection_over_union([(labels, labels)]) == 1


def lines(*texts: str, lefts: tuple[float, ...] = ()) -> Reading:
    places = boxes(*(lefts or tuple(20.0 * index for index in range(len(texts)))))
    return Reading(Detections(places.boxes, places.scores, texts))


def test_character_errors_by_hand() -> None:
    pytest.importorskip("rapidfuzz")
    # kitten -> sitting: 3 edits of 7 wanted characters
    assert character_error_rate([(lines("kitten"), lines("sitting"))]) == pytest.approx(3 / 7)
    # a missing line of 4, an added line of 2, over 3 + 4 wanted
    found, wanted = lines("abc", "xy", lefts=(0, 500)), lines("abc", "wxyz", lefts=(0, 100))
    assert character_error_rate([(found, wanted)]) == pytest.approx((4 + 2) / 7)
    assert character_error_rate([(lines("abc"), lines())]) is None


def test_lines_are_paired_by_place_whatever_their_order() -> None:
    found, wanted = lines("b", "a", lefts=(101, 1)), lines("A", "B", lefts=(0, 100))
    assert sorted(pair_lines(found.lines, wanted.lines)) == [("a", "A"), ("b", "B")]
