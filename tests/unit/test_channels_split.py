"""Cutting and escaping: nothing is lost, nothing is too long, nothing is taken for a mark."""

from __future__ import annotations

import html
import re
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.channels.platforms import dingtalk, feishu, whatsapp
from bot.channels.platforms.slack import plain
from bot.channels.platforms.telegram import HTML, Telegram
from bot.channels.platforms.tencent import LINKS
from bot.channels.render import Capabilities, Piece, Span, card_of, degrade
from bot.channels.split import split, utf8, utf16
from bot.messages import BotMessage, Button, ProductCard
from tests.integration.channels.whatsapp import rendered

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


MARKUPS = [
    (HTML, utf16),
    (whatsapp.MARKUP, utf16),
    (feishu.MARKDOWN, utf8),
    (dingtalk.MARKDOWN, utf8),
    (LINKS, utf8),
]


@given(WORDS.filter(str.strip), st.integers(60, 200), st.sampled_from(MARKUPS))
def test_what_is_written_fits_with_its_escapes(text, limit, markup):
    written, measure = markup
    able = Capabilities(text=limit, measure=measure, markup=written)
    pieces = degrade(BotMessage(text=text), able)
    assert all(measure(piece.text(written)) <= limit for piece in pieces)
    assert "".join("".join(p.text() for p in pieces).split()) == "".join(text.split())


class Page(HTMLParser):
    """The words of a page of CommonMark, and its tags but for paragraphs and line breaks."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.words, self.tags = "", []
        self.feed(MarkdownIt("commonmark").enable("strikethrough").render(markdown))

    def handle_data(self, data: str) -> None:
        self.words += data

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in ("p", "br"):
            self.tags.append(tag)


MARKED = st.text(st.sampled_from("a帐1. \n-+*_`~#>|!()[]<>&\\=@:/"), max_size=40)


@example("1\n=", feishu.MARKDOWN)
@example("a\n ==", dingtalk.MARKDOWN)
@given(MARKED.filter(str.strip), st.sampled_from([feishu.MARKDOWN, dingtalk.MARKDOWN]))
def test_markdown_says_what_was_said(text, markup):
    [piece] = degrade(BotMessage(text=text), Capabilities(text=10_000, markup=markup))
    page = Page(piece.text(markup))
    assert page.tags == []
    assert "".join(page.words.split()) == "".join(text.split())


@given(MARKED.filter(str.strip), st.sampled_from([feishu.MARKDOWN, dingtalk.MARKDOWN]))
def test_links_and_bold_words_say_what_was_said(text, markup):
    words = " ".join(text.split())
    linked = Page(markup.span(Span(words, url="https://shop.example/a_(b)?c=1&d=*e*")))
    assert (linked.tags, linked.words.strip()) == (["a"], words)
    bold = Page(markup.span(Span(words, bold=True)))
    assert bold.words.strip() in (words, f"**{words}**")


@given(MARKED)
def test_whatsapp_shows_no_style_that_was_not_meant(text):
    assert rendered(whatsapp.MARKUP.escape(text)) == text


@given(st.text(st.sampled_from('aA </=">hrefx\n'), max_size=60))
def test_words_of_tencent_make_no_links(text):
    assert not re.search(r"</?a\b", LINKS.escape(text), re.IGNORECASE)
    url = 'https://shop.example/?a="b"&c=<d>'
    assert re.fullmatch(r'<a href="[^"<>]*">.*</a>', LINKS.link("帐篷", url))


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


@pytest.mark.parametrize(
    ("image", "shown"),
    [
        ("/pictures/tent.jpg", "https://shop.example/pictures/tent.jpg"),
        ("https://cdn.example/tent.PNG?w=600", "https://cdn.example/tent.PNG?w=600"),
        ("https://cdn.example/pictures/4711", "https://cdn.example/pictures/4711"),
        ("/pictures/tent.svg", ""),
        ("https://cdn.example/tent.WebP?w=600", ""),
        ("https://cdn.example/tent.avif#x", ""),
        (None, ""),
    ],
)
def test_only_pictures_that_platforms_show_are_sent(image: str | None, shown: str) -> None:
    product = ProductCard(
        product_id="tent", title="Tent", summary="", price=Decimal(899), currency="CNY",
        in_stock=True, stock_text="in stock", url="/products/tent", image=image,
    )  # fmt: skip
    card = card_of(product, "en", "https://shop.example")
    assert (card.url, card.image) == ("https://shop.example/products/tent", shown)
