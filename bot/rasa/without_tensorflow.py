"""Lets Rasa be imported without TensorFlow, for serving.

Rasa imports TensorFlow for components that this project's pipeline does not have: half of the
time of a start and 280 MB. Here its modules are empty ones, whose names all stand for one class
that does nothing; that is enough for Rasa's own modules to define their classes. A component that
needs TensorFlow would not work: bot/rasa/config.yml must not name one.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
import types
from collections.abc import Sequence
from typing import Any

_PACKAGES = frozenset({"tensorflow", "tensorflow_addons", "tensorflow_hub", "keras"})


class _AnyName(type):
    """`Absent.anything` is `Absent`; `Absent | X` is a type, as annotations ask."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Absent


class Absent(metaclass=_AnyName):
    """Stands for every class, function and constant; as a decorator it changes nothing."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        pass

    def __init_subclass__(cls, **settings: Any) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Absent

    def __call__(self, *args: Any, **settings: Any) -> Any:
        return args[0] if args and callable(args[0]) else self


class _Module(types.ModuleType):
    __path__: list[str] = []  # noqa: RUF012 - a package without a folder

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Absent


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(
        self, name: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name.partition(".")[0] not in _PACKAGES:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        return _Module(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        """Nothing to run."""


def leave_out_tensorflow() -> None:
    """From now on imports of TensorFlow find empty modules. Does nothing when it is imported."""
    if "tensorflow" not in sys.modules:
        sys.meta_path.insert(0, _Finder())
