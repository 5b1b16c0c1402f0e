"""Platforms' JSON, read without surprises: what is absent or of another kind is empty."""

from __future__ import annotations

from typing import Any


def objects(value: object) -> list[dict[str, Any]]:
    """The objects of a list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def part(value: object, *path: str) -> dict[str, Any]:
    """The object at the path; {} where there is none."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def words(value: object, *path: str) -> str:
    """The text, or the number as text, at the path; "" where there is none."""
    found = part(value, *path[:-1]).get(path[-1])
    if isinstance(found, bool) or not isinstance(found, (str, int)):
        return ""
    return str(found)
