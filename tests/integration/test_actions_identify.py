"""Proving who one is in the chat: by facts, by a one-time code, and what each of them opens."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import delete
from structlog.testing import capture_logs
from talking import NOW, Said, Talk, demo_services

from bot.dialogue.services import Services
from data import access
from data.attempts import SUBJECT
from data.capabilities import Level
from data.models import ChannelUser, GuessCount
from retrieval.text import detect_language

EMMA = "emma.clarke@example.com"
POSTCODE = "200030"


class Post:
    """Keeps what would be sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, str]] = []

    def send(self, to: str, subject: str, text: str) -> None:
        self.sent.append((to, subject, text))

    def code(self) -> str:
        found = re.match(r"\d{6}", self.sent[-1][2])
        assert found
        return found[0]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Services:
    return demo_services(tmp_path_factory.mktemp("state"))


@pytest.fixture
def services(shop: Services) -> Iterator[Services]:
    """The shop as if nobody had guessed at anything."""
    yield shop
    with shop.unit_of_work() as uow:
        uow.session.execute(delete(GuessCount))
        uow.session.execute(delete(ChannelUser))
        uow.commit()


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def by_code(services: Services, post: Post) -> Services:
    """The shop with a mail server, and codes among the ways that it takes."""
    rules = services.rules.model_copy(
        update={
            "shop": services.rules.shop.model_copy(
                update={"identify": ("email", "postcode", "code")}
            )
        }
    )
    return dataclasses.replace(services, rules=rules, mailer=post)


def proof(talk: Talk) -> Level:
    with talk.services.unit_of_work() as uow:
        return access.proof_of_session(uow, talk.session_id, now=NOW)


def count(guessing: str, outcome: str) -> float:
    labels = {"guessing": guessing, "outcome": outcome}
    return REGISTRY.get_sample_value("shopguide_identifications_total", labels) or 0


@pytest.mark.parametrize(
    ("language", "refused", "then"),
    [("en", "too many attempts", "sign in on the website"), ("zh", "次数太多", "网站登录")],
)
@pytest.mark.parametrize("email", [EMMA, "nobody@example.com"])
def test_after_too_many_guesses_everybody_is_told_what_to_do_next(
    services: Services, language: str, refused: str, then: str, email: str
) -> None:
    before = count("facts", "refused")
    for _ in range(SUBJECT[0].most):
        Talk(services).say("provide_identity", f"{email} 100001", language)
    with capture_logs() as logs:
        said = Talk(services).say("provide_identity", f"{email} {POSTCODE}", language)
    assert refused in said.text
    assert then in said.text
    assert said.messages[0]["buttons"]
    assert count("facts", "refused") == before + 1
    assert [entry["event"] for entry in logs] == ["too many guesses at who a customer is"]
    assert email not in str(logs)


@pytest.mark.parametrize("wish", ["copy", "erasure"])
def test_facts_do_for_asking_a_person_for_all_ones_data(services: Services, wish: str) -> None:
    asked = {"copy": "send me a copy of my data", "erasure": "delete all my data"}[wish]
    talk = Talk(services)
    assert talk.say("human", asked).text == services.phrases.say("own_data.visitor", "en")
    talk.say("provide_identity", f"{EMMA} {POSTCODE}")
    assert services.phrases.say(f"own_data.{wish}", "en") in talk.say("human", asked).text


def _wanted(said: Said) -> list[tuple[str, int, bool]]:
    """The fields of the form that a message brings."""
    (message,) = (each for each in said.messages if each["asks"] == "identity")
    return [(fact["way"], fact["part"], fact["optional"]) for fact in message["wanted"]]


def _identifying(services: Services, *ways: str) -> Services:
    shop = services.rules.shop.model_copy(update={"identify": ways})
    return dataclasses.replace(services, rules=services.rules.model_copy(update={"shop": shop}))


def test_the_fields_are_the_shops_ways_in_its_order(services: Services) -> None:
    ways = ("postcode", "phone", "order_number", "email")
    said = Talk(_identifying(services, *ways)).say("order_history", "what have I ordered?")
    assert _wanted(said) == [
        ("postcode", 0, False),
        ("order_number", 0, False),
        ("phone", 1, False),
        ("email", 1, False),
    ]
    names = [fact["name"] for fact in said.messages[-1]["wanted"]]
    assert names[0] == "The postcode of your delivery address"
    assert names[3] == "Or the e-mail address you ordered with"
    assert said.messages[-1]["wanted"][3]["example"] == "name@example.com"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_a_form_sends_is_read(services: Services, language: str) -> None:
    talk = Talk(services)
    asked = {"zh": "我的包裹到哪里了", "en": "where is my parcel"}[language]
    assert _wanted(talk.say("order_status", asked, language)) == [
        ("email", 0, False),
        ("postcode", 1, False),
    ]
    again = talk.say("provide_identity", f"{EMMA}, 100001", language)  # a wrong one
    assert _wanted(again) == [("email", 0, False), ("postcode", 1, False)]
    shown = talk.say("provide_identity", f"{EMMA}, {POSTCODE}", language)
    assert proof(talk) is Level.FACTS
    assert shown.cards
    assert not any(message["wanted"] for message in shown.messages)


