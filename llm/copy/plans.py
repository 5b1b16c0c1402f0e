"""What a text says, in which order, and how long it may be: decided by code for each kind of text,
platform, tone and length. The templates word it plainly; a generator may word its running text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

from llm.copy.law import Law
from llm.copy.record import Point, Record
from llm.lexis import HAN
from retrieval.types import Language

Kind = Literal["description", "ad", "post", "slogan", "title", "e-mail"]
Platform = Literal["xiaohongshu", "douyin", "weibo", "instagram", "x"]
Tone = Literal["plain", "warm", "lively", "expert"]
Length = Literal["short", "medium", "long"]
KINDS: tuple[Kind, ...] = get_args(Kind)
PLATFORMS: tuple[Platform, ...] = get_args(Platform)
TONES: tuple[Tone, ...] = get_args(Tone)
LENGTHS: tuple[Length, ...] = get_args(Length)

_HERE = Path(__file__).parent
# How many attributes a text is asked to tell; what room is left goes to the shop's own sentences.
_ASKED: dict[Kind, tuple[int, int, int]] = {
    "title": (1, 2, 3),
    "slogan": (0, 0, 0),
    "ad": (1, 2, 4),
    "post": (2, 4, 6),
    "description": (2, 4, 8),
    "e-mail": (2, 4, 6),
}
# Sentences of the shop are added until a text has this part of its room: full to the brim reads
# like a list of everything.
_FULL = 0.7
_MORE = 9
_OPTIONAL = 20  # parts of this rank and above; those below are told wherever they fit
_EMOJI = re.compile("[\U0001f300-\U0001faff\u2600-\u27bf]")


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted. A post without a platform is a plain one."""

    kind: Kind = "description"
    language: Language = "zh"
    tone: Tone = "plain"
    length: Length = "medium"
    platform: Platform | None = None
    variant: int = 1


@dataclass(frozen=True, slots=True)
class Room:
    """How long a text may be: `least` and `most` of its kind, `cap` characters of its platform."""

    least: int
    most: int
    cap: int | None
    wide: bool
    language: Language

    def size(self, text: str) -> int:
        """In characters (Chinese) or words (English)."""
        if self.language == "zh":
            return len(re.sub(r"\s", "", text))
        return sum(1 for word in text.split() if re.search(r"\w", word))

    def on_platform(self, text: str) -> int:
        if not self.wide:
            return len(text)
        return sum(2 if HAN.match(c) or _EMOJI.match(c) or ord(c) > 0x2FFF else 1 for c in text)

    def too_long(self, text: str) -> bool:
        return self.size(text) > self.most or (
            self.cap is not None and self.on_platform(text) > self.cap
        )


def room(order: Order) -> Room:
    least, most = _limits()["kinds"][order.kind][order.language][order.length]
    of = _limits()["platforms"].get(order.platform, {})
    return Room(least, most, of.get("most"), of.get("wide", False), order.language)


@dataclass(frozen=True, slots=True)
class Line:
    """`fixed`: told as it is, by whomever the rest is worded: a title, a list, topics, a greeting.
    The higher its `rank`, the sooner a part is left out; 0 always stays."""

    text: str
    fixed: bool = False
    rank: int = 0
    point: Point | None = None
    group: int = 0  # parts of one group stand in one line
    claims: bool = True  # whether it says something of the product, and (`claim`) what
    claim: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be told, already in plain words. `asked`: the attributes that were to stand in it,
    `told` those of them for which there was room: no wording may lose one."""

    order: Order
    lines: tuple[tuple[str, bool], ...]
    asked: tuple[Point, ...]
    told: tuple[Point, ...]
    room: Room
    exhausted: bool  # nothing was left out for want of room
    claims: str  # what the text tells, without the templates' own turns

    @property
    def text(self) -> str:
        return "\n".join(text for text, _ in self.lines).strip()

    @property
    def body(self) -> str:
        """What a generator may word in its own way; "" when all is fixed."""
        join = _templates(self.order.language)["joins"]["sentences"]
        return str(join).join(text for text, fixed in self.lines if not fixed).strip()

    def with_body(self, body: str) -> str:
        """The text with the generator's words in the place of the plain ones."""
        told, placed = [], False
        for text, fixed in self.lines:
            if fixed:
                told.append(text)
            elif not placed:
                told.append(body.strip())
                placed = True
        return "\n".join(told).strip()


