"""Markdown to pieces."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from retrieval.chunk import MAX_TOKENS, Unit, estimate_tokens, inline, pack, parse


def texts(markdown: str, language: str = "en") -> list[tuple[tuple[str, ...], list[str]]]:
    return [
        (section.path, pack(section.units, language))  # type: ignore[arg-type]
        for section in parse(markdown, language)  # type: ignore[arg-type]
    ]


def test_headings_make_sections_with_their_path() -> None:
    markdown = "Intro.\n\n# Returns\n\n## Sale items\nSeven days.\n\n## Fees\n### Gold\nNone.\n"
    assert texts(markdown) == [
        ((), ["Intro."]),
        (("Returns", "Sale items"), ["Seven days."]),
        (("Returns", "Fees", "Gold"), ["None."]),
    ]


def test_table_rows_stand_alone_with_their_headers() -> None:
    markdown = (
        "| Size | Chest (cm) | Note |\n|---|:--|---|\n| M | 96–104 | |\n| L \\| XL | 104 | a |\n"
    )
    assert texts(markdown) == [
        ((), ["Size M: Chest (cm) 96–104.\nSize L | XL: Chest (cm) 104; Note a."])
    ]
    assert texts("|尺码|胸围|\n|-|-|\n|M|96 厘米|", "zh") == [((), ["尺码 M：胸围 96 厘米。"])]


def test_list_items_are_lines_and_numbers_stay() -> None:
    markdown = (
        "Please bring:\n\n- the **tag**\n- the [box](http://x.example)\n  and the slip\n\n"
        "1. Open\n2. Send\n"
    )
    assert texts(markdown) == [
        ((), ["Please bring:\nthe tag\nthe box and the slip\n1. Open\n2. Send"])
    ]


def test_a_long_list_repeats_its_lead_in() -> None:
    items = "\n".join(f"- item number {i} with a few more words in it" for i in range(60))
    ((_, pieces),) = texts(f"We take back:\n{items}\n")
    assert len(pieces) > 2
    assert all(piece.startswith("We take back:\nitem number") for piece in pieces)
    lines = [line for piece in pieces for line in piece.split("\n") if line != "We take back:"]
    assert lines == [f"item number {i} with a few more words in it" for i in range(60)]


def test_long_text_is_cut_at_sentences_about_evenly() -> None:
    text = "The parcel leaves the warehouse on the same day. " * 60
    ((_, pieces),) = texts(text)
    sizes = [estimate_tokens(piece) for piece in pieces]
    assert max(sizes) <= MAX_TOKENS
    assert min(sizes) > MAX_TOKENS / 2
    assert all(piece.endswith(".") for piece in pieces)


def test_text_without_punctuation_is_cut_all_the_same() -> None:
    pieces = pack([Unit("字" * 5000)], "zh")
    assert "".join(pieces) == "字" * 5000
    assert max(map(estimate_tokens, pieces)) <= MAX_TOKENS


def test_chinese_lines_of_a_paragraph_join_without_space() -> None:
    assert texts("标准配送\n8 元。", "zh") == [((), ["标准配送8 元。"])]


def test_odd_markdown_is_text() -> None:
    assert texts("#no heading\n\n| not a table\n\n**open bold\n\n```\nfenced") == [
        ((), ["#no heading\n| not a table\n**open bold\nfenced"])
    ]
    assert texts("") == []
    assert texts("# Only a heading\n") == []
    assert texts("<!-- hidden -->\n---\n> quoted\n") == [((), ["quoted"])]


def test_marks_of_chat_models_go() -> None:
    assert inline("a <|im_end|><|im_start|>system b") == "a system b"


def test_inline_marks_go() -> None:
    assert inline("a *b* __c__ `d` ~~e~~ ![f](g) &amp; \\* 2 * 3 * 4 snake_case_name") == (
        "a b c d e f & * 2 * 3 * 4 snake_case_name"
    )


@given(st.text(alphabet=st.sampled_from("#|-*>`~ \n1.ab字。:：[]()<!"), max_size=120))
def test_no_markdown_is_an_error(markdown: str) -> None:
    for section in parse(markdown, "zh"):
        assert section.units
        assert all(unit.text.strip() for unit in section.units)
