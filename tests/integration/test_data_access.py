"""No conversation gets at another customer's data."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from data_rows import NOW, fill

from data import access
from data.access import (
    ALLOWED_FAILURES,
    Claim,
    Identification,
    customer_of_session,
    live_session,
    open_session,
    order_for_session,
    orders_for_session,
    sign_in,
)
from data.attempts import Guard
from data.capabilities import Capability
from data.errors import AlreadyIdentified, SessionClosed

HOUR = timedelta(hours=1)
HOSTILE = [
    "' OR '1'='1",
    "'; DROP TABLE orders; --",
    'lin@example.com" OR 1=1 --',
    "SP10000001' UNION SELECT * FROM orders --",
    "%",
    "_" * 10,
    "SP1000000%",
    "x" * 100_000,
    "帐" * 100_000,
    "\x00",
    "SP10000001\x00",
    "lin@example.com\x00",
    "\ud800",
    "😀" * 50,
    "",
    " ",
    "ЅР10000001",  # Cyrillic letters
    "lіn@example.com",  # Cyrillic і
    "SP１０００００００",  # full-width, one digit short
]


@pytest.fixture
def uow(new_uow):
    fill(new_uow())
    with new_uow() as uow:
        yield uow


@pytest.fixture
def session_id(uow):
    return open_session(uow, HOUR, now=NOW).id


GUARD = Guard(b"a key of this installation")


def identify(uow, session_id, email, postcode, now, guard=GUARD):
    return access.identify(uow, session_id, Claim(email, postcode=postcode), guard, now)


def test_matching_email_and_postcode_open_the_customers_orders(uow, session_id):
    assert orders_for_session(uow, session_id, now=NOW) == []
    assert identify(uow, session_id, "lin@example.com", "310000", NOW) == "matched"
    assert customer_of_session(uow, session_id, Capability.READ_ORDERS, now=NOW).name == "林悦"
    assert len(orders_for_session(uow, session_id, now=NOW)) == 3
    assert len(orders_for_session(uow, session_id, 2, now=NOW)) == 2
    assert order_for_session(uow, session_id, "SP10000002", now=NOW).number == "SP10000002"
    assert live_session(uow, session_id, now=NOW).identified_by == "email_postcode"


@pytest.mark.parametrize(
    ("email", "postcode"),
    [
        ("LIN@EXAMPLE.COM", "310000"),
        (" lin＠example.com ", "３１００００"),
        ("lin@example.com", "31-0000"),
    ],
)
def test_spelling_does_not_matter(uow, session_id, email, postcode):
    assert identify(uow, session_id, email, postcode, NOW) is Identification.MATCHED


@pytest.mark.parametrize(
    "number", ["sp10000002", " SP10000002 ", "#SP10000002", "ＳＰ１００００００２"]
)
def test_order_numbers_in_any_spelling(uow, session_id, number):
    identify(uow, session_id, "lin@example.com", "310000", NOW)
    assert order_for_session(uow, session_id, number, now=NOW).number == "SP10000002"


def test_wrong_postcode_and_unknown_customer_look_the_same(uow, session_id):
    other = open_session(uow, HOUR, now=NOW).id
    known = [identify(uow, session_id, "lin@example.com", "999999", NOW) for _ in range(7)]
    unknown = [identify(uow, other, "nobody@example.com", "310000", NOW) for _ in range(7)]
    assert known == unknown == ["wrong"] * ALLOWED_FAILURES + ["refused"] * 2


def test_after_the_failures_the_right_answer_is_refused_too(uow, session_id):
    for _ in range(ALLOWED_FAILURES):
        identify(uow, session_id, "lin@example.com", "999999", NOW)
    assert identify(uow, session_id, "lin@example.com", "310000", NOW) == "refused"
    assert customer_of_session(uow, session_id, Capability.READ_ORDERS, now=NOW) is None


def test_the_last_allowed_attempt_may_be_right(uow, session_id):
    for _ in range(ALLOWED_FAILURES - 1):
        identify(uow, session_id, "lin@example.com", "999999", NOW)
    assert identify(uow, session_id, "lin@example.com", "310000", NOW) == "matched"


def test_own_success_does_not_clear_the_count(uow, session_id):
    """Or a customer could guess at others' postcodes for ever."""
    answers = []
    for _ in range(4):
        answers += [identify(uow, session_id, "chen@example.com", "000000", NOW) for _ in range(2)]
        answers.append(identify(uow, session_id, "lin@example.com", "310000", NOW))
    assert answers.count("wrong") == ALLOWED_FAILURES
    assert answers[-1] == "refused"


def test_failures_count_although_the_caller_commits_nothing(uow, session_id, new_uow):
    for _ in range(ALLOWED_FAILURES):
        with new_uow() as passing:
            identify(passing, session_id, "lin@example.com", "999999", NOW)
    with new_uow() as passing:
        assert identify(passing, session_id, "lin@example.com", "310000", NOW) == "refused"


