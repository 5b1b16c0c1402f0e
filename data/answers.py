"""What the shop answers in its own words, and what was asked and not found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from data.masking import mask
from data.models import CuratedAnswer, Unanswered

# Of one conversation, so that one visitor cannot fill the list; and of all, the newest.
_OF_ONE, _OF_ALL = 20, 10_000
LONGEST = 300  # characters; what is longer is no question


@dataclass(frozen=True, slots=True)
class Asked:
    """A question without an answer, and how often it was asked in these words."""

    text: str
    language: str
    count: int
    last_at: datetime


class CuratedAnswers:
    """The shop's own answers."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def all(self) -> Sequence[CuratedAnswer]:
        """In the order in which they were added."""
        return self._session.scalars(select(CuratedAnswer).order_by(CuratedAnswer.id)).all()

    def put(
        self, language: str, question: str, answer: str, now: datetime, ticket: int | None = None
    ) -> CuratedAnswer:
        """Add one; the same question in the same language gets the new answer."""
        question = " ".join(question.split())
        found = self._session.scalars(
            select(CuratedAnswer).where(
                CuratedAnswer.language == language, CuratedAnswer.question == question
            )
        ).one_or_none()
        if found is None:
            found = CuratedAnswer(language=language, question=question)
            self._session.add(found)
        found.answer, found.changed_at, found.ticket = answer.strip(), now, ticket
        self._session.flush()
        return found

    def remove(self, number: int) -> bool:
        """Whether it was there."""
        gone = self._session.execute(
            delete(CuratedAnswer).where(CuratedAnswer.id == number).returning(CuratedAnswer.id)
        )
        return gone.first() is not None

    def state(self) -> tuple[int, int | None, datetime | None]:
        """Differs whenever an answer came, went or was changed."""
        row = self._session.execute(
            select(
                func.count(CuratedAnswer.id),
                func.max(CuratedAnswer.id),
                func.max(CuratedAnswer.changed_at),
            )
        ).one()
        return (row[0], row[1], row[2])


class UnansweredQuestions:
    """Masked, at most so many of a conversation and of all."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def note(
        self, session_id: str, language: str, text: str, now: datetime, country: str | None
    ) -> None:
        """Keep a question; older ones go when there are too many."""
        masked = " ".join(mask(text, country).split())
        if not masked or len(masked) > LONGEST:
            return
        of_session = select(func.count(Unanswered.id)).where(Unanswered.session_id == session_id)
        if (self._session.scalar(of_session) or 0) >= _OF_ONE:
            return
        self._session.add(
            Unanswered(session_id=session_id, language=language, text=masked, asked_at=now)
        )
        self._session.flush()
        last = self._session.scalar(
            select(Unanswered.id).order_by(Unanswered.id.desc()).offset(_OF_ALL).limit(1)
        )
        if last is not None:
            self._session.execute(delete(Unanswered).where(Unanswered.id <= last))

    def most_asked(self, count: int) -> list[Asked]:
        """The questions that were asked most, then those asked last."""
        latest = func.max(Unanswered.asked_at)
        rows = self._session.execute(
            select(func.min(Unanswered.text), Unanswered.language, func.count(), latest)
            .group_by(func.lower(Unanswered.text), Unanswered.language)
            .order_by(func.count().desc(), latest.desc())
            .limit(count)
        )
        return [Asked(text, language, times, at) for text, language, times, at in rows]