def test_only_what_is_missing_has_a_field(services: Services) -> None:
    talk = Talk(services)
    talk.say("order_history", "my orders")
    assert _wanted(talk.say("provide_identity", EMMA)) == [("postcode", 0, False)]


def test_where_codes_are_sent_the_address_alone_will_do(by_code: Services, post: Post) -> None:
    talk = Talk(by_code)
    said = talk.say("order_history", "my orders")
    assert _wanted(said) == [("email", 0, False), ("postcode", 1, True)]
    assert "one-time code" in said.messages[-1]["wanted"][1]["name"]
    assert _wanted(talk.say("provide_identity", EMMA)) == [("code", 0, False)]
    assert _wanted(talk.say("provide_identity", "000 000")) == [("code", 0, False)]
    assert not any(m["wanted"] for m in talk.say("provide_identity", post.code()).messages)
    assert proof(talk) is Level.CODE


def test_where_nothing_is_checked_any_more_there_is_no_form(services: Services) -> None:
    for _ in range(SUBJECT[0].most):
        Talk(services).say("provide_identity", f"{EMMA} 100001")
    assert _wanted(Talk(services).say("provide_identity", f"{EMMA} {POSTCODE}")) == []


def test_facts_open_the_orders_and_no_more(services: Services) -> None:
    talk = Talk(services)
    assert "that matches" in talk.say("provide_identity", f"{EMMA} {POSTCODE}").text
    assert proof(talk) is Level.FACTS
    assert "SP39274618" in str(talk.say("order_history", "my orders"))
    for intent, text in (
        ("see_profile", "what do you know about me?"),
        ("correct_profile", "I wear 43 now"),
        ("history_on", "you can use my history again"),
    ):
        said = talk.say(intent, text).text
        assert "surer that it is you" in said
        assert "sign in on the website" in said
        assert "SP39274618" not in said
    # To object takes no more than to order did.
    assert "Done." in talk.say("history_off", "don't use my history").text
    Talk(services, EMMA).say("history_on", "you can use my history again")


def test_a_code_by_mail_opens_what_facts_do_not(by_code: Services, post: Post) -> None:
    talk = Talk(by_code)
    talk.say("see_profile", "what do you know about me?")
    sent = talk.say("provide_identity", EMMA)
    assert "6 digits" in sent.text
    assert "10 minutes" in sent.text
    (to, subject, text) = post.sent[0]
    assert to == EMMA
    assert "Spruce" in subject
    assert "Nobody from the shop will ever ask you for it" in text
    wrong = "000000" if post.code() != "000000" else "111111"
    assert "not right" in talk.say("provide_identity", wrong).text
    said = talk.say("provide_identity", post.code()).text
    assert "that matches" in said
    assert "this is all the shop knows about you" in said
    assert proof(talk) is Level.CODE


def test_the_code_may_be_written_as_people_write(by_code: Services, post: Post) -> None:
    talk = Talk(by_code)
    talk.say("provide_identity", EMMA, "zh")
    code = "".join(chr(ord(digit) + 0xFEE0) for digit in post.code())  # full-width digits
    assert "核对好了" in talk.say("provide_identity", f"验证码 {code}。", "zh").text


def test_six_digits_are_the_code_whatever_they_were_understood_as(
    by_code: Services, post: Post
) -> None:
    talk = Talk(by_code)
    talk.say("provide_identity", EMMA)
    assert "that matches" in talk.say("product_search", post.code()).text


def test_whoever_is_known_by_facts_gets_further_by_a_code(by_code: Services, post: Post) -> None:
    talk = Talk(by_code)
    talk.say("provide_identity", f"{EMMA} {POSTCODE}")
    assert post.sent == []
    assert "one-time code" in talk.say("see_profile", "what do you know about me?").text
    talk.say("provide_identity", EMMA)
    assert "all the shop knows about you" in talk.say("provide_identity", post.code()).text


