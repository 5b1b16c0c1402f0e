"""A table's row is found by the figure that the question names."""

from __future__ import annotations

import pytest

from llm.tables import rows_for

ZH = [
    "欧码 41：脚长 255 毫米。",
    "欧码 42：脚长 260 毫米。",
    "欧码 43：脚长 265 毫米。",
    "脚长介于两个尺码之间的，选大一码。",
]
EN = [
    "EU size 41: Foot length 255 mm.",
    "EU size 42: Foot length 260 mm.",
    "EU size 43: Foot length 265 mm.",
    "If your foot is between two sizes, take the larger.",
]


@pytest.mark.parametrize(
    ("question", "lines", "rows"),
    [
        ("脚长 255 毫米穿几码", ZH, [ZH[0]]),
        ("脚长 26 厘米穿几码", ZH, [ZH[1]]),
        ("脚长 262 毫米穿几码", ZH, [ZH[1], ZH[2], ZH[3]]),
        ("My feet are 26.5 cm long, which size?", EN, [EN[2]]),
        ("My feet are 257 mm long, which size?", EN, [EN[0], EN[1], EN[3]]),
        ("脚长 300 毫米穿几码", ZH, []),
        ("满 260 元包邮吗", ZH, []),
        ("Do size 42 shoes weigh 260 g?", EN, []),
        ("脚长 260 毫米", ZH[:2], []),
    ],
)
def test_rows_by_their_figure(question: str, lines: list[str], rows: list[str]) -> None:
    assert rows_for(question, lines) == rows


def test_of_several_columns_of_a_unit_none_is_read() -> None:
    rows = [f"Size {n}: Chest {n * 4} cm; Waist {n * 3} cm." for n in (24, 25, 26)]
    assert rows_for("my chest is 100 cm", rows) == []
