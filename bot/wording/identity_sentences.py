"""Asking who somebody is and for order numbers, by the ways and the shape that the shop has."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from bot.messages import WantedFact
from bot.wording import formats
from bot.wording.voice import Voice
from data.access import CODE_DIGITS, CODE_LIFE, Claim, Identification
from data.rules import proofs
from data.rules.shop import Way


def ask(voice: Voice, given: Claim | None = None) -> str:
    """For all that it takes beside what is `given`, before a customer's own orders can be told."""
    wanted = proofs.missing(voice.rules, given or Claim())
    url = voice.rules.shop.pages.sign_in
    sign_in = voice.phrase("order.sign_in_at", url=url) if url else voice.phrase("order.sign_in")
    lines = [voice.phrase("order.identify"), _ask(voice, wanted), sign_in]
    return formats.together(lines, voice.language)


def ask_rest(voice: Voice, missing: Sequence[Sequence[Way]]) -> str:
    return formats.together([voice.phrase("identify.half"), _ask(voice, missing)], voice.language)


def wrong(voice: Voice) -> str:
    wanted = proofs.missing(voice.rules, Claim())
    return voice.phrase("identify.wrong", wanted=_named(voice, wanted))


def no_more(voice: Voice, outcome: Identification, *, by_code: bool) -> str:
    """Why nothing is checked any more, and what to do then; the same for known and unknown."""
    if outcome is not Identification.REFUSED:
        return voice.phrase(f"identify.{outcome.value}")
    lines = [voice.phrase("identify.refused")]
    if by_code:
        lines.append(voice.phrase("identify.code_instead"))
    return formats.together([*lines, voice.phrase("identify.then")], voice.language)


def fields(
    voice: Voice, missing: Sequence[Sequence[Way]], *, by_code: bool = False
) -> list[WantedFact]:
    """A form's fields for what is missing, in the shop's order. `by_code`: an e-mail address alone
    will do, too, and a one-time code follows."""
    order = voice.rules.shop.identify.index
    facts = []
    for part, ways in enumerate(sorted(missing, key=lambda ways: order(ways[0]))):
        optional = by_code and ways == voice.rules.shop.proved_by
        for way in ways:
            name = _way(voice, way)
            if way != ways[0]:
                name = voice.phrase("identify.or", way=name)
            if optional:
                name = voice.phrase("identify.or_code", way=name)
            facts.append(
                WantedFact(
                    way=way,
                    name=f"{name[0].upper()}{name[1:]}",
                    example=proofs.example(voice.rules, way),
                    part=part,
                    optional=optional,
                )
            )
    return facts


def code_sent(voice: Voice, email: str) -> str:
    """That a code is on its way to this address, if it is a customer's."""
    return voice.phrase(
        "identify.code_sent", email=email, digits=CODE_DIGITS, minutes=_minutes(CODE_LIFE)
    )


def mail(voice: Voice, code: str) -> tuple[str, str]:
    """The subject and the text that bring a code."""
    name = voice.rules.name[voice.language]
    text = voice.phrase("identify.mail", code=code, name=name, minutes=_minutes(CODE_LIFE))
    return voice.phrase("identify.mail_subject", name=name), text


def prove_more(voice: Voice, *, by_code: bool) -> str:
    """What somebody who is known by facts alone can do to be known better."""
    how = "identify.more_by_code" if by_code else "identify.more_by_sign_in"
    lines = [voice.phrase("identify.more"), voice.phrase(how)]
    return formats.together(lines, voice.language)


def not_found(voice: Voice, number: str) -> str:
    return _about_number(voice, voice.phrase("order.not_found", number=number))


def odd_number(voice: Voice, number: str) -> str:
    return _about_number(voice, voice.phrase("order.odd_number", number=number))


def _minutes(life: timedelta) -> int:
    return round(life.total_seconds() / 60)


def _about_number(voice: Voice, text: str) -> str:
    """With the shape of the shop's order numbers, where it says one."""
    shape = voice.rules.shop.order_number
    says = shape.says if shape else None
    told = voice.phrase("order.shape", shape=says[voice.language]) if says else ""
    return formats.together([text, told, voice.phrase("order.check")], voice.language)


def _ask(voice: Voice, wanted: Sequence[Sequence[Way]]) -> str:
    examples = [proofs.example(voice.rules, ways[0]) for ways in wanted]
    named = _named(voice, wanted)
    if not all(examples):
        return voice.phrase("identify.ask", wanted=named)
    example = " ".join(filter(None, examples))
    return voice.phrase("identify.ask_like", wanted=named, example=example)


def _named(voice: Voice, wanted: Sequence[Sequence[Way]]) -> str:
    return formats.listed([_either(voice, ways) for ways in wanted], voice.language)


def _either(voice: Voice, ways: Sequence[Way]) -> str:
    first, *others = (_way(voice, way) for way in ways)
    for other in others:
        first = voice.phrase("identify.either", one=first, other=other)
    return first


def _way(voice: Voice, way: Way) -> str:
    """What it is called; the postcode as the shop's country calls it."""
    if way == "postcode" and voice.rules.places.postcode_kind == "zip":
        return voice.phrase("identify.zip")
    return voice.phrase(f"identify.{way}")
