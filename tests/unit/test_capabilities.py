"""Whatever takes a customer names what for, and nothing reaches one another way."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from bot.settings import ROOT
from data.capabilities import NEEDED, Capability, Level, level_of

BOT = sorted((ROOT / "bot").rglob("*.py"))
TAKES_ONE = {"customer", "customer_of_session"}  # of a turn; of a session by its id


def calls(tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Attribute(attr=name) | ast.Name(id=name):
                    yield name, node


def capabilities(call: ast.Call) -> list[str]:
    """Names of the capabilities that a call is given."""
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    return [
        argument.attr
        for argument in given
        if isinstance(argument, ast.Attribute)
        and isinstance(argument.value, ast.Name)
        and argument.value.id == "Capability"
    ]


def test_the_table_holds_every_capability_and_none_is_for_strangers() -> None:
    assert NEEDED.keys() == set(Capability)
    assert min(NEEDED.values()) > Level.NONE


def test_what_outlives_a_conversation_takes_more_than_facts() -> None:
    assert NEEDED[Capability.LINK_CHAT] >= Level.CODE
    assert NEEDED[Capability.START_USE_OF_HISTORY] >= Level.CODE
    assert NEEDED[Capability.SEE_PROFILE] >= Level.CODE


def test_every_call_that_takes_a_customer_names_what_for() -> None:
    named: set[str] = set()
    for path in BOT:
        for name, call in calls(ast.parse(path.read_text("utf-8"))):
            if name not in TAKES_ONE or _passes_on(path, name):
                continue
            found = capabilities(call)
            by_name = [argument for argument in call.args if isinstance(argument, ast.Name)]
            assert found or any(argument.id == "needed" for argument in by_name), (
                f"{path.relative_to(ROOT)}:{call.lineno} takes a customer without a capability"
            )
            named |= set(found)
    # Used in another way: chosen by what is wanted, or inside data/access.py.
    chosen = {"START_USE_OF_HISTORY", "STOP_USE_OF_HISTORY", "READ_ORDERS"}
    assert named | chosen == {capability.name for capability in Capability}


def _passes_on(path: Path, name: str) -> bool:
    """The one place that hands a capability through."""
    return path.name == "turn.py" and name == "customer_of_session"


def test_no_other_way_leads_from_a_session_to_its_customer() -> None:
    for path in BOT:
        text = path.read_text("utf-8")
        for way in ("session.customer", "session.customer_id", "ChatSession.customer"):
            assert way not in text, f"{path.relative_to(ROOT)} reads {way}; see data/access.py"


def test_facts_are_facts_however_they_were_combined() -> None:
    for ways in ("email_postcode", "email_order_number", "phone_postcode", "phone_order_number"):
        assert level_of(ways) is Level.FACTS
    assert level_of(None) is Level.NONE
    assert (level_of("email_code"), level_of("link")) == (Level.CODE, Level.CODE)
    assert level_of("sign_in") is Level.SIGNED_IN
