"""One import from start to end: read all files, store them together, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from data.errors import ImportRejected
from data.importer.problems import Notices, Problems
from data.importer.reading import File, Sheet, own_files, parse, read
from data.importer.storing import Count, Storing
from data.importer.tables import tables
from data.importer.terms import Terms
from data.unit_of_work import UnitOfWork

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Imported:
    """`notices`: what the owner should know and what stopped nothing."""

    counts: list[Count]
    notices: list[str]


def import_folder(
    folder: Path,
    uow: UnitOfWork,
    *,
    terms: Terms,
    dry_run: bool = False,
    tell: Tell = lambda line: None,
    now: datetime | None = None,
) -> Imported:
    """Import the files of `folder` that are in our own form, those that are there, and commit; a
    dry run checks the same and stores nothing. `tell` gets lines of progress.

    Raises `ImportRejected` with every problem; then nothing is stored.
    """
    with uow:
        imported = load_folder(folder, uow.session, terms=terms, tell=tell, now=now)
        if not dry_run:
            uow.commit()
    return imported


def load_folder(
    folder: Path,
    session: Session,
    *,
    terms: Terms,
    tell: Tell = lambda line: None,
    now: datetime | None = None,
) -> Imported:
    """As `import_folder`, but the caller commits."""
    known = tables(terms)
    _look_into(folder, [table.file for table in known])
    problems, notices = Problems(), Notices()
    sheets: dict[str, Sheet] = {}
    for table in known:
        sheet = read(folder, table, terms, problems, notices)
        if sheet is not None:
            sheets[table.file] = sheet
    return _load(sheets, session, problems, notices, terms, tell, now)


def import_sheets(
    sheets: Mapping[str, Sheet],
    uow: UnitOfWork,
    problems: Problems,
    notices: Notices,
    *,
    terms: Terms,
    dry_run: bool = False,
    tell: Tell = lambda line: None,
    now: datetime | None = None,
) -> Imported:
    """Import rows that are given as text in our columns, by the names of our files. `problems` and
    `notices` of reading them are told with those of storing them."""
    with uow:
        imported = _load(sheets, uow.session, problems, notices, terms, tell, now)
        if not dry_run:
            uow.commit()
    return imported


def _load(
    sheets: Mapping[str, Sheet],
    session: Session,
    problems: Problems,
    notices: Notices,
    terms: Terms,
    tell: Tell,
    now: datetime | None,
) -> Imported:
    known = tables(terms)
    files: dict[str, File] = {}
    for table in known:
        sheet = sheets.get(table.file, Sheet.of([]))
        files[table.file] = parse(table, sheet, problems, notices)
    if not all(file.whole for file in files.values()):
        problems.reject()  # what is missing of one file would be missed by all others
    broken = {name: file.broken for name, file in files.items()}
    storing = Storing(
        session,
        problems,
        notices,
        broken,
        country=terms.country,
        currency=terms.currency,
        now=now or datetime.now(UTC),
    )
    counts: list[Count] = []
    try:
        for table in known:
            if table.file in sheets:
                rows = files[table.file].rows
                tell(f"{table.file}: {len(rows)} rows …")
                counts.append(storing.store(table, rows, files["order_lines.csv"].rows))
        storing.check_variants()
        problems.reject()
        session.flush()
    except (IntegrityError, DataError) as error:
        # Something the checks do not know of, such as another process storing the same key.
        detail = str(error.orig).splitlines()[0]
        raise ImportRejected([f"The database refused the rows: {detail}."]) from error
    return Imported(counts, notices.told())


def _look_into(folder: Path, files: list[str]) -> None:
    if not folder.is_dir():
        raise ImportRejected([f"{folder} is not a folder; name the folder with the CSV files."])
    if not any(path.exists() for file in files for path in own_files(folder, file)):
        raise ImportRejected(
            [
                f"{folder} holds none of {', '.join(files)}. For another system's export write "
                f"`shopguide import shopify {folder}`, woocommerce in its place, or give a "
                "--mapping."
            ]
        )
