"""Whole conversations through the gateway, in both languages, as a customer would have them."""

from __future__ import annotations

import re

from bot.evaluation.asking import ask
from tests.running import System


def test_a_chinese_conversation(system: System) -> None:
    with system.client() as client:
        greeting = ask(client, "你好")
        assert greeting.language == "zh"
        assert "云杉" in greeting.text or "您" in greeting.text

        found = ask(client, "想买个双人帐篷，一千以内")
        shown = {card["product_id"] for card in found.cards}
        assert "ridgeline-2-tent" in shown
        assert all(float(card["price"]) <= 1000 for card in found.cards)

        care = ask(client, "岭线双人帐怎么清洗")
        assert "ridgeline-2-tent" in care.sources or "tent-care" in care.sources
        assert "[1]" in care.text

        it = ask(client, "它多少钱")
        assert "899" in it.text

        fee = ask(client, "买它包邮吗")
        assert "免运费" in fee.text

        asked = ask(client, "我的订单到哪了")
        assert "邮编" in asked.text
        told = ask(client, "chen.hao@example.com 610041")
        assert "SP61840357" in told.text
        again = ask(client, "都买过什么")
        assert {card["number"] for card in again.cards} >= {"SP61840357", "SP72936105"}

        person = ask(client, "转人工")
        assert re.search(r"工单号 \d+", person.text)
        assert ask(client, "谢谢").language == "zh"
        history = client.history()
    assert [line["sender"] for line in history[:2]] == ["customer", "bot"]
    assert any("转人工" in line["text"] for line in history)


def test_an_english_conversation(system: System) -> None:
    with system.client("emma.clarke@example.com") as client:
        assert ask(client, "hello there").language == "en"

        orders = ask(client, "what have I ordered so far?")
        assert {card["number"] for card in orders.cards} >= {"SP39274618", "SP26815093"}

        late = ask(client, "Can I still return the Ember Light Down Jacket?")
        assert re.search(r"No, the return period is over", late.text)
        assert "45 days ago" in late.text

        fine = ask(client, "Can I return the Fellwind Trail Runner?")
        assert re.search(r"Yes, you can return it", fine.text)

        ideas = ask(client, "Can you recommend something for me?")
        assert 1 <= len(ideas.cards) <= 3
        assert all(card["reason"] and card["in_stock"] for card in ideas.cards)
        owned = {"fellwind-trail-runner", "ember-light-down", "merino-150-tee"}
        assert not owned & {card["product_id"] for card in ideas.cards}

        why = ask(client, "why these?")
        assert ideas.cards[0]["title"] in why.text

        pair = ask(client, "Compare the Granite Mid Boot and the Granite Low Shoe")
        assert pair.messages[0]["table"]["header"][1:] == ["Granite Mid Boot", "Granite Low Shoe"]
        assert ask(client, "thanks, bye").language == "en"


def test_a_customer_has_a_say_over_what_is_known_of_them(system: System) -> None:
    with system.client("chen.hao@example.com") as client:
        known = ask(client, "你知道我什么？")
        assert "陈浩" in known.text
        assert "SP61840357" in known.text
        assert any("买过" in (card["reason"] or "") for card in ask(client, "给我推荐").cards)
        ideas = ask(client, "给我推荐")
        assert ideas.cards[0]["title"] in ask(client, "第一个不感兴趣").text

        assert "不再用" in ask(client, "别用我的购买记录").text
        without = ask(client, "can you recommend something for me?")
        assert without.cards
        assert not any("you bought" in card["reason"] for card in without.cards)
        assert "SP61840357" not in ask(client, "what do you know about me?").text
        shown = {card["product_id"] for card in without.cards}
        assert ideas.cards[0]["product_id"] not in shown

        assert "again" in ask(client, "you can use my history again").text
        size = ask(client, "I don't wear 42 any more, 43")
        assert "size 43 for Footwear" in size.text
    with system.client() as visitor:
        assert "not signed in" in ask(visitor, "what do you know about me?").text
        assert "没有登录" in ask(visitor, "别用我的购买记录").text


def test_an_offer_is_rare_and_stops_after_a_no(system: System) -> None:
    questions = [
        "Is the Lakeside 4 tent waterproof?",
        "How heavy is the Stormwall 2 tent?",
        "Is the Granite Mid Boot waterproof?",
        "How do I wash the Larch down bag?",
        "What is the Overland 55 pack made of?",
    ]
    with system.client() as client:
        offered = [len(ask(client, question).messages) > 1 for question in questions]
        assert sum(offered) <= 1
        if offered[-1]:
            assert "not suggest" in ask(client, "no thanks").text


def test_what_streams_is_the_answer_as_it_grows(system: System) -> None:
    with system.client() as client:
        answer = ask(client, "How long do I have to ask for an invoice?")
    assert answer.deltas, "a grounded answer streams"
    assert "180" in answer.text
    for text in answer.deltas:
        assert not re.search(r"\d+", text) or "180" in text or "24" in text
