"""A table's row is found by the figure that the question names."""

from __future__ import annotations

import pytest

from llm.tables import read_out, rows_for

ZH = [
    "欧码 41：脚长（毫米） 255。",
    "欧码 42：脚长（毫米） 260。",
    "欧码 43：脚长（毫米） 265。",
    "脚长介于两个尺码之间的，选大一码。",
]
EN = [
    "EU size 41: Foot length (mm) 255.",
    "EU size 42: Foot length (mm) 260.",
    "EU size 43: Foot length (mm) 265.",
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


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (ZH[0], "欧码 41：脚长 255 毫米。"),
        (EN[1], "EU size 42: Foot length 260 mm."),
        (
            "M 码：胸围（厘米） 96–104；腰围（厘米） 82–90。",
            "M 码：胸围 96–104 厘米；腰围 82–90 厘米。",
        ),
        ("容量（250 毫升）已满。", "容量（250 毫升）已满。"),
        ("押金（可退）由店员收取。", "押金（可退）由店员收取。"),
    ],
)
def test_a_row_is_read_out_with_the_unit_behind(row: str, told: str) -> None:
    assert read_out(row) == told