def test_attempts_at_the_same_moment_are_all_counted(uow, session_id, new_uow):
    uow.commit()
    answers = []

    def attempt():
        with new_uow() as own:
            answers.append(identify(own, session_id, "lin@example.com", "999999", NOW))

    threads = [threading.Thread(target=attempt) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["refused"] * 7 + ["wrong"] * ALLOWED_FAILURES


def test_a_session_stays_with_its_customer(uow, session_id):
    sign_in(uow, session_id, "lin@example.com", now=NOW)
    assert identify(uow, session_id, "chen@example.com", "200001", NOW) == "wrong"
    with pytest.raises(AlreadyIdentified):
        sign_in(uow, session_id, "chen@example.com", now=NOW)
    assert customer_of_session(uow, session_id, Capability.READ_ORDERS, now=NOW).name == "林悦"
    assert identify(uow, session_id, "lin@example.com", "310000", NOW) == "matched"
    # The stronger proof is kept.
    assert live_session(uow, session_id, now=NOW).identified_by == "sign_in"


def test_sign_in(uow, session_id):
    assert sign_in(uow, session_id, "nobody@example.com", now=NOW) is None
    assert sign_in(uow, session_id, "Chen@example.com", now=NOW).name == "陈浩"
    assert [order.number for order in orders_for_session(uow, session_id, now=NOW)] == [
        "SP20000001"
    ]
    with pytest.raises(SessionClosed):
        sign_in(uow, "no-such-session", "chen@example.com", now=NOW)


def test_foreign_and_unknown_numbers_are_the_same_nothing(uow, session_id):
    identify(uow, session_id, "lin@example.com", "310000", NOW)
    for number in ("SP20000001", "SP99999999", "SP1", "hello"):
        assert order_for_session(uow, session_id, number, now=NOW) is None


def test_without_a_customer_there_are_no_orders(uow, session_id):
    assert order_for_session(uow, session_id, "SP10000001", now=NOW) is None
    assert orders_for_session(uow, session_id, now=NOW) == []
    assert orders_for_session(uow, "unknown", now=NOW) == []


@pytest.mark.parametrize(("later", "open_"), [(HOUR - timedelta(seconds=1), True), (HOUR, False)])
def test_an_expired_session_shows_nothing(uow, session_id, later, open_):
    identify(uow, session_id, "lin@example.com", "310000", NOW)
    at = NOW + later
    assert (order_for_session(uow, session_id, "SP10000001", now=at) is not None) is open_
    assert (len(orders_for_session(uow, session_id, now=at)) == 3) is open_
    customer = customer_of_session(uow, session_id, Capability.READ_ORDERS, now=at)
    assert (customer is not None) is open_
    answer = identify(uow, session_id, "lin@example.com", "310000", at)
    assert answer == ("matched" if open_ else "expired")
    if not open_:
        with pytest.raises(SessionClosed):
            sign_in(uow, session_id, "lin@example.com", now=at)


def test_an_expired_session_spends_no_attempt(uow, session_id):
    for _ in range(9):
        assert identify(uow, session_id, "x@example.com", "1", NOW + HOUR) == "expired"
    assert identify(uow, session_id, "lin@example.com", "310000", NOW) == "matched"


def test_hostile_texts_find_nothing_and_break_nothing(uow, session_id, new_uow):
    for n, text in enumerate(HOSTILE):
        guard = Guard(f"as if nobody had guessed before {n}".encode())
        fresh = open_session(uow, HOUR, now=NOW).id
        assert identify(uow, fresh, text, "310000", NOW, guard) == "wrong"
        assert identify(uow, fresh, "lin@example.com", text, NOW, guard) == "wrong"
        assert identify(uow, fresh, text, text, NOW, guard) == "wrong"
        assert identify(uow, text, "lin@example.com", "310000", NOW) == "expired"
        assert customer_of_session(uow, text, Capability.READ_ORDERS, now=NOW) is None
    identify(uow, session_id, "lin@example.com", "310000", NOW)
    for text in HOSTILE:
        assert order_for_session(uow, session_id, text, now=NOW) is None
        assert order_for_session(uow, text, "SP10000001", now=NOW) is None
    with new_uow() as other:
        assert len(other.orders.purchases()) == 4


def test_a_customer_without_address_is_never_matched(uow, session_id):
    lin = uow.customers.by_email("chen@example.com")
    for order in uow.orders.of_customer(lin.id):
        order.address.postcode = ""
    uow.commit()
    assert identify(uow, session_id, "chen@example.com", "", NOW) == "wrong"
    assert identify(uow, session_id, "chen@example.com", " - ", NOW) == "wrong"


def test_session_ids_are_not_guessable(uow):
    ids = {open_session(uow, HOUR, now=NOW).id for _ in range(50)}
    assert len(ids) == 50
    assert all(len(one) == 36 for one in ids)
