"""What is indexed beside the shop's own folder: files and folders elsewhere, and sites.

The list, and the pages that were fetched, lie in a folder of the state, so that an index can be
built again without the network.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from retrieval import site
from retrieval.errors import DocumentError
from retrieval.index import replace_text
from retrieval.ingest import Given, files_beside
from retrieval.types import Language

LIST = "origins.json"


class Origins:
    """The list in its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def all(self) -> list[str]:
        """Paths and addresses, in the order in which they were added."""
        try:
            found = json.loads((self.folder / LIST).read_text("utf-8"))
        except FileNotFoundError:
            return []
        except (OSError, ValueError) as error:
            raise DocumentError(
                f"{self.folder / LIST} is damaged; delete it and add your paths and sites again."
            ) from error
        return [str(each) for each in found]

    def add(self, place: str) -> None:
        self._write([*(each for each in self.all() if each != place), place])

    def remove(self, place: str) -> bool:
        """Whether it was there. The pages of a site go with it."""
        known = self.all()
        if place not in known:
            return False
        self._write([each for each in known if each != place])
        if is_address(place):
            for file in self.site_folder(place).glob("*"):
                file.unlink()
        return True

    def site_folder(self, address: str) -> Path:
        return self.folder / f"site-{hashlib.sha256(address.encode()).hexdigest()[:12]}"

    def given(self, languages: Sequence[Language], warnings: list[str]) -> Iterator[Given]:
        """The documents as they lie there now; a path that is gone is named."""
        for place in self.all():
            if is_address(place):
                yield from self._pages(place, languages)
            elif Path(place).exists():
                yield from files_beside(Path(place), languages)
            else:
                warnings.append(
                    f"{place} is gone, and what it said; `shopguide index --remove {place}` "
                    "forgets it."
                )

    def _pages(self, address: str, languages: Sequence[Language]) -> Iterator[Given]:
        folder = self.site_folder(address)
        only = languages[0] if len(languages) == 1 else None
        for page in site.read_pages(folder).values():
            yield Given(
                folder / page.file, page.url, page.kind, only, page.url, site.name_of(page.url)
            )

    def _write(self, places: Sequence[str]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        replace_text(self.folder / LIST, json.dumps(places, ensure_ascii=False, indent=1))


def is_address(place: str) -> bool:
    return place.startswith(("https://", "http://"))
