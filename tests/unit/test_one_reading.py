"""What a message means is read once, in Rasa's pipeline. The modules below still search the
customer's words by patterns of their own; the list may only become shorter."""

from __future__ import annotations

import ast
from pathlib import Path

BOT = Path(__file__).parents[2] / "bot"

STILL_SEARCHING = {
    "actions/answer.py",
    "actions/compare.py",
    "actions/haggling.py",
    "actions/handoff.py",
    "actions/membership.py",
    "actions/profile.py",
    "actions/smalltalk.py",
    "actions/wishes.py",
    "wording/delivery_sentences.py",
}
# Patterns over what the assistant says, not over what it is told.
OF_ITS_OWN_WORDS = {"wording/replies.py"}


def test_no_further_module_searches_what_customers_write() -> None:
    searching = {
        f"{room}/{path.name}"
        for room in ("actions", "dialogue", "wording")
        for path in (BOT / room).glob("*.py")
        if _uses_patterns(path)
    }
    assert searching == STILL_SEARCHING | OF_ITS_OWN_WORDS


def _uses_patterns(path: Path) -> bool:
    tree = ast.parse(path.read_text("utf-8"))
    return any(
        isinstance(node, ast.Import) and any(alias.name in ("re", "regex") for alias in node.names)
        for node in ast.walk(tree)
    )
