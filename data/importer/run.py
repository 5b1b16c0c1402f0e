"""One import from start to end: read all files, store them together, or nothing."""

from __future__ import annotations

from datetime import tzinfo
from pathlib import Path

from sqlalchemy.exc import DataError, IntegrityError

from data.errors import ImportRejected
from data.importer.problems import Problems
from data.importer.reading import read
from data.importer.storing import Count, Storing
from data.importer.tables import tables
from data.unit_of_work import UnitOfWork


def import_folder(
    folder: Path, uow: UnitOfWork, *, zone: tzinfo, dry_run: bool = False
) -> list[Count]:
    """Import the files of `folder`, those that are there, and commit; a dry run checks the same and
    stores nothing. Times without an offset are by the clock of `zone`.

    Raises `ImportRejected` with every problem; then nothing is stored.
    """
    known = tables(zone)
    _look_into(folder, [table.file for table in known])
    problems = Problems()
    files = {table.file: read(folder, table, problems) for table in known}
    if not all(file.whole for file in files.values()):
        problems.reject()  # what is missing of one file would be missed by all others
    broken = {name: file.broken for name, file in files.items()}
    with uow:
        storing = Storing(uow.session, problems, broken)
        try:
            counts = [
                storing.store(table, files[table.file].rows, files["order_lines.csv"].rows)
                for table in known
                if (folder / table.file).exists()
            ]
            storing.check_variants()
            problems.reject()
            if not dry_run:
                uow.commit()
        except (IntegrityError, DataError) as error:
            # Something the checks do not know of, such as another process storing the same key.
            detail = str(error.orig).splitlines()[0]
            raise ImportRejected([f"The database refused the rows: {detail}."]) from error
    return counts


def _look_into(folder: Path, files: list[str]) -> None:
    if not folder.is_dir():
        raise ImportRejected([f"{folder} is not a folder; name the folder with the CSV files."])
    if not any((folder / file).exists() for file in files):
        raise ImportRejected([f"{folder} holds none of {', '.join(files)}."])
