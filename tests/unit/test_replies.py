"""One reply out of what was said for several requests."""

from __future__ import annotations

from decimal import Decimal

from bot.messages import BotMessage, Button, CitationView, ProductCard
from bot.wording import replies


def cited(number: int, source: str) -> CitationView:
    return CitationView(number=number, title=source, source=source, quote=source, url="")


def card(product_id: str) -> ProductCard:
    return ProductCard(
        product_id=product_id, title="", summary="", price=Decimal(1), currency="CNY",
        in_stock=True, stock_text="", url="",
    )  # fmt: skip


def test_citations_are_numbered_through_and_named_once() -> None:
    first = BotMessage(text="Free from 50.[1] Not on islands.[2]",
                       citations=[cited(1, "delivery"), cited(2, "islands")])  # fmt: skip
    second = BotMessage(text="It takes two days.[1] Longer there.[2]",
                        citations=[cited(1, "times"), cited(2, "islands")])  # fmt: skip
    together = replies.as_one([first, second])
    assert together.text == (
        "Free from 50.[1] Not on islands.[2]\n\nIt takes two days.[3] Longer there.[2]"
    )
    assert [(c.number, c.source) for c in together.citations] == [
        (1, "delivery"), (2, "islands"), (3, "times"),
    ]  # fmt: skip


def test_what_is_shown_twice_is_shown_once() -> None:
    person = Button(title="人工", payload="人工")
    first = BotMessage(text="有货。", cards=[card("mug")], buttons=[person])
    second = BotMessage(text="有货。", cards=[card("mug"), card("lid")], buttons=[person])
    together = replies.as_one([first, second])
    assert together.text == "有货。"
    assert [each.product_id for each in together.cards if isinstance(each, ProductCard)] == [
        "mug", "lid",
    ]  # fmt: skip
    assert together.buttons == [person]


def test_what_the_customer_is_asked_for_stays() -> None:
    first = BotMessage(text="Who are you?", asks="identity")
    assert replies.as_one([first, BotMessage(text="Free.")]).asks == "identity"
