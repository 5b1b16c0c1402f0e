"""Which way imports go: the arrows of the product, checked in every file."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# A package imports itself and what stands behind its arrow.
PACKAGES = {
    "weights": set(),
    "ground": set(),
    "data": set(),
    "retrieval": {"data", "weights", "ground"},
    "llm": {"retrieval", "weights"},
    "bot": {"data", "retrieval", "llm", "weights", "ground"},
    "demo": {"bot", "data", "retrieval"},
}

# The rooms of bot/, and its single modules.
ROOMS = {
    # what all may use
    "runtime": {"errors", "settings"},
    "errors": set(),
    "messages": set(),
    "languages": set(),
    "settings": {"errors"},
    # the conversation
    "understanding": set(),
    "wording": {"languages", "messages"},
    "dialogue": {
        "understanding", "wording", "runtime", "errors", "languages", "messages", "settings",
    },
    "actions": {"dialogue", "understanding", "wording", "runtime", "messages"},
    "rasa": {"understanding", "runtime", "errors"},
    # the ways in
    "gateway": {"dialogue", "wording", "runtime", "errors", "languages", "messages", "settings"},
    "channels": {"dialogue", "wording", "runtime", "errors", "messages", "settings"},
    "terminal": {"gateway", "wording", "runtime", "errors", "messages", "settings"},
    "evaluation": {"gateway", "terminal", "runtime", "errors", "languages", "settings"},
    # what puts it together
    "app": {"gateway", "channels", "settings"},
    "bootstrap": {
        "app", "actions", "dialogue", "rasa", "wording", "gateway", "channels", "runtime",
        "settings",
    },
    "commands": {
        "app", "bootstrap", "channels", "dialogue", "errors", "evaluation", "gateway", "rasa",
        "runtime", "settings", "terminal", "wording",
    },
}  # fmt: skip

# Single imports beside the arrows: (module, what it imports), each in the function that needs it.
BESIDE = {
    # The demo shop's pages, served with the assistant; its customers, to sign in as.
    ("bot/commands/serve.py", "demo"),
    ("bot/terminal/shell.py", "demo"),
    # All that may fail says so in one way.
    ("bot/errors.py", "install"),
    ("bot/commands/main.py", "install"),
}


def imported(file: Path) -> Iterator[str]:
    """The modules that a file imports, by their full names."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            # "from bot import languages" imports a room of bot's.
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_import_only_what_stands_behind_their_arrow(package: str) -> None:
    wrong = {*PACKAGES, "install", "tests"} - {package} - PACKAGES[package]
    found = {
        (file.relative_to(ROOT).as_posix(), module.partition(".")[0])
        for file in files(package)
        for module in imported(file)
    }
    crossing = {(file, other) for file, other in found if other in wrong}
    assert crossing == {(file, other) for file, other in BESIDE if file.startswith(f"{package}/")}


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_of_bot_import_only_what_stands_behind_their_arrow(room: str) -> None:
    single = ROOT / "bot" / f"{room}.py"
    wrong = {
        (file.relative_to(ROOT).as_posix(), module)
        for file in ([single] if single.is_file() else files(f"bot/{room}"))
        for module in imported(file)
        if module.startswith("bot.") and module.split(".")[1] not in ROOMS[room] | {room}
    }
    assert not wrong


def test_every_room_has_its_arrows() -> None:
    there = {path.stem for path in (ROOT / "bot").glob("*.py")} - {"__init__"}
    there |= {path.parent.name for path in (ROOT / "bot").glob("*/__init__.py")}
    assert there == set(ROOMS)


def test_the_arrows_make_no_circle() -> None:
    for arrows in (PACKAGES, ROOMS):
        left = {name: set(behind) for name, behind in arrows.items()}
        while free := {name for name, behind in left.items() if not behind & set(left)}:
            left = {name: behind for name, behind in left.items() if name not in free}
        assert not left
