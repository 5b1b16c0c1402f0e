"""The customer's own case: their tier, their orders, the day that they tell, what broke and when.
The intent is given, the rest is real; lin.yue is a Gold member with an order that is not packed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from talking import Talk, demo_services

from bot.dialogue.services import Services
from data.models import OrderStatus

GOLD = "lin.yue@example.com"


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    return demo_services(tmp_path_factory.mktemp("own-case"))


def ask(
    services: Services, intent: str, text: str, language: str = "en", email: str | None = GOLD
) -> str:
    said = Talk(services, email).say(intent, text, language)
    assert "failed" not in said.notes
    return said.text


class TestExchange:
    @pytest.mark.parametrize(
        ("text", "language", "days", "postage"),
        [
            ("徒步鞋想换小半码，寄来寄去谁掏钱", "zh", "签收后 {} 天", "来回运费由我们承担"),
            ("who pays if i swap a shirt for a smaller one", "en", "{} days after", "both ways"),
        ],
    )
    def test_the_days_are_the_tiers_and_the_postage_is_told(
        self, services: Services, text: str, language: str, days: str, postage: str
    ) -> None:
        own = ask(services, "exchange", text, language)
        assert days.format(60) in own
        assert postage in own
        assert days.format(30) in ask(services, "exchange", text, language, email=None)

    @pytest.mark.parametrize(
        ("text", "language", "none", "there"),
        [
            ("can I swap my Stormline for a vermilion one", "en", "no order of yours", "vermilion"),
            ("暴线冲锋衣想换朱红的", "zh", "您的订单里没有看到", "现在有货"),
        ],
    )
    def test_goods_that_none_of_the_orders_holds(
        self, services: Services, text: str, language: str, none: str, there: str
    ) -> None:
        text_said = ask(services, "exchange", text, language)
        assert none in text_said
        assert there in text_said

    def test_a_bought_thing_has_its_last_day(self, services: Services) -> None:
        said = ask(services, "exchange", "can the northwall parka be exchanged for an L")
        assert "The return period" in said or "return period is over" in said
        assert "An exchange has the same period" in said


class TestOfTheThread:
    """It is decided for the product that was talked of: some have fewer days than others."""

    @pytest.mark.parametrize(
        ("before", "intent", "text", "language", "own"),
        [
            ("溯溪凉鞋多少钱", "exchange", "能换大一号的不", "zh", "签收后 7 天"),
            ("how much are the starfield lights", "exchange", "can it be swapped", "en",
             "7 days after"),
            ("星河串灯多少钱", "return_eligibility", "不喜欢可以退吗", "zh", "签收后 7 天"),
            ("how much is the merino tee", "return_eligibility", "can I send it back once opened",
             "en", "Once unsealed, the Merino 150 Tee cannot be returned"),
        ],
    )  # fmt: skip
    def test_it_has_its_own_days(
        self, services: Services, before: str, intent: str, text: str, language: str, own: str
    ) -> None:
        talk = Talk(services, GOLD)
        talk.say("price_question", before, language)
        talk.say("policy_question", "付款方式" if language == "zh" else "ways to pay", language)
        said = talk.say(intent, text, language).text
        assert own in said
        assert "60" not in said

    @pytest.mark.parametrize(
        ("text", "language", "said"),
        [
            ("can things be returned", "en", "a regular item within 60 days"),
            ("商品能退吗", "zh", "一般商品签收后 60 天"),
            ("can sale items go back", "en", "a clearance item within 7 days"),
            ("can the parka that I bought go back", "en", "Northwall Down Parka"),
            ("how do I return something", "en", 'press "Return"'),
        ],
    )
    def test_other_goods_are_not_meant_by_it(
        self, services: Services, text: str, language: str, said: str
    ) -> None:
        talk = Talk(services, GOLD)
        talk.say("price_question", "how much is the ridgeline tent")
        assert said in talk.say("return_eligibility", text, language).text

    @pytest.mark.parametrize(("text", "language"), [("可以换货吗", "zh"), ("can I swap", "en")])
    def test_of_no_product_all_classes_are_told(
        self, services: Services, text: str, language: str
    ) -> None:
        said = ask(services, "exchange", text, language)
        assert ("清仓特价商品签收后 7 天" if language == "zh" else "clearance item: 7 days") in said


class TestOrdersByWhatIsInThem:
    @pytest.mark.parametrize(
        ("intent", "text", "language", "none"),
        [
            ("order_status", "我买的凉鞋怎么还没到", "zh", "没有看到“凉鞋”"),
            ("order_status", "my headlamp is four days late", "en", "no order of yours with"),
            ("cancel_order", "cancel the running vest", "en", "no order of yours with"),
            ("cancel_order", "袜子不要了帮我取消", "zh", "没有看到“袜子”"),
        ],
    )
    def test_another_order_is_no_answer(
        self, services: Services, intent: str, text: str, language: str, none: str
    ) -> None:
        said = Talk(services, GOLD).say(intent, text, language)
        assert none in said.text
        assert "SP" not in said.text
        assert len(said.cards) == 3
        assert not any(message["handoff"] for message in said.messages)

    @pytest.mark.parametrize(
        ("text", "language", "number", "of"),
        [
            ("where is the parka that I ordered", "en", "SP20895317", ""),
            ("has my tent been sent", "en", "SP93018465", "2 of your orders have"),
            ("我的睡袋到哪了", "zh", "SP65327081", "您有 2 张订单里有"),
        ],
    )
    def test_of_several_the_latest_is_told_to_be_that(
        self, services: Services, text: str, language: str, number: str, of: str
    ) -> None:
        said = ask(services, "order_status", text, language)
        assert number in said
        assert of in said
        assert ("latest" in said or "最近" in said) is bool(of)

    def test_a_word_for_any_parcel_names_no_goods(self, services: Services) -> None:
        for text, language in (("where is my package", "en"), ("我的快递呢", "zh")):
            assert "SP58213904" in ask(services, "order_status", text, language)

    @pytest.mark.parametrize(
        ("parts", "said"),
        [
            (True, "the rest kept, until the order is packed"),
            (False, "cannot be cancelled out of order"),
            (None, "a colleague knows"),
        ],
    )
    @pytest.mark.usefixtures("two_to_be_packed")
    def test_a_part_of_an_order(self, services: Services, parts: bool | None, said: str) -> None:
        rules = services.rules.cancellation
        assert rules is not None
        shop = replace(
            services,
            rules=services.rules.model_copy(
                update={"cancellation": rules.model_copy(update={"parts": parts})}
            ),
        )
        told = ask(shop, "cancel_order", "the cook set can be cancelled, keep the stove")
        assert said in told
        assert ask(shop, "cancel_order", "cancel SP30518274").startswith("Order SP30518274")


@pytest.fixture
def two_to_be_packed(services: Services) -> Iterator[None]:
    """The order with the stove and the cook set, as if it were not packed yet."""

    def put(status: OrderStatus) -> None:
        with services.unit_of_work() as uow:
            customer = uow.customers.by_email(GOLD)
            assert customer is not None
            order = uow.orders.for_customer(customer.id, "SP30518274")
            assert order is not None
            order.status = status
            uow.commit()

    put(OrderStatus.PAID)
    yield
    put(OrderStatus.DELIVERED)


class TestWarranty:
    @pytest.mark.parametrize(
        ("text", "language", "free", "not_covered"),
        [
            ("my Ridgeline 2 has a bent pole, how much is a repair", "en", "free of charge", "¥30"),
            ("岭线双人帐的拉链坏了，修要多少钱", "zh", "都免费处理", "60 元"),
        ],
    )
    def test_it_is_told_before_what_a_repair_costs(
        self, services: Services, text: str, language: str, free: str, not_covered: str
    ) -> None:
        said = ask(services, "policy_question", text, language)
        assert free in said
        if not_covered in said:
            assert said.index(free) < said.index(not_covered)

    def test_what_the_customer_broke_is_no_fault(self, services: Services) -> None:
        said = ask(services, "policy_question", "I dropped the lantern, what does a repair cost")
        assert "free of charge until" not in said


class TestFaultTold:
    """Who tells of a fault is served as that, whatever they ask beside it."""

    @pytest.mark.parametrize(
        ("intent", "text", "language", "sorry"),
        [
            ("return_eligibility", "my parka came with a ripped sleeve, I fly on Sunday", "en",
             "arrived damaged"),
            ("order_status", "the lamp got here cracked, where do we go from here", "en",
             "arrived damaged"),
            ("return_eligibility", "天幕收到就有破洞 周末就要用 咋整", "zh", "收到时就损坏了"),
            ("exchange", "the zip of my parka is jammed, another one please", "en", "sorry"),
            ("nlu_fallback", "大衣的拉链卡死了", "zh", "抱歉"),
        ],
    )  # fmt: skip
    def test_it_is_no_return(
        self, services: Services, intent: str, text: str, language: str, sorry: str
    ) -> None:
        said = ask(services, intent, text, language)
        assert sorry in said
        assert "unused" not in said
        assert "未使用" not in said

    @pytest.mark.parametrize(
        ("intent", "text"),
        [
            ("return_eligibility", "the lantern is cracked, can I return it"),
            ("return_eligibility", "could I return the lantern if it came broken"),
            ("return_eligibility", "the lantern is broken, I want my money back"),
        ],
    )
    def test_who_wants_to_give_it_back_hears_of_that(
        self, services: Services, intent: str, text: str
    ) -> None:
        assert "ticket" not in ask(services, intent, text)

    def test_a_fault_beside_what_the_customer_did_is_covered(self, services: Services) -> None:
        said = ask(
            services, "policy_question",
            "the zip of my parka jammed, it is stuck and I tore the lining, is that covered",
        )  # fmt: skip
        assert "free of charge until" in said


class TestMoney:
    @pytest.mark.parametrize(
        ("intent", "text", "language", "none"),
        [
            ("return_eligibility", "I sent the lantern back in October and no money yet", "en",
             "no return of yours"),
            ("order_status", "退回去的灯 钱一直没到账", "zh", "没有看到"),
        ],
    )  # fmt: skip
    def test_when_it_comes_and_not_whether_goods_may_go_back(
        self, services: Services, intent: str, text: str, language: str, none: str
    ) -> None:
        said = ask(services, intent, text, language)
        assert none in said
        assert ("within 3 working days" if language == "en" else "3 个工作日内") in said
        assert ("can return" if language == "en" else "可以退") not in said

    def test_how_far_the_return_is(self, services: Services) -> None:
        said = ask(
            services, "order_status", "returned the rain jacket, where is the money",
            email="chen.hao@example.com",
        )  # fmt: skip
        assert "return request for order SP72936105" in said
        assert "1–5 days later" in said

    def test_a_visitor_hears_the_rule_and_is_asked_who_they_are(self, services: Services) -> None:
        talk = Talk(services)
        said = talk.say("order_status", "my refund has not come yet")
        assert "within 3 working days" in said.text
        assert "check who you are" in said.text
        said = talk.say("provide_identity", "chen.hao@example.com 610041")
        assert "SP72936105" in said.text

    @pytest.mark.parametrize(
        ("text", "language"),
        [("my card was charged and I can't see any order", "en"), ("钱付了可是看不到订单", "zh")],
    )
    def test_a_payment_without_an_order_is_none_of_the_others(
        self, services: Services, text: str, language: str
    ) -> None:
        said = Talk(services, GOLD).say("order_status", text, language)
        assert "SP" not in said.text
        cited = {each["source"] for message in said.messages for each in message["citations"]}
        assert cited == {"payment-problems"}


class TestStores:
    @pytest.mark.parametrize(
        ("text", "language", "said"),
        [
            ("is your Chengdu branch open tonight", "en", "no store in Chengdu; you find us in"),
            ("广州有实体店吗", "zh", "我们在广州没有门店，门店在杭州。"),
        ],
    )
    def test_one_elsewhere_is_corrected_first(
        self, services: Services, text: str, language: str, said: str
    ) -> None:
        assert said in ask(services, "policy_question", text, language).split("\n")[0]
        silent = replace(
            services,
            rules=services.rules.model_copy(
                update={"shop": services.rules.shop.model_copy(update={"stores": None})}
            ),
        )
        assert said not in ask(silent, "policy_question", text, language)

    @pytest.mark.parametrize(
        ("text", "language"),
        [("when does the Hangzhou shop open", "en"), ("杭州门店几点关门", "zh"),
         ("can a shop order be sent to Chengdu", "en"), ("你们店发成都吗", "zh")],
    )  # fmt: skip
    def test_the_own_one_and_other_places_are_left_alone(
        self, services: Services, text: str, language: str
    ) -> None:
        said = ask(services, "policy_question", text, language)
        assert ("no store" if language == "en" else "没有门店") not in said


class TestWhichGoesBack:
    @pytest.mark.parametrize(
        ("intent", "text", "language", "asked"),
        [
            ("return_eligibility", "我要退货", "zh", "您想退的是哪一件"),
            ("return_eligibility", "hello, I need to return an item please", "en", "Which item"),
            ("exchange", "想换个货", "zh", "您想换的是哪一件"),
        ],
    )
    def test_it_is_asked_with_what_may_go_back(
        self, services: Services, intent: str, text: str, language: str, asked: str
    ) -> None:
        said = Talk(services, GOLD).say(intent, text, language)
        assert said.text.startswith(asked)
        assert "60" in said.text
        buttons = [each["title"] for each in said.messages[0]["buttons"]]
        goods = ("野餐卡式炉", "聚餐套锅")
        assert set(goods if language == "zh" else ("Picnic Cassette Stove", "Feast Cook Set")) <= {
            *buttons
        }
        visitor = Talk(services).say(intent, text, language)
        assert visitor.text.startswith(asked)

    @pytest.mark.parametrize(
        ("wish", "text", "act", "language", "said"),
        [
            ("return_eligibility", "the cook set", "product_search", "en", "the Feast Cook Set"),
            ("return_eligibility", "抓绒马甲 买大了", "nlu_fallback", "zh", "签收后 7 天内可以退"),
            ("exchange", "the fleece vest", "product_search", "en", "within 7 days"),
            ("return_eligibility", "SP30518274", "order_status", "en", "The items in order"),
        ],
    )
    def test_the_one_that_is_named_next_is_it(
        self, services: Services, wish: str, text: str, act: str, language: str, said: str
    ) -> None:
        talk = Talk(services, GOLD)
        talk.say(wish, "想退货" if language == "zh" else "I want to send something back", language)
        assert said in talk.say(act, text, language).text

    def test_what_does_not_fit_may_be_swapped(self, services: Services) -> None:
        talk = Talk(services)
        talk.say("return_eligibility", "想退货", "zh")
        assert "换别的尺码" in talk.say("nlu_fallback", "硬壳冲锋衣 买小了", "zh").text

    def test_another_question_is_served_as_that(self, services: Services) -> None:
        talk = Talk(services, GOLD)
        talk.say("return_eligibility", "想退货", "zh")
        assert "SP58213904" in talk.say("order_status", "我的快递到哪了", "zh").text


class TestDayTold:
    """The clock stands at noon on Sunday 22 November, in Hangzhou; nothing leaves on Sundays."""

    @pytest.fixture
    def monday(self, services: Services) -> Services:
        return replace(services, clock=lambda: datetime(2026, 11, 23, 4, 0, tzinfo=UTC))

    @pytest.mark.parametrize(
        ("text", "language", "late"),
        [
            ("when would a headlamp come if I buy it tonight", "en", "after the 16:00 cut-off"),
            ("今晚下单头灯几号到", "zh", "已经过了当天 16:00 的截单时间"),
            ("will it be here on Wednesday if I pay this evening", "en", "Tuesday 24 November"),
        ],
    )
    def test_tonight_is_after_the_cut_off(
        self, monday: Services, text: str, language: str, late: str
    ) -> None:
        assert late in ask(monday, "delivery_time", text, language)

    @pytest.mark.parametrize(
        ("text", "language", "express"),
        [
            ("does what I ordered last night leave today", "en", "express"),
            ("昨晚下的单今天发货吗", "zh", "特快"),
        ],
    )
    def test_an_order_that_is_placed_is_looked_at(
        self, services: Services, text: str, language: str, express: str
    ) -> None:
        said = ask(services, "delivery_time", text, language)
        assert "SP58213904" in said
        assert express not in said.casefold()  # it holds gas

    def test_a_visitors_past_day_is_reckoned_from(self, monday: Services) -> None:
        said = ask(monday, "delivery_time", "paid yesterday at noon, when does it ship", email=None)
        assert "With your order of Sunday 22 November, 12:00" in said


class TestPaid:
    @pytest.mark.parametrize(
        ("text", "language", "said"),
        [
            ("what was the price of the ridgeline tent when I bought it", "en", "¥899 each"),
            ("之前买的露营枕花了多少", "zh", "单价 ¥79"),
            ("what did I pay for the fellwind shoes", "en", "no order of yours with"),
        ],
    )
    def test_what_was_paid(self, services: Services, text: str, language: str, said: str) -> None:
        assert said in ask(services, "order_history", text, language)


class TestPoints:
    @pytest.mark.parametrize(
        ("text", "language", "where", "rate"),
        [
            ("how many points are there on my account", "en", "Me > Points", "× 1.5"),
            ("我的积分还剩多少，值多少钱", "zh", "我的 > 积分", "1.5 倍"),
        ],
    )
    def test_where_they_are_seen_and_what_they_are_worth(
        self, services: Services, text: str, language: str, where: str, rate: str
    ) -> None:
        said = ask(services, "membership", text, language)
        assert where in said
        assert rate in said
        assert where not in ask(services, "membership", text, language, email=None)


class TestBeforePacking:
    @pytest.mark.parametrize(
        ("intent", "text", "language", "how", "offer"),
        [
            ("cancel_order", "call off my last order", "en", "“Cancel order”", "Or shall I"),
            ("cancel_order", "最新那单不要了", "zh", "点“取消订单”", "也可以由我转"),
            ("change_order", "the address is wrong", "en", "“Change order”", "Or shall I"),
            ("change_order", "地址写错了", "zh", "点“修改订单”", "也可以由我转"),
        ],
    )
    def test_what_the_customer_can_do_comes_first(
        self, services: Services, intent: str, text: str, language: str, how: str, offer: str
    ) -> None:
        said = re.sub(r'"([^"]*)"', "“\\1”", ask(services, intent, text, language))
        assert said.index(how) < said.index(offer)


class TestTrouble:
    @pytest.mark.parametrize(
        ("language", "first", "second", "third", "due"),
        [
            (
                "en", "it says delivered on the app and I have no parcel",
                "nobody in the house took it",
                "and if the parcel is lost, a replacement or my money?",
                "we send a replacement within 24 hours",
            ),
            (
                "zh", "显示已经签收 我没拿到包裹", "邻居也问过了 没有",
                "要是丢了 补发还是退款", "补发",
            ),
        ],
    )  # fmt: skip
    def test_a_second_message_is_not_answered_by_the_same_text(
        self, services: Services, language: str, first: str, second: str, third: str, due: str
    ) -> None:
        talk = Talk(services, GOLD)
        one = talk.say("problem", first, language).text
        two = talk.say("complaint", second, language).text
        assert one != two
        assert ("added" if language == "en" else "补充到") in two
        assert due in talk.say("return_eligibility", third, language).text

    @pytest.mark.parametrize(
        ("text", "language", "offer"),
        [
            ("again the wrong thing! let me speak to a human", "en", "just say so"),
            ("又发错了 我要投诉 转人工", "zh", "说一声就行"),
        ],
    )
    def test_who_asks_for_a_person_is_not_told_to_ask(
        self, services: Services, text: str, language: str, offer: str
    ) -> None:
        said = ask(services, "complaint", text, language)
        assert offer not in said
        assert ("sorry" if language == "en" else "抱歉") in said
