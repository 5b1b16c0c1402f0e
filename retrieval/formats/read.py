"""What every format gives."""

from __future__ import annotations

from dataclasses import dataclass, field

from retrieval.sections import Collector, Section
from retrieval.types import Language


@dataclass(slots=True)
class Read:
    """What a file says. `notes`: sentences about what in it could not be read, each completing
    "FILE: …"."""

    sections: list[Section]
    title: str | None = None
    notes: list[str] = field(default_factory=list)


def faq(question: str, answer: str, language: Language, under: tuple[str, ...] = ()) -> Section:
    """A pair of question and answer: the question is the heading."""
    found = Collector(language)
    found.paragraph(answer)
    path = (*under, " ".join(question.split()))
    units = [unit for section in found.sections for unit in section.units]
    return Section(path, units, is_pair=True)
