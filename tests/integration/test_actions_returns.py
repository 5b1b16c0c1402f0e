"""What is said of returns and membership: for the demo shop, and by the same code for shops that
have decided otherwise. The intent is given, the rest is real."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from talking import Talk, demo_services

from bot.dialogue.services import Services
from data.rules.shop import Membership, Returns


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    return demo_services(tmp_path_factory.mktemp("returns"))  # nothing here changes the shop


def other(services: Services, **sections: Any) -> Services:
    """The demo's goods in a shop with other rules; None: without."""
    return replace(services, rules=services.rules.model_copy(update=sections))


def ask(services: Services, text: str, language: str = "en", email: str | None = None) -> str:
    said = Talk(services, email).say("return_eligibility", text, language)
    assert "failed" not in said.notes
    return said.text


class TestDemo:
    @pytest.mark.parametrize(
        ("text", "language", "said"),
        [
            ("可以退货吗", "zh", "一般商品签收后 30 天内可以退。"),
            ("what is your return policy?", "en", "You can return a regular item within 30 days"),
            ("清仓的靴子能退吗", "zh", "清仓特价商品签收后 7 天内可以退。"),
            ("can i return sale items", "en", "You can return a clearance item within 7 days"),
            ("气罐可以退吗", "zh", "食品、气罐这类消耗品没有质量问题不支持退货。"),
            ("can I return gas canisters", "en", "only in case of a fault"),
            ("袜子拆开了能退吗", "zh", "拆封的袜子、贴身衣物这类卫生用品不能无理由退。"),
            ("I opened the socks, can they go back?", "en", "Once unsealed, a hygiene item"),
            ("鞋子可以换码吗", "zh", "每件只能换一次。换货不收费。"),
            (
                "can I exchange the boots for a bigger size",
                "en",
                "Each item can be exchanged once.",
            ),
            ("怎么退货", "zh", "点“申请退货”；通过后把商品寄回。退货到仓后 3 个工作日内原路退款。"),
            ("how do I return something", "en", "within 3 working days of its arrival. Your bank"),
            ("岭线双人帐漏水，能退吗？", "zh", "签收后 24 个月的保修期内都可以处理。不收退货费。"),
        ],
    )
    def test_rules_in_general(
        self, services: Services, text: str, language: str, said: str
    ) -> None:
        assert said in ask(services, text, language)

    def test_goods_in_general_have_classes_with_rules_of_their_own(
        self, services: Services
    ) -> None:
        text = ask(services, "可以退货吗", "zh")
        assert "清仓特价商品签收后 7 天；" in text
        assert "卫生用品签收后 30 天（拆封的不能退）；" in text
        assert "其他商品" not in ask(services, "帐篷能退吗", "zh")

    def test_a_visitor_may_be_of_a_tier_with_more_days(self, services: Services) -> None:
        bought = "I bought a tent 45 days ago, can I return it?"
        assert "If you are a Gold member, your return period is 60 days" in ask(services, bought)
        assert "Gold" not in ask(services, bought, email="emma.clarke@example.com")
        assert "Gold" not in ask(services, "I bought a tent 70 days ago, can I return it?")

    def test_what_has_not_come_may_be_called_off(self, services: Services) -> None:
        text = ask(services, "气罐还没到，能退吗", "zh", "lin.yue@example.com")
        assert text.startswith("卡式长气罐三罐装还没有签收")
        assert "现在也可以直接取消订单。" in text
        silent = other(services, cancellation=None)
        assert "取消" not in ask(silent, "气罐还没到，能退吗", "zh", "lin.yue@example.com")


