"""Whatever comes in by any door is answered or refused; the same doors get 10,000 inputs each in
`make bench ONLY=fuzz`."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.foreign import Door, House, doors

HOUSE = House()
DOORS = doors(HOUSE)


@pytest.mark.parametrize("door", DOORS, ids=[door.name for door in DOORS])
def test_whatever_comes_is_answered_or_refused(door: Door) -> None:
    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def give(data: Any) -> None:
        given_ = data.draw(door.inputs)
        assert door.take(given_) < 500

    give()
