"""Pictures of the products, drawn by code: one motif a kind of thing, in the product's own colour.

A motif (motifs/*.svg) is an SVG group of 400 by 400 whose colours are names: @main and its shades,
@trim, and a few that are always the same (@steel, @ink, …). table.yaml says which motif shows which
product; a product that it does not know gets its category's, and else a parcel, so that a shop's
own goods have a picture too. The same product and colour always give the same bytes.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path

import yaml
from markupsafe import Markup

from data.models import Product
from demo.storefront.files import File

_FOLDER = Path(__file__).parent
_FALLBACK = "rock grey"
_PAPER, _WHITE, _BLACK = "#f1ece0", "#ffffff", "#10130f"
_ALWAYS = {
    "ink": "#2c3230",
    "steel": "#a7afb0",
    "steel-dark": "#7f898b",
    "white": "#fbf9f2",
    "wood": "#8d6a45",
    "fur": "#dccfb4",
    "sun": "#e9b23c",
    "ember": "#dd5f33",
    "water": "#4f9cc0",
    "sky": "#9fcbe0",
}


class Pictures:
    def __init__(self) -> None:
        table = yaml.safe_load((_FOLDER / "table.yaml").read_text(encoding="utf-8"))
        self._motifs: dict[str, dict[str, str]] = table["motifs"]
        self._categories: dict[str, str] = table["categories"]
        self._colours: dict[str, str] = table["colours"]
        self._draw = functools.lru_cache(maxsize=1000)(self._drawn)

    def of(self, product: Product, colour: str | None = None) -> File:
        """In `colour` (English, as variants name it) where the product has it, else in its
        first."""
        own = dict.fromkeys(
            variant.options["color"]["en"]
            for variant in product.variants
            if "color" in variant.options
        )
        entry = self._motifs.get(product.id, {})
        first = next(iter(own), entry.get("own", _FALLBACK))
        motif = entry.get("motif") or self._categories.get(product.category_id, "parcel")
        return self._draw(motif, colour if colour in own else first, entry.get("trim", "mustard"))

    def swatch(self, colour: str) -> Markup:
        """A dot in that colour, to stand beside its name."""
        return Markup(  # noqa: S704  # a colour of the table, no text of anybody's
            '<svg class="swatch" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">'
            f'<circle cx="8" cy="8" r="7.5" fill="{self._hex(colour)}"/></svg>'
        )

    def _hex(self, colour: str) -> str:
        """Of a colour that the table does not know, the one that its name ends with: a shop's
        own "deep teal" is teal."""
        known = [name for name in self._colours if colour.endswith(name)]
        return self._colours[max(known, key=len)] if known else self._colours[_FALLBACK]

    def _drawn(self, motif: str, colour: str, trim: str) -> File:
        main = self._hex(colour)
        tones = _ALWAYS | {
            "main": main,
            "light": _mix(main, _WHITE, 0.28),
            "pale": _mix(main, _PAPER, 0.82),
            "dark": _mix(main, _BLACK, 0.2),
            "deep": _mix(main, _BLACK, 0.45),
            "trim": self._hex(trim),
        }
        body = re.sub(r"@([a-z-]+)", lambda match: tones[match[1]], _motif(motif).replace("\n", ""))
        svg = (
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 400">'
            f'<path d="M0 0h400v400H0z" fill="{_mix(main, _PAPER, 0.84)}"/>'
            f'<circle cx="200" cy="196" r="150" fill="{_mix(main, _PAPER, 0.72)}"/>'
            f'<ellipse cx="200" cy="336" rx="150" ry="13" fill="{_mix(main, _BLACK, 0.5)}" '
            f'opacity=".16"/>{body}</svg>'
        )
        return File(svg.encode(), "image/svg+xml")


@functools.cache
def _motif(name: str) -> str:
    return (_FOLDER / "motifs" / f"{name}.svg").read_text(encoding="utf-8")


def _mix(colour: str, other: str, share: float) -> str:
    """`share` of the other colour, both as #rrggbb."""
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _channels(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour.removeprefix("#")))
