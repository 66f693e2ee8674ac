"""The published data sets: where their files lie, and what is missing from a copy.

Each comes down to a list of `PairFiles`, or of clips for those that are frames only.
"""

from unblur.data.datasets.catalog import (
    DATASETS,
    DatasetCard,
    Variant,
    find_dataset,
    open_dataset,
)
from unblur.data.datasets.trees import Part

__all__ = ["DATASETS", "DatasetCard", "Part", "Variant", "find_dataset", "open_dataset"]
