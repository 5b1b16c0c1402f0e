"""Who gets which arm of an experiment: by a stable hash, so that nobody's arm ever changes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

_SETTING = re.compile(r"\s*([A-Za-z0-9._-]{1,40})\s*:\s*(.+)")
_ARM = re.compile(r"\s*([A-Za-z0-9._-]{1,40})\s*=\s*(\d{1,4})\s*")


@dataclass(frozen=True)
class Experiment:
    """`arms`: the model that each arm recommends by, with its share of the whole. The first arm is
    what the others are compared with. Other shares or arms need another name, since an arm is
    handed out by the name and the shares."""

    name: str
    arms: Mapping[str, int]

    @classmethod
    def parse(cls, setting: str) -> Self:
        """From "NAME: ARM=SHARE, ARM=SHARE". Raises ValueError, a sentence."""
        match = _SETTING.fullmatch(setting)
        parts = [_ARM.fullmatch(part) for part in match[2].split(",")] if match else [None]
        arms = {part[1]: int(part[2]) for part in parts if part}
        if match is None or None in parts or len(arms) != len(parts) or len(arms) < 2:
            raise ValueError(
                f"“{setting}” is no experiment; write NAME: ARM=SHARE, ARM=SHARE, "
                "such as autumn: popular=50, personal=50"
            )
        if min(arms.values()) == 0:
            raise ValueError(f"every arm of {match[1]} needs a share from 1 on")
        return cls(match[1], arms)

    def arm_of(self, whose: str) -> str:
        """The arm of a customer or conversation; the same every time, on every machine."""
        digest = hashlib.sha256(f"{self.name}\0{whose}".encode()).digest()
        place = int.from_bytes(digest[:8]) * sum(self.arms.values()) >> 64
        for arm, share in self.arms.items():
            if place < share:
                return arm
            place -= share
        raise AssertionError("the shares add up to their sum")
