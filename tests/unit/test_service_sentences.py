"""Delivery, orders, identification and handoff in three shops: what a shop does not have is never
said, and what it has is said with its own figures, places and names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest
import three_shops

from bot.actions import delivery, handoff, orders
from bot.actions.skill import Skill
from bot.dialogue.services import Services
from bot.dialogue.turn import Turn
from bot.wording import identity_sentences
from bot.wording.delivery_sentences import DeliverySentences
from bot.wording.phrases import phrase
from data import access
from data.attempts import Guard
from data.database import create_engine, session_factory
from data.models import Address, Base, Customer, Order, OrderStatus
from data.places import Place
from data.rules import ShopRules
from data.unit_of_work import UnitOfWork

US, CN, GB = map(three_shops.load, (three_shops.US, three_shops.CN, three_shops.GB))
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)  # Monday: 12:00 in Hangzhou, 23:00 in New York
SHOPS = {"US": US, "CN": CN, "GB": GB}
# What only some shops have.
ONLY = {
    "express": "CN",
    "特快": "CN",
    "eight digits": "CN",
    "8 位": "CN",
    "six-digit": "",
    "6 位": "",
    "China": "CN",
    "中国": "CN",
    "cut-off": "CN",
    "截单": "CN",
    "service@spruce.example": "CN",
    "400-555-0137": "CN",
}


@dataclass
class Talk:
    """A conversation with one shop, of a visitor or of a customer."""

    rules: ShopRules
    unit_of_work: Callable[[], UnitOfWork]
    language: str = "en"
    now: datetime = NOON
    session_id: str = ""
    events: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        with self.unit_of_work() as uow:
            hour = timedelta(hours=1)
            self.session_id = access.open_session(uow, hour, now=self.now).id

    def services(self) -> Services:
        """As much as these skills need."""

        def say(key: str, language: str, pick: str = "", /, **facts: object) -> str:
            return phrase(key, language, **facts)

        return cast(
            "Services",
            SimpleNamespace(
                rules=self.rules,
                unit_of_work=self.unit_of_work,
                clock=lambda: self.now,
                catalogue={},
                products=SimpleNamespace(match=lambda text: [], of_kind=lambda text: None),
                sources=SimpleNamespace(cite=lambda *a: None, of=lambda *a: []),
                phrases=SimpleNamespace(say=say),
                guard=Guard(b"a key"),
                mailer=None,
                sends_codes=False,
                notices=None,
            ),
        )

    def turn(self, text: str, intent: str = "") -> Turn:
        latest = {
            "text": text,
            "intent": {"name": intent},
            "metadata": {"language": self.language},
        }
        tracker = SimpleNamespace(
            sender_id=self.session_id,
            latest_message=latest,
            events=[*self.events, {"event": "user", "text": text}],
            get_slot=lambda name: None,
        )
        return Turn(tracker, self.services())

    def say(self, skill: type[Skill], text: str, intent: str = "") -> str:
        turn = self.turn(text, intent)
        skill(turn.services).act(turn)
        bot = {"event": "bot", "data": {"custom": {"notes": turn.notes.plain()}}}
        self.events += [{"event": "user", "text": text}, bot]
        return "\n".join(message.text for message in turn.messages)


@pytest.fixture
def unit_of_work(tmp_path: Any) -> Callable[[], UnitOfWork]:
    engine = create_engine(f"sqlite:///{tmp_path / 'shop.db'}")
    Base.metadata.create_all(engine)
    sessions = session_factory(engine)
    return lambda: UnitOfWork(sessions)


@pytest.fixture
def talk(unit_of_work: Callable[[], UnitOfWork]) -> Callable[..., Talk]:
    def begin(rules: ShopRules, language: str = "en", now: datetime = NOON) -> Talk:
        return Talk(rules, unit_of_work, language, now)

    return begin


def customer(unit_of_work: Callable[[], UnitOfWork], number: str = "SP20417388") -> None:
    with unit_of_work() as uow:
        ann = Customer(
            email="ann@example.com",
            phone="+12102260137",
            name="Ann",
            language="en",
            tier=None,
            joined_at=NOON,
            addresses=[
                Address(
                    recipient="Ann",
                    line="1 Main St",
                    city="Austin",
                    province="TX",
                    postcode="78228",
                    country="US",
                    is_default=True,
                )
            ],
        )
        ann.orders.append(
            Order(
                number=number,
                status=OrderStatus.PAID,
                placed_at=NOON,
                delivery_method="flat",
                currency="USD",
                subtotal=Decimal(10),
                delivery_fee=Decimal(5),
                total=Decimal(15),
                address=ann.addresses[0],
            )
        )
        uow.session.add(ann)
        uow.commit()


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("shop", SHOPS)
def test_no_shop_speaks_of_what_it_does_not_have(
    talk: Callable[..., Talk], shop: str, language: str
) -> None:
    rules = SHOPS[shop]
    said = []
    for text in ("", "to Canada?", "寄到日本", "寄到西藏", "ship to Texas", "SW1A 1AA", "abroad"):
        for intent in ("delivery_time", "delivery_cost"):
            said.append(talk(rules, language).say(delivery.Delivery, text, intent))
    for text in ("", "ann@example.com", "a@b.com 78228 W0000001 310000 SW1A 1AA", "SP12345678"):
        said.append(talk(rules, language).say(orders.Identify, text))
        said.append(talk(rules, language).say(orders.OrderStatusSkill, text))
    for now in (NOON, NOON + timedelta(hours=8), NOON + timedelta(days=5)):
        talking = talk(rules, language, now)
        said += [talking.say(handoff.Handoff, "human", "human") for _ in range(2)]
    said.append(identity_sentences.odd_number(talk(rules, language).turn(""), "X1"))
    together = "\n".join(said)
    for words, owner in ONLY.items():
        assert owner == shop or words not in together, words
    assert "None" not in together


@pytest.mark.parametrize(
    ("rules", "text", "said"),
    [
        (US, "", "With flat-rate shipping you pay $5.95, whatever the order value."),
        (US, "ship to Toronto, Canada", "With flat-rate shipping you pay $19"),
        (US, "for an order of $80", "With flat-rate shipping you pay $5.95"),
        (GB, "", "With Royal Post you pay £4.50 to £9, depending on where it goes, and nothing"),
        (GB, "to PH1 1AA", "With Royal Post you pay £9, and nothing from £60"),
        (GB, "can I pick up", "With click and collect you pay nothing"),
        (GB, "for £70", "Yes, an order of £70 has free Royal Post (free from £60)."),
        (CN, "", "With standard delivery you pay ¥8, and nothing from ¥99."),
        (CN, "", "With express delivery you pay ¥18, whatever the order value."),
        (CN, "how much is the fastest one", "With express delivery you pay ¥18"),
        (CN, "express to Tibet", "There is no express delivery to Tibet."),
    ],
)
def test_costs(talk: Callable[..., Talk], rules: ShopRules, text: str, said: str) -> None:
    assert said in talk(rules).say(delivery.Delivery, text, "delivery_cost")


@pytest.mark.parametrize(
    ("rules", "language", "text", "said"),
    [
        # Friday is no day of dispatch: paid on Sunday night, it leaves on Monday.
        (US, "en", "ship to Texas", "With flat-rate shipping to Texas it should arrive on"),
        (US, "en", "ship to Japan", "Sorry, we do not deliver to Japan. We deliver to the United"),
        (US, "en", "ship to Hawaii", "Sorry, we do not deliver to Hawaii."),
        (US, "en", "ship abroad", "abroad we deliver to these countries: Canada and Mexico."),
        (US, "zh", "寄到加拿大", "With flat-rate shipping to Canada"),  # it speaks English only
        (GB, "en", "ship to the US", "Sorry, we do not deliver to the United States. We deliver"),
        (GB, "en", "to SW1A 1AA", "With Royal Post it should arrive on Wednesday 25 November."),
        (GB, "en", "pick up", "With click and collect it should be ready on"),
        (CN, "zh", "寄到成都", "标准配送到四川预计11月25日（周三）至11月27日（周五）送到。"),
        (CN, "en", "ship to Chengdu", "With standard delivery to Sichuan it should arrive on"),
        (CN, "zh", "加急到浙江", "赶得上当天 16:00 的截单"),
        (
            CN,
            "zh",
            "香港",
            "抱歉，我们目前送不了香港。我们的配送范围是中国，不含台湾、香港和澳门。",
        ),
        (CN, "zh", "能寄国外吗", "抱歉，我们目前送不了海外。"),
        (CN, "zh", "", "有些地方会慢几天"),
    ],
)
def test_times(
    talk: Callable[..., Talk], rules: ShopRules, language: str, text: str, said: str
) -> None:
    assert said in talk(rules, language).say(delivery.Delivery, text, "delivery_time")


@pytest.mark.parametrize(
    ("rules", "language", "now", "said"),
    [
        (CN, "zh", "2026-11-22 10:00", "当天不发货（周日和法定节假日不发货）"),
        (CN, "en", "2026-11-22 10:00", "nothing is sent on Sundays and public holidays"),
        (CN, "en", "2026-11-23 17:00", "that is after the 16:00 cut-off"),
        (US, "en", "2026-11-20 10:00", "on Fridays, Saturdays, Sundays and public holidays"),
        (GB, "en", "2026-11-21 10:00", "nothing is sent on Saturdays and Sundays."),
    ],
)
def test_days_without_dispatch(
    talk: Callable[..., Talk], rules: ShopRules, language: str, now: str, said: str
) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=rules.timezone)
    assert said in talk(rules, language, moment).say(delivery.Delivery, "", "delivery_time")


def test_a_shop_without_cutoff_says_none(talk: Callable[..., Talk]) -> None:
    monday = datetime(2026, 11, 23, 12, 0, tzinfo=US.timezone)
    told = talk(US, "en", monday).say(delivery.Delivery, "", "delivery_time")
    assert "leaves" not in told
    assert told.startswith("With flat-rate shipping it should arrive on")


def test_the_place_of_the_customers_address(
    talk: Callable[..., Talk], unit_of_work: Callable[[], UnitOfWork]
) -> None:
    customer(unit_of_work)
    known = talk(US)
    with unit_of_work() as uow:
        access.sign_in(uow, known.session_id, "ann@example.com", now=NOON)
    assert "to Texas" in known.say(delivery.Delivery, "when", "delivery_time")


def test_goods_that_go_one_way_only(talk: Callable[..., Talk]) -> None:
    assert CN.delivery is not None
    sentences = DeliverySentences(talk(CN).turn(""), CN.delivery)
    assert sentences.ground_only() == (
        "An order with gas and fuel can only be sent by standard delivery."
    )
    assert sentences.place(Place("CN")) == ""


@pytest.mark.parametrize(
    ("rules", "language", "said"),
    [
        (
            US,
            "en",
            "the phone number you ordered with (or the e-mail address you ordered with) and the "
            "number of one of your orders.",
        ),
        (CN, "zh", "请发一下下单用的邮箱和收货地址的邮编，比如：name@example.com 266033。"),
        (GB, "en", "the postcode of your delivery address, for example name@example.com EC1Y 8SY."),
    ],
)
def test_asks_for_what_the_shop_takes(
    talk: Callable[..., Talk], rules: ShopRules, language: str, said: str
) -> None:
    assert said in talk(rules, language).say(orders.OrderStatusSkill, "where is my order")


def test_a_zip_code_is_called_so(talk: Callable[..., Talk]) -> None:
    by_zip = US.model_copy(
        update={"shop": US.shop.model_copy(update={"identify": ("email", "postcode")})}
    )
    assert "the ZIP code of your delivery address" in talk(by_zip).say(orders.Identify, "")


def test_identified_by_phone_and_order_number(
    talk: Callable[..., Talk], unit_of_work: Callable[[], UnitOfWork]
) -> None:
    customer(unit_of_work, "W0000001")
    talking = talk(US)
    assert "who you are" in talking.say(orders.OrderStatusSkill, "where is my order?")
    assert "one thing is still missing" in talking.say(orders.Identify, "210-226-0137")
    # Whatever it was taken for, it is the number that was asked for.
    answer = talking.say(orders.OrderStatusSkill, "W0000001", "order_status")
    assert "that matches" in answer
    assert "Order W0000001 () is paid and waiting to be packed." in answer
    assert "cancel" not in answer  # the shop says nothing of cancelling


def test_what_was_written_need_not_be_sent_again(
    talk: Callable[..., Talk], unit_of_work: Callable[[], UnitOfWork]
) -> None:
    customer(unit_of_work, "W0000001")
    talking = talk(US)
    asked = talking.say(orders.OrderStatusSkill, "where is #W0000001?")
    assert "phone number" in asked
    assert "number of one of your orders" not in asked
    answer = talking.say(orders.Identify, "210-226-0137")
    assert "Order W0000001 () is paid and waiting to be packed." in answer


def test_what_does_not_match(
    talk: Callable[..., Talk], unit_of_work: Callable[[], UnitOfWork]
) -> None:
    customer(unit_of_work)
    answer = talk(US).say(orders.Identify, "ann@example.com 99999999")
    assert answer.startswith("That does not match.")


def test_until_when_an_order_can_change(
    talk: Callable[..., Talk], unit_of_work: Callable[[], UnitOfWork]
) -> None:
    customer(unit_of_work)
    talking = talk(CN)
    with unit_of_work() as uow:
        access.sign_in(uow, talking.session_id, "ann@example.com", now=NOON)
    answer = talking.say(orders.OrderStatusSkill, "SP20417388")
    assert "Until it is packed you can still cancel it." in answer
    assert "Until it is on its way you can still change the address." in answer
    unknown = talking.say(orders.OrderStatusSkill, "SP99999999")
    assert "Our order numbers are SP and eight digits." in unknown


def _handed(talking: Talk, times: int = 1) -> Sequence[str]:
    return [talking.say(handoff.Handoff, "a person please", "human") for _ in range(times)]


def test_handoff_without_hours_phone_or_email(talk: Callable[..., Talk]) -> None:
    first, second = _handed(talk(US), 2)
    assert first.endswith("need not repeat it. They will reply right here.")
    assert second.endswith("so there is no need to file it again.")


def test_handoff_within_hours(talk: Callable[..., Talk]) -> None:
    first, second = _handed(talk(CN), 2)
    assert "The team is here until 21:00 today" in first
    assert "call 400-555-0137 (09:00–21:00)" in second


def test_handoff_on_a_closed_day(talk: Callable[..., Talk]) -> None:
    (filed,) = _handed(talk(GB))  # a Monday; open from Tuesday to Thursday
    assert "back on Tuesday 24 November, 10:00" in filed
    assert "020 7946 0018" not in filed  # nobody would answer
