"""Cutting and escaping: nothing is lost, nothing is too long, nothing is taken for a mark."""

from __future__ import annotations

import html
import re

from hypothesis import given
from hypothesis import strategies as st

from bot.channels.degrade import Capabilities, Piece, Span, degrade
from bot.channels.slack import plain
from bot.channels.split import split, utf8, utf16
from bot.channels.telegram import HTML, Telegram
from bot.messages import BotMessage, Button

WORDS = st.text(
    st.sampled_from("aé帐。！.? \n,<>&*_[]()`~\\🏕👍🏽\u200d👨👩\u0301🇨🇳مر"), max_size=300
)
LIMITS = st.integers(8, 60)


@given(WORDS, LIMITS, st.sampled_from([len, utf8, utf16]))
def test_pieces_fit_and_lose_nothing(text, limit, measure):
    pieces = split(text, limit, measure)
    assert all(0 < measure(piece) <= limit for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


CHARACTERS = ["a", "e\u0301", "帐", "👍🏽", "👨\u200d👩\u200d👧", "🇨🇳", "❤\ufe0f", " "]


@given(st.lists(st.sampled_from(CHARACTERS), max_size=60).map("".join), LIMITS)
def test_no_character_is_taken_apart(text, limit):
    whole = "|".join(map(re.escape, CHARACTERS))
    assert all(re.fullmatch(f"({whole})*", piece) for piece in split(text, limit))


def test_a_text_is_cut_where_a_reader_pauses():
    text = "外帐三千毫米。帐底五千毫米。It is dry. It is warm!"
    assert split(text, 16) == ["外帐三千毫米。帐底五千毫米。", "It is dry.", "It is warm!"]
    assert split("one two three four", 9) == ["one two", "three", "four"]


@given(WORDS)
def test_html_says_what_was_said(text):
    written = HTML.span(Span(text, bold=True, url="https://shop.example/?a=1&b=2"))
    assert html.unescape(re.sub(r"<[^>]*>", "", written)) == text


@given(WORDS.filter(str.strip), st.integers(40, 200))
def test_what_is_written_fits_with_its_escapes(text, limit):
    able = Capabilities(text=limit, measure=utf16, markup=HTML)
    pieces = degrade(BotMessage(text=text), able)
    assert all(utf16(piece.text(HTML)) <= limit for piece in pieces)
    assert "".join("".join(p.text() for p in pieces).split()) == "".join(text.split())


@given(WORDS)
def test_slack_reads_back_what_it_wrote(text):
    assert plain(html.escape(text, quote=False)) == text


def test_buttons_that_do_not_fit_become_numbered_lines():
    buttons = [Button(title="看看别的", payload="看看别的"), Button(title="B", payload="b" * 65)]
    [piece] = degrade(
        BotMessage(text="请选", buttons=buttons, language="zh"), Telegram.capabilities
    )
    assert piece.buttons == ()
    assert "(1) 看看别的\n(2) B" in piece.text()
    [piece] = degrade(BotMessage(text="请选", buttons=buttons[:1]), Telegram.capabilities)
    assert piece == Piece(((Span("请选"),),), tuple(buttons[:1]))
