"""The actions of the Rasa domain, one module a skill. Modules are found by themselves: a new one
needs no entry here (docs/skills.md)."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from bot.actions.skill import BY_ACTION, Skill


def _skills() -> tuple[type[Skill], ...]:
    """Every skill of every module in this package, by name; bases that only others build on have
    no action and are left out."""
    for module in pkgutil.walk_packages(__path__, f"{__name__}."):
        import_module(module.name)
    ours = [kind for kind in BY_ACTION.values() if kind.__module__.startswith(f"{__name__}.")]
    return tuple(sorted(ours, key=lambda kind: kind.__name__))


SKILLS = _skills()