def plan(record: Record, order: Order, law: Law, *, shop: str = "") -> Plan:
    """The text's plan; what the law forbids is not in it, unless it is the product's own name."""
    record = lawful(record, law)
    asked = record.points[: _ASKED[order.kind][LENGTHS.index(order.length)]]
    turn = order.variant - 1
    if turn and asked:  # another variant begins with another attribute
        asked = asked[turn % len(asked) :] + asked[: turn % len(asked)]
    parts = [*_Words(record, order, asked, shop).parts()]
    space = room(order)
    kept = [each for each in parts if each.rank == 0]
    cut = False
    for each in sorted((each for each in parts if each.rank), key=lambda part: part.rank):
        if each.point is not None and holds(_rendered(kept, order)[0], each.point):
            continue
        more = [part for part in parts if part in kept or part is each]
        text = _rendered(more, order)[0]
        if each.rank >= _OPTIONAL and space.size(_rendered(kept, order)[0]) >= _FULL * space.most:
            cut = True
        elif space.too_long(text):
            cut = cut or space.size(text) > space.most  # a platform's cap goes before `least`
        else:
            kept = more
    parts = _unrepeated(kept, order)
    text, lines = _rendered(parts, order)
    claims = "\n".join(each.claim or each.text for each in parts if each.claims)
    told = tuple(point for point in asked if holds(text, point))
    return Plan(order, lines, tuple(asked), told, space, not cut, claims)


def lawful(record: Record, law: Law) -> Record:
    """The record without what the law forbids. Its name stays."""

    def fits(text: str) -> bool:
        return not law.broken(text, record.language)

    return replace(
        record,
        summary=record.summary if fits(record.summary) else "",
        kind=record.kind if fits(record.kind) else "",
        sentences=tuple(each for each in record.sentences if fits(each.text)),
        advice=tuple(each for each in record.advice if fits(each.text)),
        points=tuple(each for each in record.points if fits(f"{each.name} {each.value}")),
        options=tuple(each for each in record.options if fits(each)),
        topics=tuple(each for each in record.topics if fits(each)),
    )


def holds(text: str, point: Point) -> bool:
    """Whether a text tells the attribute: its value, or its name where that says it all."""
    return _bare(point.name if point.flag else point.value) in _bare(text)


def _bare(text: str) -> str:
    return re.sub(r"\s", "", text).casefold()


def _unrepeated(kept: Sequence[Line], order: Order) -> list[Line]:
    """Without the attributes that a sentence tells already."""
    prose = _rendered([each for each in kept if each.point is None], order)[0]
    return [each for each in kept if each.point is None or not holds(prose, each.point)]


def _rendered(parts: Sequence[Line], order: Order) -> tuple[str, tuple[tuple[str, bool], ...]]:
    """Parts of one group as one line; attributes in running text as one sentence."""
    words = _templates(order.language)
    joins = words["joins"]
    lines: list[tuple[str, bool]] = []
    groups: dict[int, list[Line]] = {}
    for part in parts:
        groups.setdefault(part.group, []).append(part)
    for group in groups.values():
        told: list[str] = []
        facts = [each.text for each in group if each.point is not None]
        hard = any(joins["soft"].strip() in each or "：" in each or ": " in each for each in facts)
        sentence = joins["hard" if hard else "soft"].join(facts)
        for part in group:
            if part.point is None:
                told.append(part.text)
            elif sentence:
                told.append(words["facts"][order.tone].format(facts=sentence))
                sentence = ""
        text = joins["sentences"].join(each for each in told if each)
        lines.append((text, group[0].fixed))
    return "\n".join(text for text, _ in lines).strip(), tuple(lines)


