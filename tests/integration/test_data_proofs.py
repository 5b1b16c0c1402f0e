"""Limits on guesses at who a customer is, one-time codes by e-mail, and what each proof allows."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from data_rows import NOW, fill
from sqlalchemy import select

from data import access, attempts
from data.access import Claim, CodeToSend, Identification, identify, identify_by_code, new_code
from data.attempts import ADDRESS, SUBJECT, Guard
from data.capabilities import NEEDED, Capability, Level
from data.models import EmailCode, GuessCount

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
GUARD = Guard(b"a key of this installation")
KNOWN = Claim("lin@example.com", postcode="310000")
WRONG = Claim("lin@example.com", postcode="999999")
UNKNOWN = Claim("nobody@example.com", postcode="310000")
PER_HOUR, PER_DAY = (limit.most for limit in SUBJECT)


@pytest.fixture
def uow(new_uow):
    fill(new_uow())
    with new_uow() as opened:
        yield opened


def session(uow, client=None, now=NOW):
    return access.open_session(uow, 30 * DAY, client=client, now=now).id


def guesses(uow, claim, times, *, now=NOW, client=None, guard=GUARD):
    """What comes of so many guesses, each in a conversation of its own."""
    return [identify(uow, session(uow, client), claim, guard, now) for _ in range(times)]


def test_a_customer_is_guessed_at_so_often_whatever_conversations_are_opened(uow):
    assert guesses(uow, WRONG, PER_HOUR + 2) == ["wrong"] * PER_HOUR + ["refused"] * 2
    assert guesses(uow, KNOWN, 1) == ["refused"]  # though it is right
    other = Claim("chen@example.com", postcode="200001")
    assert guesses(uow, other, 1) == ["matched"]


def test_the_unknown_are_refused_just_like_the_known(uow):
    assert guesses(uow, UNKNOWN, PER_HOUR + 2) == guesses(uow, WRONG, PER_HOUR + 2)


@pytest.mark.parametrize(
    "spelling", ["LIN@EXAMPLE.COM", " lin@example.com", "ｌｉｎ＠example.com", "lin＠example.com"]
)
def test_another_spelling_is_no_other_customer(uow, spelling):
    guesses(uow, WRONG, PER_HOUR)
    assert guesses(uow, Claim(spelling, postcode="310000"), 1) == ["refused"]


def test_a_telephone_number_is_limited_too(uow):
    claim = Claim(phone="+8613800138000", order_number="SP10000001")
    assert guesses(uow, claim, PER_HOUR + 1)[-1] == "refused"


def test_an_hour_later_it_goes_on_until_the_day_s_are_used_up(uow):
    answers = []
    for hours in range(6):
        answers += guesses(uow, WRONG, PER_HOUR, now=NOW + hours * HOUR)
    assert answers.count("wrong") == PER_DAY
    assert guesses(uow, KNOWN, 1, now=NOW + 6 * HOUR) == ["refused"]
    assert guesses(uow, KNOWN, 1, now=NOW + DAY) == ["matched"]


def test_who_errs_once_and_then_knows_is_never_stopped(uow):
    for n in range(40):
        assert guesses(uow, KNOWN, 1, now=NOW + n * HOUR / 60) == ["matched"]
    assert guesses(uow, WRONG, 1) == ["wrong"]
    assert guesses(uow, KNOWN, 1) == ["matched"]


def test_an_address_guesses_so_often_at_all_customers_together(uow):
    most = ADDRESS[0].most
    answers = [
        *(
            guesses(uow, Claim(f"someone{n}@example.com", postcode="1"), 1, client="here")[0]
            for n in range(most)
        ),
        *guesses(uow, KNOWN, 1, client="here"),
    ]
    assert answers == ["wrong"] * most + ["refused"]
    assert guesses(uow, KNOWN, 1, client="there") == ["matched"]


def test_the_shop_is_guessed_at_so_often_by_everybody_together(uow):
    guard = Guard(b"a key", shop_per_hour=7)
    for n in range(7):
        claim = Claim(f"someone{n}@example.com", postcode="1")
        assert guesses(uow, claim, 1, client=str(n), guard=guard) == ["wrong"]
    assert guesses(uow, KNOWN, 1, guard=guard) == ["refused"]
    assert guesses(uow, KNOWN, 1, guard=guard, now=NOW + HOUR) == ["matched"]


def test_guesses_at_the_same_moment_share_no_count(uow, new_uow):
    sessions = [session(uow) for _ in range(12)]
    uow.commit()

    def attempt(session_id):
        with new_uow() as own:
            return identify(own, session_id, WRONG, GUARD, NOW)

    # No more at a time than the pool keeps connections: each is opened once, however slow that is.
    with ThreadPoolExecutor(max_workers=4) as pool:
        answers = list(pool.map(attempt, sessions))
    assert sorted(answers) == ["refused"] * (12 - PER_HOUR) + ["wrong"] * PER_HOUR


def test_the_counts_tell_nobody_s_address_and_go_with_their_period(uow):
    guesses(uow, WRONG, 2, client=GUARD.keyed("client", "192.0.2.7"))
    keys = uow.session.scalars(select(GuessCount.key)).all()
    assert keys
    assert all(len(key) == 64 and set(key) <= set("0123456789abcdef") for key in keys)
    other = Guard(b"the key of another installation")
    assert GUARD.keyed("email", "lin@example.com") != other.keyed("email", "lin@example.com")
    uow.session.execute(attempts.forget(NOW + DAY + HOUR))
    assert uow.session.scalars(select(GuessCount.key)).all() == []


# Codes by e-mail


def asked(uow, session_id, email="lin@example.com", now=NOW, guard=GUARD):
    made = new_code(uow, session_id, email, guard, now)
    assert isinstance(made, CodeToSend)
    return made


def test_the_code_of_the_mail_proves_the_address(uow):
    mine = session(uow)
    made = asked(uow, mine, "Lin@example.com")
    assert (made.customer.name, len(made.code)) == ("林悦", 6)
    assert identify_by_code(uow, mine, "lin@example.com", made.code, GUARD, NOW) == "matched"
    assert access.proof_of_session(uow, mine, now=NOW) is Level.CODE
    # Once, and in one conversation.
    assert identify_by_code(uow, mine, "lin@example.com", made.code, GUARD, NOW) == "wrong"


def test_a_code_is_of_one_conversation_one_address_and_ten_minutes(uow):
    mine, other = session(uow), session(uow)
    code = asked(uow, mine).code
    assert identify_by_code(uow, other, "lin@example.com", code, GUARD, NOW) == "wrong"
    assert identify_by_code(uow, mine, "chen@example.com", code, GUARD, NOW) == "wrong"
    later = NOW + access.CODE_LIFE
    assert identify_by_code(uow, mine, "lin@example.com", code, GUARD, later) == "wrong"
    newer = asked(uow, mine).code
    if newer != code:
        assert identify_by_code(uow, mine, "lin@example.com", code, GUARD, NOW) == "wrong"
    assert identify_by_code(uow, mine, "lin@example.com", newer, GUARD, NOW) == "matched"


def test_a_code_stands_nowhere_as_it_is(uow):
    mine = session(uow)
    code = asked(uow, mine).code
    (row,) = uow.session.scalars(select(EmailCode)).all()
    assert code not in f"{row.code_hash} {row.email_hash}"
    assert "lin" not in row.email_hash


def test_nobody_learns_whether_an_address_is_known(uow):
    known, unknown = session(uow), session(uow)
    assert asked(uow, unknown, "nobody@example.com").customer is None
    asked(uow, known)
    answers = [
        [identify_by_code(uow, each, email, "wrong!", GUARD, NOW) for _ in range(7)]
        for each, email in ((known, "lin@example.com"), (unknown, "nobody@example.com"))
    ]
    assert answers[0] == answers[1]


def test_a_code_is_guessed_at_so_often_and_the_postcode_by_itself(uow):
    for _ in range(PER_HOUR):
        mine = session(uow)
        code = asked(uow, mine, guard=Guard(b"mails are not counted here")).code
        wrong = "000000" if code != "000000" else "111111"
        assert identify_by_code(uow, mine, "lin@example.com", wrong, GUARD, NOW) == "wrong"
    mine = session(uow)
    code = asked(uow, mine).code
    assert identify_by_code(uow, mine, "lin@example.com", code, GUARD, NOW) == "refused"
    assert guesses(uow, KNOWN, 1) == ["matched"]


def test_no_mailbox_is_flooded(uow):
    sent = [
        new_code(uow, session(uow), email, GUARD, NOW)
        for email in ("lin@example.com", "nobody@example.com")
        for _ in range(PER_HOUR + 1)
    ]
    refused = [n for n, made in enumerate(sent) if made is Identification.REFUSED]
    assert refused == [PER_HOUR, 2 * PER_HOUR + 1]


# What a proof allows

PROOFS = {
    Level.NONE: lambda uow, mine: None,
    Level.FACTS: lambda uow, mine: identify(uow, mine, KNOWN, GUARD, NOW),
    Level.CODE: lambda uow, mine: identify_by_code(
        uow, mine, "lin@example.com", asked(uow, mine).code, GUARD, NOW
    ),
    Level.SIGNED_IN: lambda uow, mine: access.sign_in(uow, mine, "lin@example.com", now=NOW),
}


@pytest.mark.parametrize("level", PROOFS)
def test_a_proof_allows_what_takes_no_more(uow, level):
    mine = session(uow)
    PROOFS[level](uow, mine)
    assert access.proof_of_session(uow, mine, now=NOW) is level
    for capability in Capability:
        found = access.customer_of_session(uow, mine, capability, now=NOW)
        assert (found is not None) is (level >= NEEDED[capability]), capability


def test_a_better_proof_begins_an_epoch_and_a_weaker_one_changes_nothing(uow):
    mine = session(uow)
    epochs = []
    for level in (Level.FACTS, Level.FACTS, Level.CODE, Level.FACTS, Level.SIGNED_IN, Level.CODE):
        PROOFS[level](uow, mine)
        epochs.append((uow.sessions.get(mine).epoch, access.proof_of_session(uow, mine, now=NOW)))
    assert epochs == [
        (1, Level.FACTS),
        (1, Level.FACTS),
        (2, Level.CODE),
        (2, Level.CODE),
        (3, Level.SIGNED_IN),
        (3, Level.SIGNED_IN),
    ]


def test_of_two_customers_at_once_one_gets_the_session(uow, new_uow):
    mine = session(uow)
    uow.commit()
    bound = []

    def bind(customer_id):
        with new_uow() as own:
            bound.append(own.sessions.bind(mine, customer_id, "sign_in"))
            own.commit()

    threads = [threading.Thread(target=bind, args=(number,)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(bound) == [False, True]
