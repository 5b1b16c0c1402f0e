"""`shopguide backup` and `shopguide restore`: what cannot be made again, in one file.

That is the shop's database, Rasa's events and the keys that sign tokens; weights, index and models
are made by set-up. A backup holds SQLite files whatever the databases are, so that one from SQLite
can be restored into PostgreSQL, and the other way round; one of an older version is migrated.
"""

from __future__ import annotations

import os
import tarfile
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, inspect

from bot.commands.trackers import EVENTS, Trackers
from bot.settings import Settings
from data import migrations
from data.copying import NotEmpty, copy_rows, copy_shop
from data.database import create_engine
from data.errors import DataError
from data.models import Base

_SHOP, _RASA, _SECRETS = "shop.db", "tracker.db", "secrets.json"
_MOST_BYTES = 1 << 40  # of one member: a file that names a larger one is none of ours


class NoBackup(DataError):
    """The file cannot be written, or is no backup."""


@dataclass(frozen=True)
class Saved:
    """What a backup holds: rows of the shop's database, events of Rasa, whether keys."""

    rows: int
    events: int
    secrets: bool


def backup(settings: Settings, file: Path) -> Saved:
    """Write all into `file`, which only its owner may read; people may go on talking meanwhile.
    Raises `NoBackup`, `OtherVersion` and `DatabaseUnavailable`."""
    if file.exists():
        raise NoBackup(f"{file} is there already; name another file.")
    half = file.with_name(f"{file.name}.half")
    with tempfile.TemporaryDirectory(prefix="shopguide-backup-") as name:
        folder = Path(name)  # 0700
        rows = _with(settings.database, folder / _SHOP, copy_shop)
        events = _with(Trackers(settings).url, folder / _RASA, _save_events)
        members = [folder / _SHOP, folder / _RASA]
        if secrets := (settings.state / _SECRETS).exists():
            members.append(settings.state / _SECRETS)
        try:
            descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as written:
                with tarfile.open(fileobj=written, mode="w:gz", compresslevel=3) as archive:
                    for member in members:
                        archive.add(member, arcname=member.name, filter=_nobody)
                written.flush()
                os.fsync(written.fileno())
            half.replace(file)
        except OSError as error:
            with suppress(OSError):
                half.unlink(missing_ok=True)
            raise NoBackup(f"{file} cannot be written: {error.strerror}.") from error
    return Saved(rows, events, secrets)


def restore(settings: Settings, file: Path, *, replace: bool = False) -> Saved:
    """Put a backup back into the databases that the settings name. With `replace`, in the place of
    what they hold. Raises `NoBackup`, `NotEmpty`, `DatabaseUnavailable`, `MigrationFailed`."""
    with tempfile.TemporaryDirectory(prefix="shopguide-restore-") as name:
        folder = Path(name)
        _unpack(file, folder)
        if not (folder / _SHOP).exists():
            raise NoBackup(f"{file} holds no shop's database; it is no backup of shopguide's.")
        secrets, own = folder / _SECRETS, settings.state / _SECRETS
        if secrets.exists() and own.exists() and not replace:
            raise NotEmpty(f"{own} is there already. Restore into a new state, or with --replace.")

        def shop(target: Engine, saved: Engine) -> int:
            migrations.upgrade(saved)
            migrations.upgrade(target)
            return copy_rows(saved, target, Base.metadata, replace=replace)

        def rasa(target: Engine, saved: Engine) -> int:
            EVENTS.create_all(target)
            return copy_rows(saved, target, EVENTS, replace=replace)

        rows = _with(settings.database, folder / _SHOP, shop)
        tracker = Trackers(settings).url
        events = _with(tracker, folder / _RASA, rasa) if (folder / _RASA).exists() else 0
        kept = secrets.exists()
        if kept:
            own.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(own, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as written:
                written.write(secrets.read_bytes())
    return Saved(rows, events, kept)


def _save_events(source: Engine, saved: Engine) -> int:
    EVENTS.create_all(saved)
    if not inspect(source).has_table("events"):
        return 0  # before Rasa's first start
    return copy_rows(source, saved, EVENTS)


def _with(url: str, file: Path, work: Callable[[Engine, Engine], int]) -> int:
    engines = create_engine(url), create_engine(f"sqlite:///{file}")
    try:
        return work(*engines)
    finally:
        for engine in engines:
            engine.dispose()


def _unpack(file: Path, folder: Path) -> None:
    """The members that are ours, by their names; whatever else stands there is left alone."""
    try:
        with tarfile.open(file, mode="r:gz") as archive:
            for name in (_SHOP, _RASA, _SECRETS):
                with suppress(KeyError):
                    member = archive.getmember(name)
                    content = archive.extractfile(member) if member.isfile() else None
                    if content is None or member.size > _MOST_BYTES:
                        raise NoBackup(f"{file} is no backup of shopguide's.")
                    with content, (folder / name).open("wb") as written:
                        while part := content.read(1 << 20):
                            written.write(part)
    except (OSError, tarfile.TarError, EOFError) as error:
        raise NoBackup(f"{file} cannot be read as a backup ({error}).") from error


def _nobody(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Nothing of who made it and with which rights."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o600
    return member
