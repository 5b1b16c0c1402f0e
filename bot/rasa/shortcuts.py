"""Spares Rasa work that it repeats at every turn; what comes of a turn stays the same.

Rasa checks the constant JSON schema of action results before each use, searches all classes of
events for the one of a name, and runs the few components of a turn by a scheduler for clusters.
"""

from __future__ import annotations

from functools import lru_cache
from types import SimpleNamespace
from typing import Any


def take_shortcuts() -> None:
    """From now on this process's Rasa works so. To be called once, before it serves."""
    _validate_with_one_validator()
    _remember_event_classes()
    _run_components_in_order()


def _validate_with_one_validator() -> None:
    from jsonschema.validators import validator_for
    from rasa.core.actions.action import RemoteAction

    schema = RemoteAction.action_response_format_spec()
    kind = validator_for(schema)
    kind.check_schema(schema)
    validator = kind(schema)
    explain = RemoteAction._validate_action_result

    def validate(action: RemoteAction, result: Any) -> bool:
        # Rasa itself says what is wrong with an invalid one.
        return validator.is_valid(result) or explain(action, result)

    RemoteAction._validate_action_result = validate


def _remember_event_classes() -> None:
    from rasa.shared.core.events import Event

    # Errors are not remembered, so a class that comes later is found.
    Event.resolve_by_type = staticmethod(lru_cache(Event.resolve_by_type))


def _run_components_in_order() -> None:
    import dask.core
    import rasa.engine.runner.dask as runner

    runner.dask = SimpleNamespace(get=dask.core.get)
