"""Writes all that is kept of a customer into one zip, for a person and for a program."""

from __future__ import annotations

import html
import json
import mimetypes
import os
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from bot.commands.trackers import Trackers
from bot.settings import Settings
from bot.wording import profile_text
from bot.wording.phrases import Phrases
from data import personal
from data.errors import DataError
from data.models import Attachment, Localized
from data.rules import ShopRules
from data.shop import ShopFolder
from data.unit_of_work import open_database
from retrieval.types import Language

_Rows = Mapping[str, Sequence[Mapping[str, Any]]]


def write(settings: Settings, who: str, file: Path | None = None) -> Path:
    """Returns the file, which only its owner may read. Raises `UnknownCustomer`,
    `DatabaseUnavailable`, and `DataError` where it cannot be written or is there already."""
    phrases = Phrases.load(ShopFolder.open(settings.shop))
    with open_database(settings.database)() as uow:
        customer = personal.find(uow, who)
        found = personal.whose(uow, customer)
        rows = personal.gather(uow, found)
        sent = {_name(each): each.content or b"" for each in personal.files(uow, found)}
        concluded = profile_text.of_customer(uow, customer, ShopRules.load(settings.shop), phrases)
        language: Language = "zh" if customer.language == "zh" else "en"
        path = file or Path(f"customer-{customer.id}.zip")
    dialogue = Trackers(settings).of(found.sessions)
    data = {"customer": rows, "dialogue": dialogue, "concluded": concluded}
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with (
            os.fdopen(handle, "wb") as target,
            zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive,
        ):
            archive.writestr("overview.html", overview(rows, concluded, phrases, language))
            plain = json.dumps(data, ensure_ascii=False, indent=1, default=_plain)
            archive.writestr("data.json", plain)
            for name, content in sent.items():
                archive.writestr(f"files/{name}", content)
    except OSError as error:
        raise DataError(f"{path} cannot be written ({error.strerror}).") from error
    return path


def overview(rows: _Rows, concluded: Sequence[str], phrases: Phrases, language: Language) -> str:
    """One page, to be read in any browser without a network."""
    title = html.escape(phrases.say("takeout.title", language))
    lines = "".join(f"<li>{html.escape(line)}" for line in concluded)
    parts = [f"<h2>{html.escape(phrases.say('takeout.concluded', language))}</h2><ul>{lines}</ul>"]
    for table, found in rows.items():
        heading = html.escape(phrases.say(f"takeout.{table}", language))
        if found:
            parts.append(f"<h2>{heading}</h2>{_table(found)}")
    return (
        f'<!doctype html><html lang="{language}"><meta charset="utf-8"><title>{title}</title>'
        "<style>body{font:16px/1.5 sans-serif;margin:2em}td,th{border:1px solid #999;"
        "padding:.2em .5em;vertical-align:top;text-align:left}table{border-collapse:collapse}"
        f"</style><h1>{title}</h1>{''.join(parts)}</html>\n"
    )


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    heads = "".join(f"<th>{html.escape(name)}" for name in rows[0])
    lines = ("".join(f"<td>{html.escape(_said(value))}" for value in row.values()) for row in rows)
    return f"<table><tr>{heads}{''.join(f'<tr>{line}' for line in lines)}</table>"


def _said(value: Any) -> str:
    match value:
        case None:
            return ""
        case {"text": str(text)}:  # a line of a conversation
            return text
        case datetime():
            return f"{value:%Y-%m-%d %H:%M} UTC"
        case dict() | list() | Localized():
            return json.dumps(value, ensure_ascii=False, default=_plain)
    return str(value)


def _plain(value: Any) -> Any:
    """What JSON has no word for."""
    if isinstance(value, Localized):
        return asdict(value)
    if isinstance(value, Decimal):
        return str(value)
    return value.isoformat()


def _name(file: Attachment) -> str:
    ending = mimetypes.guess_extension(file.media_type or "") or ".bin"
    return f"{file.id}-{file.kind}{ending}"
