"""Every error of ours has a root that the `shopguide` command knows, and is drawn in its tree."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import bot.errors
import data.errors
import install.errors
import llm.errors
import retrieval.errors
import weights.errors

ROOTS = (bot, data, install, llm, retrieval, weights)
# Signals between the functions of one module, which nobody else meets.
SIGNALS = {"bot.terminal.shell.Quit", "llm.draft.Rejected"}


def errors() -> Iterator[type[Exception]]:
    """All error classes of the packages, but those that a module keeps to itself by its name."""
    for package in ROOTS:
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            # Rasa's Python runs the first; migrations are scripts, and a __main__ would start.
            if not module.name.startswith(("bot.rasa", "data.migrations.")) and (
                not module.name.endswith("__main__")
            ):
                importlib.import_module(module.name)
    seen: set[type[Exception]] = set()
    waiting: list[type[Exception]] = [Exception]
    names = {package.__name__ for package in ROOTS}
    while waiting:
        for kind in waiting.pop().__subclasses__():
            if kind not in seen:
                seen.add(kind)
                waiting.append(kind)
                if kind.__module__.partition(".")[0] in names and kind.__name__[0] != "_":
                    yield kind


def test_every_error_has_a_known_root() -> None:
    found = list(errors())
    assert len(found) > 30
    strays = {
        f"{kind.__module__}.{kind.__qualname__}"
        for kind in found
        if not issubclass(kind, bot.errors.known_errors())
    }
    assert strays == SIGNALS


def test_every_error_of_bot_is_drawn_in_the_tree() -> None:
    tree = bot.errors.__doc__ or ""
    ours = [kind for kind in errors() if issubclass(kind, bot.errors.ShopguideError)]
    assert [kind.__name__ for kind in ours if f" {kind.__name__} " not in tree] == [
        "ShopguideError"
    ]