class _Words:
    """The parts of one text, in their order."""

    def __init__(self, record: Record, order: Order, asked: Sequence[Point], shop: str) -> None:
        self._record, self._order, self._shop = record, order, shop
        self._asked = asked or record.points[:1]  # a slogan may lean on one
        self._words = _templates(order.language)
        self._platform = _limits()["platforms"].get(order.platform, {})

    def parts(self) -> Iterator[Line]:
        match self._order.kind:
            case "title":
                yield from self._title()
            case "slogan":
                slogan = self._slogan()
                yield self._line(slogan, claim=self._lead() or slogan)
            case "description":
                yield from self._description()
            case "ad":
                yield from self._ad()
            case "post":
                yield from self._post()
            case "e-mail":
                yield from self._mail()

    def _title(self) -> Iterator[Line]:
        record = self._record
        pieces = [record.name]
        if record.brand and record.brand.casefold() not in record.name.casefold():
            pieces = [f"{record.brand} {record.name}"]
        told = [self._told(point) for point in self._asked]
        room_ = room(self._order)
        join = self._words["title"]["parts"]
        for fact in told:
            if not room_.too_long(join.join([*pieces, fact])):
                pieces.append(fact)
        chinese = self._order.language == "zh"
        text = join.join(pieces) if chinese else pieces[0]
        if not chinese and pieces[1:]:
            text = join.join([pieces[0], ", ".join(pieces[1:])])
        yield self._line(text, fixed=True)

    def _description(self) -> Iterator[Line]:
        yield self._line(self._opening(), claim=self._lead(), group=1)
        for rank, each in enumerate(self._prose(denials=True), start=20):
            yield self._line(each, rank=rank, group=1)
        yield from self._advice(group=2)
        yield from self._facts(group=2)
        yield from self._extras(group=2)
        yield from self._closing(group=3)

    def _ad(self) -> Iterator[Line]:
        yield self._line(self._opening(), claim=self._lead(), group=1)
        yield from self._facts(group=1)
        for rank, each in enumerate(self._prose(denials=False), start=20):
            yield self._line(each, rank=rank, group=1)
        yield from self._extras(group=1)
        yield from self._closing(group=1)

    def _post(self) -> Iterator[Line]:
        platform = self._order.platform
        if platform == "xiaohongshu":
            yield self._line(self._headline(), fixed=True, group=1)
            yield self._line(self._opening(), claim=self._lead(), group=2)
            yield from self._bullets(start=10)
        elif platform == "instagram":
            yield self._line(self._opening(), claim=self._lead(), group=2)
            yield from self._bullets(start=10)
        else:
            lead = self._record.summary + self._words["joins"]["stop"]
            opening = self._opening()
            if platform == "weibo" and self._record.summary:
                opening = self._words["weibo"].format(name=self._record.name) + lead
            yield self._line(opening, claim=self._lead(), group=2)
            yield from self._facts(group=2)
        for rank, each in enumerate(self._prose(denials=False), start=20):
            yield self._line(each, rank=rank, group=50)
        yield from self._extras(group=50)
        yield from self._closing(group=50)
        if tags := self._tags():
            yield self._line(tags, fixed=True, rank=4, group=60, claim="")

    def _mail(self) -> Iterator[Line]:
        mail = self._words["mail"]
        value = self._first()
        subject = mail["subject" if value else "bare"].format(name=self._record.name, value=value)
        head = f"{subject}\n\n{mail['greeting']}\n"
        yield self._line(head, fixed=True, group=1, claim=value or self._record.name)
        yield self._line(self._opening(), claim=self._lead(), group=2)
        for rank, each in enumerate(self._prose(denials=True), start=20):
            yield self._line(each, rank=rank, group=2)
        yield from self._advice(group=2)
        yield from self._bullets(start=10)
        yield from self._extras(group=50)
        yield from self._closing(group=51)
        if self._shop:
            sign = "\n" + mail["sign"].format(shop=self._shop)
            yield self._line(sign, fixed=True, group=60, claim="")

    def _line(
        self,
        text: str,
        *,
        fixed: bool = False,
        rank: int = 0,
        group: int = 0,
        claim: str | None = None,
    ) -> Line:
        """`claim`: what it says of the product, where that is not the whole; "" for nothing."""
        return Line(text, fixed, rank, None, group, claim != "", claim or "")

    def _lead(self) -> str:
        return f"{self._record.name}\n{self._record.summary}".strip()

    def _opening(self) -> str:
        record = self._record
        which = "openings" if record.summary else "bare"
        told = self._pick(self._words[which][self._order.tone]).format(
            name=record.name, summary=record.summary, kind=record.kind or record.name
        )
        return re.sub(r"([!?！？])[.。!！]", r"\1", told)

    def _slogan(self) -> str:
        """From the line that the shop has for it, else from an attribute."""
        record, value = self._record, self._first()
        known = [
            each
            for each in self._words["slogans"][self._order.tone]
            if (record.summary or "{summary}" not in each) and (value or "{value}" not in each)
        ]
        if not known:
            return record.name
        told = self._pick(known).format(name=record.name, summary=record.summary, value=value)
        if room(self._order).too_long(told):
            told = f"{record.name}{'：' if record.language == 'zh' else ': '}{value}"
        return told if not room(self._order).too_long(told) else record.name

    def _headline(self) -> str:
        most = self._platform.get("title", 100)
        named = {"name": self._record.name, "value": self._first()}
        for form in ("long", "short"):
            told = str(self._words["headline"][form].format(**named))
            if len(told) <= most and (named["value"] or form == "short"):
                return told
        return self._record.name[:most]

    def _prose(self, *, denials: bool) -> Iterator[str]:
        """The shop's sentences; what leans on one that is left out is left out with it."""
        lost = False
        for each in self._record.sentences:
            lost = (each.leans and lost) or (each.denies and not denials)
            if not lost:
                yield each.text

    def _advice(self, group: int) -> Iterator[Line]:
        for rank, each in enumerate(self._record.advice, start=40):
            yield self._line(each.text, rank=rank, group=group)

    def _facts(self, group: int) -> Iterator[Line]:
        for rank, point in self._ranked(10):
            yield Line(self._told(point), False, rank, point, group)

    def _bullets(self, start: int) -> Iterator[Line]:
        form = self._words["bullet"]["emoji" if self._emoji() else "plain"]
        for rank, point in self._ranked(start):
            told = self._told(point)
            told = told[:1].upper() + told[1:]
            # Attributes in lines of their own are no sentence, so they carry no point.
            yield Line(form.format(told), True, rank, None, rank)

    def _ranked(self, start: int) -> Iterator[tuple[int, Point]]:
        """What was asked, then what else there is, for a text that is still short."""
        yield from enumerate(self._asked, start=start)
        more = [point for point in self._record.points if point not in self._asked]
        yield from enumerate(more[:_MORE], start=_OPTIONAL + 10)

    def _extras(self, group: int) -> Iterator[Line]:
        for rank, option in enumerate(self._record.options, start=40):
            yield self._line(self._words["options"].format(option=option), rank=rank, group=group)
        if self._record.warranty:
            told = self._words["warranty"].format(months=self._record.warranty)
            yield self._line(told, rank=45, group=group, claim=str(self._record.warranty))
        yield from self._price(group)

    def _price(self, group: int) -> Iterator[Line]:
        if self._record.price:
            told = self._words["price"][self._order.tone].format(price=self._record.price)
            yield self._line(told, group=group, claim=self._record.price)

    def _closing(self, group: int) -> Iterator[Line]:
        told = self._pick(self._words["closings"][self._order.kind][self._order.tone])
        if told:
            yield self._line(told, rank=5, group=group, claim="")

    def _tags(self) -> str:
        record = self._record
        form = self._platform.get("tag", "")
        if not form:
            return ""
        told = (
            _one_word(each) for each in (record.kind, *record.topics, record.brand, record.name)
        )
        known = [*dict.fromkeys(each for each in told if each)][: self._platform["tags"]]
        return " ".join(form.format(each) for each in known)

    def _emoji(self) -> bool:
        return bool(self._platform.get("emoji")) and self._order.tone in ("warm", "lively")

    def _told(self, point: Point) -> str:
        form = "flag" if point.flag else "figure" if point.value[:1].isdigit() else "words"
        name = point.name
        if self._order.language == "en" and not name[:2].isupper():
            name = name[:1].lower() + name[1:]
        return str(self._words["fact"][form].format(name=name, value=point.value))

    def _first(self) -> str:
        """The first attribute, short enough for a headline; with its name, which a bare value
        needs."""
        short = [told for point in self._asked if len(told := self._told(point)) <= 24]
        told = short[0] if short else ""
        return told if self._order.language == "zh" else told[:1].upper() + told[1:]

    def _pick(self, several: Sequence[str]) -> str:
        return several[(self._order.variant - 1) % len(several)]


def _one_word(text: str) -> str:
    """Topics have neither spaces nor signs: "Rice Cookers" is RiceCookers."""
    pieces = re.findall(r"[\w]+", text)
    return "".join(piece[:1].upper() + piece[1:] for piece in pieces)


@cache
def _limits() -> Any:
    return yaml.safe_load((_HERE / "limits.yaml").read_text("utf-8"))


@cache
def _templates(language: Language) -> Any:
    return yaml.safe_load((_HERE / "templates" / f"{language}.yaml").read_text("utf-8"))