def test_an_address_that_is_not_known_is_told_the_same(by_code: Services, post: Post) -> None:
    known = Talk(by_code).say("provide_identity", EMMA).text
    unknown = Talk(by_code).say("provide_identity", "nobody@example.com").text
    assert known.replace(EMMA, "…") == unknown.replace("nobody@example.com", "…")
    assert [to for to, _, _ in post.sent] == [EMMA]


def test_without_a_mail_server_the_postcode_is_asked_for(services: Services) -> None:
    assert "postcode" in Talk(services).say("provide_identity", EMMA).text


def test_the_code_is_no_longer_one_after_other_things_were_said(
    by_code: Services, post: Post
) -> None:
    talk = Talk(by_code)
    talk.say("provide_identity", EMMA)
    for _ in range(4):
        talk.say("order_status", "where is my order")
    talk.say("provide_identity", post.code())
    assert proof(talk) is Level.NONE


def test_chats_that_are_linked_stand_in_what_is_known(services: Services) -> None:
    with services.unit_of_work() as uow:
        customer = uow.customers.by_email(EMMA)
        assert customer is not None
        session = access.open_channel_session(uow, access.CODE_LIFE, "wecom", customer.id, now=NOW)
        uow.channels.add_user(
            ChannelUser(
                channel="wecom",
                conversation="1",
                session_id=session.id,
                customer_id=customer.id,
                linked_at=NOW,
                is_group=False,
                language="en",
                address={},
                choices=[],
                spoke_at=NOW,
                failed_links=0,
            )
        )
        uow.commit()
    said = Talk(services, EMMA).say("see_profile", "what do you know about me?").text
    assert "A chat on WeCom is linked to your account since" in said
    assert "企业微信" in Talk(services, EMMA).say("see_profile", "你知道我什么？", "zh").text


def test_a_message_that_is_asked_again_counts_once_and_mails_once(
    services: Services, by_code: Services, post: Post
) -> None:
    """As when Rasa dies between an action and its answer."""
    talk = Talk(services)
    for _ in range(SUBJECT[0].most + 2):
        wrong = talk.say("provide_identity", f"{EMMA} 999999", message_id="m1")
        assert "does not match" in wrong.text, wrong.text
    assert talk.say("provide_identity", f"{EMMA} {POSTCODE}", message_id="m2").text
    with services.unit_of_work() as uow:
        assert access.proof_of_session(uow, talk.session_id, now=NOW) is Level.FACTS

    talk = Talk(by_code)
    for _ in range(3):
        talk.say("provide_identity", EMMA, message_id="m1")
    assert len(post.sent) == 1
    for _ in range(2):  # the code is used up by the first
        talk.say("provide_identity", post.code(), message_id="m2")
    with services.unit_of_work() as uow:
        assert access.proof_of_session(uow, talk.session_id, now=NOW) is Level.CODE


def test_a_parcel_is_found_by_its_tracking_number(services: Services) -> None:
    """Of the customer's own alone, in whatever groups it is written."""
    with services.unit_of_work() as uow:
        chen = uow.customers.by_email("chen.hao@example.com")
        assert chen is not None
        order, number = next(
            (order.number, shipment.tracking_number)
            for order in uow.orders.of_customer(chen.id)
            for shipment in order.shipments
            if shipment.tracking_number
        )
    spaced = " ".join(number[n : n + 4] for n in range(0, len(number), 4))
    for text in (f"where is {number}", f"{number.lower()} 到哪了", f"where is {spaced}?"):
        for intent in ("out_of_scope", "order_status"):
            assert order in str(Talk(services, chen.email).say(intent, text).cards), text
            assert order not in str(Talk(services, EMMA).say(intent, text).messages)
            assert order not in str(Talk(services).say(intent, text).messages)
    other = f"where is {number[:-1]}{(int(number[-1]) + 1) % 10}"
    assert not Talk(services, chen.email).say("out_of_scope", other).cards


@pytest.mark.parametrize(
    ("intent", "ask", "has", "never"),
    [
        ("order_status", "has my tent been sent yet", "SP93018465", "SP58213904"),
        ("order_status", "我那个帐篷走到哪了", "SP93018465", "SP58213904"),
        ("order_status", "where is my parcel?", "SP58213904", "SP93018465"),
    ],
)
def test_an_order_is_known_by_the_goods_in_it(
    services: Services, intent: str, ask: str, has: str, never: str
) -> None:
    language = "zh" if detect_language(ask) == "zh" else "en"
    said = Talk(services, "lin.yue@example.com").say(intent, ask, language)
    everything = f"{said.text} {said.cards}"
    assert has in everything, everything
    assert never not in everything