class TestOtherShops:
    def returns(self, **more: Any) -> Returns:
        return Returns.model_validate({"classes": {"standard": {"days": 10}}, **more})

    def test_working_days_from_purchase_at_the_customers_expense(self, services: Services) -> None:
        section = self.returns(
            **{"from": "purchase"}, count="business", customer_pays_postage=True,
            restocking_percent=15,
        )  # fmt: skip
        shop = other(services, returns=section, membership=None, warranty=None)
        assert ask(shop, "can I return the Ridgeline 2 tent").startswith(
            "You can return the Ridgeline 2 Tent within 10 working days after purchase. "
            "You pay the postage of the return. A restocking fee of 15% is taken off the refund. "
            "Tell me when you bought it"
        )
        assert "购买后 10 个工作日内可以退。寄回的运费由您承担。退款里要扣 15%" in ask(
            shop, "可以退货吗", "zh"
        )

    @pytest.mark.parametrize(
        ("text", "language", "said"),
        [
            ("头灯激活了还能退吗", "zh", "联网激活的一般货不能无理由退。"),
            ("头灯登记了能退吗", "zh", "登记的一般货不能无理由退。"),
            ("头灯用过了能退吗", "zh", "一般货签收后 10 天内可以退。"),
            ("头灯摔坏了能退吗", "zh", "损坏的一般货不能无理由退。"),
            ("I activated the headlamp, can I return it?", "en", "Once activated online, it"),
        ],
    )
    def test_what_voids_a_return_is_the_shops(
        self, services: Services, text: str, language: str, said: str
    ) -> None:
        voided = ["activated", "registered", "damaged"]
        section = self.returns(
            classes={
                "standard": {
                    "days": 10, "name": {"zh": "一般货", "en": "it"}, "voided_by": voided
                }
            },
            conditions={
                "activated": {"zh": "联网激活", "en": "activated online"},
                "registered": {"says": {"zh": "登记", "en": "registered"}},
            },
        )  # fmt: skip
        assert said in ask(other(services, returns=section, membership=None), text, language)

    @pytest.mark.parametrize("language", ["zh", "en"])
    @pytest.mark.parametrize("day", ["", "45 天前收到的", "昨天收到的"])
    def test_what_the_shop_does_not_have_is_not_promised(
        self, services: Services, language: str, day: str
    ) -> None:
        bare = other(
            services, returns=self.returns(), membership=None, warranty=None, cancellation=None
        )
        for what in ("头灯能退吗", "头灯用过了，能退吗"):
            told = ask(bare, f"{day}{what}", language)
            assert "10" in told
            for word in ("保修", "warranty", "费", "fee", "未使用", "unused", "会员", "member"):
                assert word not in told
        late = ask(bare, "45 天前收到的头灯坏了，能退吗", language)
        assert ("现在已经过了" if language == "zh" else "that is over") in late

    def test_without_rules_the_pages_answer(self, services: Services) -> None:
        none = other(services, returns=None, membership=None)
        said = Talk(none).say("return_eligibility", "贴身衣物拆封了能退货吗", "zh")
        assert "hygiene-and-consumables" in {
            each["source"] for message in said.messages for each in message["citations"]
        }
        said = Talk(none).say("membership", "会员有什么权益", "zh")
        assert said.messages[0]["citations"]

    def test_without_steps_and_exchanges_the_pages_answer(self, services: Services) -> None:
        shop = other(services, returns=self.returns(), membership=None)
        for text, page in (("怎么退货", "return-steps"), ("可以换货吗", "exchanges")):
            said = Talk(shop).say("return_eligibility", text, "zh")
            assert page in {each["source"] for m in said.messages for each in m["citations"]}

    def test_tiers_are_the_shops(self, services: Services) -> None:
        tiers = Membership.model_validate(
            {
                "window_days": 90,
                "tiers": [
                    {"id": "leaf", "name": "Leaf", "from": "100.00"},
                    {"id": "tree", "name": "Tree", "words": ["大树"], "from": "900.00"},
                    {"id": "oak", "name": "Old Tree", "from": "2000.00", "points_rate": "2"},
                ],
            }
        )
        returns = self.returns(fee_free_by_tier=["oak"], fee="5.00")
        shop = other(services, membership=tiers, returns=returns)

        def say(text: str, language: str = "en", email: str | None = None) -> str:
            return Talk(shop, email).say("membership", text, language).text

        assert "Tree: yours once you have spent ¥900 within 90 days." in say("what is Tree?")
        assert say("大树会员有什么好处", "zh").startswith("Tree：最近 90 天消费满 ¥900 即可。")
        both = say("what does an Old Tree member get").splitlines()
        assert len(both) == 1
        assert "points × 2" in both[0]
        assert "no return fee" in both[0]
        assert "has no tier yet; another ¥50 takes you to Leaf" in say(
            "i spent 50 yuan this year, which tier am i"
        )
        # The customer's stored tier is another shop's: what they spent decides.
        own = say("my tier?", email="new.customer@example.com")
        assert own.startswith("You are a Leaf member and spent ¥899 in the last 90 days")


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("difference between standard and express delivery", False),
        ("is standard delivery free for Gold?", True),
        ("普通会员和金卡有什么区别", True),
    ],
)
def test_the_first_tiers_name_is_a_common_word(services: Services, text: str, about: bool) -> None:
    language = "zh" if text[0] > "z" else "en"
    said = Talk(services).say("compare", text, language)
    assert ("points ×" in said.text or "积分" in said.text) is about
