"""How a product meets what is looked for."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

from bot.dialogue import fitting
from bot.dialogue.criteria import Criteria
from bot.dialogue.services import Services
from bot.understanding.quantities import Measure
from data.models import Localized, Product, Variant
from data.shop import Lexicon


def lamp(name: str, about: str, *variants: dict[str, str], **figures: Any) -> Product:
    return Product(
        id=name.lower(),
        category_id="lamps",
        name=Localized(zh=name, en=name),
        aliases={"zh": [], "en": []},
        description=Localized(zh=about, en=about),
        tags=[],
        attributes=[
            {"key": key, "name": {"en": key}, "value": {"en": text}, "number": number, "unit": unit}
            for key, (text, number, unit) in figures.items()
        ],
        variants=[
            Variant(
                sku=f"{name}-{place}",
                price=Decimal(10),
                stock=1,
                options={key: {"zh": value, "en": value} for key, value in options.items()},
            )
            for place, options in enumerate(variants or ({},))
        ],
    )


def services(*products: Product) -> Services:
    found = SimpleNamespace(kinds=lambda _: [], sold_as=lambda _: frozenset())
    shop = SimpleNamespace(lexicon=Lexicon())
    catalogue = {product.id: product for product in products}
    return cast("Services", SimpleNamespace(products=found, shop=shop, catalogue=catalogue))


def judged(product: Product, measures: tuple[Measure, ...] = (), **wanted: Any) -> Any:
    return fitting.fit(services(product), Criteria("", **wanted), product, measures)


def test_what_is_not_wanted_is_out_unless_the_text_denies_it() -> None:
    assert judged(lamp("Glow", "With a glass shade."), without=("glass",)) is None
    without = judged(lamp("Glow", "No glass anywhere."), without=("glass",))
    assert without.said == 1


def test_of_a_colour_that_is_not_wanted_the_other_variants_stay() -> None:
    product = lamp("Glow", "A lamp.", {"color": "red"}, {"color": "blue"})
    fit = judged(product, without=("red",))
    assert [variant.sku for variant in fit.variants] == ["Glow-1"]
    assert judged(lamp("Ember", "A lamp.", {"color": "red"}), without=("red",)) is None


def test_a_figure_is_met_by_the_variant_that_has_it() -> None:
    bag = lamp(
        "Larch", "A bag.", {"version": "light"}, {"version": "warm"},
        comfort=("light 0 °C, warm −10 °C", 0, "°C"),
    )  # fmt: skip
    cold = Measure("°C", "comfort", None, Decimal(-8))
    assert [variant.sku for variant in judged(bag, (cold,)).variants] == ["Larch-1"]
    colder = Measure("°C", "comfort", None, Decimal(-20))
    assert judged(bag, (colder,)).lacks("figure")


def test_a_need_that_the_text_denies_is_unmet() -> None:
    fit = judged(lamp("Glow", "It is not waterproof."), needs=("waterproof",))
    assert fit.unmet == (fitting.Unmet("need", "waterproof"),)


def test_silence_is_a_no_where_another_of_the_kind_says_yes() -> None:
    wanted = Criteria("", needs=("waterproof",))
    products = [lamp("Glow", "A lamp."), lamp("Ember", "A waterproof lamp.")]
    alone = [fitting.fit(services(*products), wanted, each, ()) for each in products]
    fits = [fit for fit in alone if fit is not None]
    assert [fit.distance[0] for fit in fits] == [0, 0]
    assert [fit.distance[0] for fit in fitting.compared(fits, wanted)] == [1, 0]
    assert [fit.distance[0] for fit in fitting.compared(fits[:1], wanted)] == [0]


def test_a_price_out_of_bounds_is_unmet_and_one_that_is_far_counts_twice() -> None:
    wanted = Criteria("", most="100")
    fit = judged(lamp("Glow", "A lamp."))
    told = [fitting.priced(fit, wanted, Decimal(price)).distance[0] for price in (99, 140, 160)]
    assert told == [0, 1, 2]


def test_what_nothing_in_the_catalogue_speaks_of_cannot_be_checked() -> None:
    known = services(lamp("Glow", "With a glass shade."))
    assert fitting.unknown(known, Criteria("", without=("glass", "gadgets"))) == ["gadgets"]
