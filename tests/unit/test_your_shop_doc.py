"""docs/your-shop.md keeps up with the code: its keys are those of the models, its files exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from bot.settings import ROOT
from data.rules.shop import ServiceHours, Shop, ShopRules

DOC = (ROOT / "docs" / "your-shop.md").read_text("utf-8")


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from models_in(part)


def keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        key = f"{prefix}{field.alias or name}"
        within = next(models_in(field.annotation), None)
        if within is Shop or (model is ServiceHours and name == "days"):
            continue  # in a file of its own; its keys are days
        yield key
        if within is not None:
            yield from keys(within, f"{key}.")


def told(section: str) -> list[str]:
    part = DOC.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    return [key.replace(".ID", "") for key in re.findall(r"^\| `([\w.]+)` \|", part, re.MULTILINE)]


@pytest.mark.parametrize(("section", "model"), [("shop.yaml", Shop), ("rules.yaml", ShopRules)])
def test_the_keys_are_those_of_the_models(section: str, model: type[BaseModel]) -> None:
    assert sorted(told(section)) == sorted(keys(model))


def test_what_it_links_to_is_there() -> None:
    for target in re.findall(r"\]\(([\w./-]+)", DOC):
        assert (ROOT / "docs" / target).exists(), target
