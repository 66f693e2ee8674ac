"""How well two readings of a picture agree: the character error rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from unblur.errors import missing_extra
from unblur.metrics.detection import Detections, intersection_over_union

_LEAST_OVERLAP = 0.3


@dataclass(frozen=True, slots=True)
class Reading:
    """Lines of text found in one picture; the labels of the boxes are what they say."""

    lines: Detections


def character_error_rate(pairs: Sequence[tuple[Reading, Reading]]) -> float | None:
    """Edits (insertions, deletions, substitutions) per wanted character; None: none wanted.

    Each pair is what was read and what was wanted. A wanted line is compared with the line
    that overlaps it most, each used once; lines without a partner count as missing or as
    added. Can be more than 1. Raises MissingExtraError when RapidFuzz is not installed.
    """
    try:
        from rapidfuzz.distance import Levenshtein
    except ModuleNotFoundError as missing:
        raise missing_extra("reading", "RapidFuzz", "text") from missing
    edits = characters = 0
    for read, wanted in pairs:
        characters += sum(map(len, wanted.lines.labels))
        edits += sum(
            Levenshtein.distance(one, other) for one, other in pair_lines(read.lines, wanted.lines)
        )
    return edits / characters if characters else None


def pair_lines(read: Detections, wanted: Detections) -> list[tuple[str, str]]:
    """Lines that lie on one another, the most overlapping first; "" where one has no partner."""
    overlaps = intersection_over_union(read.boxes, wanted.boxes)
    pairs: list[tuple[str, str]] = []
    lone_read, lone_wanted = set(range(len(read.labels))), set(range(len(wanted.labels)))
    order = sorted(
        ((overlaps[i, j], i, j) for i in lone_read for j in lone_wanted), key=lambda it: -it[0]
    )
    for overlap, i, j in order:
        if overlap >= _LEAST_OVERLAP and i in lone_read and j in lone_wanted:
            pairs.append((read.labels[i], wanted.labels[j]))
            lone_read.remove(i)
            lone_wanted.remove(j)
    pairs += [(read.labels[i], "") for i in sorted(lone_read)]
    return pairs + [("", wanted.labels[j]) for j in sorted(lone_wanted)]
