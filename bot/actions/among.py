"""Which of those that were shown: by the figure that is asked for, else by what the record of each
says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from bot.dialogue import references, thread
from bot.dialogue.fitting import tells
from bot.dialogue.turn import Turn
from bot.messages import CitationView
from bot.understanding import places, quantities, spans
from bot.understanding.names import without_names
from bot.wording import formats, views
from data.models import Product
from data.shop import Direction
from llm.types import Citation
from retrieval import claims
from retrieval.products import options_of, texts_of
from retrieval.retriever import holds_answer
from retrieval.types import Filters

# Acts that "which one …" is taken for; of an order or a delivery it is no goods' question.
_ACTS = frozenset({"compare", "product_question", "product_search", "refine", "price_question",
                   "recommend", "out_of_scope", "stock_check", "nlu_fallback"})  # fmt: skip
_MOST = 3
_PASSAGES = 4


def answered(turn: Turn) -> bool:
    """Tell which one it is; False, and nothing said, where no such thing is asked, or the records
    of none tell."""
    # "And the other one?" after three is asked of each.
    unclear = turn.request.act == "product_question" and any(places.pointings(turn.text))
    which = places.which_of_them(turn.text) is not None
    if turn.request.act not in _ACTS or not (which or unclear):
        return False
    named = references.named_products(turn)
    listed = [turn.services.catalogue[i] for i in named] if len(named) > 1 and which else []
    if not named:
        listed = thread.choice(turn)[:_MOST]
        may_mean = turn.services.products.may_mean
        if not all(may_mean(turn.text, product.id) for product in listed):
            return False
    if len(listed) < 2:
        return False
    with turn.services.unit_of_work() as uow:
        now = uow.products.get_many([product.id for product in listed])
    if quantities.measures(without_names(turn.text, now), turn.services.units):
        return False  # which of them has the figure that is asked for, a comparison tells
    if found := thread.direction_figures(turn, turn.text, now):
        _by_figures(turn, now, *found)
        return True
    return places.says_by_what(turn.text) and _by_texts(turn, now)


def _by_figures(
    turn: Turn, products: Sequence[Product], best: Direction, told: Mapping[str, Decimal]
) -> None:
    ranked = sorted(products, key=lambda product: told[product.id], reverse=best.most)
    first, second = ranked[:2]
    tie = told[first.id] == told[second.id]
    lines = [] if tie else [turn.phrase("among.one", name=turn.name_of(first))]
    colon = formats.colon(turn.language)
    lines += [f"{turn.name_of(p)}{colon}{_value(turn, p, best)}" for p in ranked]
    _say(turn, products, None if tie else first, lines)


def _value(turn: Turn, product: Product, best: Direction) -> str:
    """ "Weight: 0.98 kg", or the price."""
    if "price" in best.keys:
        return views.price_text(product, turn.language)
    return next(
        f"{a['name'][turn.language]} {a['value'][turn.language]}"
        for a in product.attributes
        if a["key"] == best.keys[0]
    )


def _by_texts(turn: Turn, products: Sequence[Product]) -> bool:
    """What the record of each says to it, and which one it is where only that one is so and the
    others are said not to be."""
    lexicon = turn.services.shop.lexicon
    wanted = [(word, True) for word in spans.said(turn.request, "need", "property")]
    wanted += [(word, False) for word in spans.said(turn.request, "excluded")]
    so: dict[str, bool | None] = {}
    for product in products:
        texts = [*texts_of(product), *options_of(product)]
        told = [(tells(texts, word, product, lexicon), right) for word, right in wanted]
        so[product.id] = (
            None if any(it is None for it, _ in told) else all(it is right for it, right in told)
        )
    those = [product for product in products if wanted and so[product.id]]
    sure = len(those) == 1 and None not in so.values()
    meant = those[0] if sure else None
    lines = [turn.phrase("among.one", name=turn.name_of(meant))] if meant else []
    citations = []
    if page := _page(turn, products):
        citations.append(views.citation_view(page))
        lines.append(formats.marked(page.quote, [page.number], turn.language))
    colon = formats.colon(turn.language)
    for product in products if not page else ():
        words = turn.phrase("among.unsaid")
        if citation := _cited(turn, product, len(citations) + 1):
            citations.append(views.citation_view(citation))
            words = formats.marked(citation.quote, [citation.number], turn.language)
        lines.append(f"{turn.name_of(product)}{colon}{words}")
    if not citations:
        return False
    _say(turn, products, meant, lines, citations)
    return True


def _page(turn: Turn, products: Sequence[Product]) -> Citation | None:
    """The sentence of the shop's pages that says of some of these goods what is asked; None without
    one."""
    retriever = turn.services.retriever
    pages = Filters(kind="document")
    hits = retriever.answering(turn.text, filters=pages, k=_PASSAGES, language=turn.language)
    if not holds_answer(hits):
        return None
    passage = hits[0].passage
    quote = turn.services.writer.quote(turn.text, passage, turn.language)
    named = set(turn.services.products.match(quote))
    asked = spans.said(turn.request, "need", "property", "excluded")
    told = [claims.says([passage.heading, quote], word) for word in asked]
    if named.isdisjoint(product.id for product in products) or not any(
        it is not None for it in told
    ):
        return None
    return Citation(1, passage.title, passage.source, quote, passage.url)


def _cited(turn: Turn, product: Product, number: int) -> Citation | None:
    """What the product's own texts say to the question; None where they do not."""
    retriever = turn.services.retriever
    question = f"{turn.name_of(product)} {turn.text}"
    own = Filters(sources=frozenset({product.id}))
    hits = retriever.answering(question, filters=own, k=_PASSAGES, language=turn.language)
    if not holds_answer(hits):
        return None
    passage = hits[0].passage
    quote = turn.services.writer.quote(question, passage, turn.language)
    return Citation(number, turn.name_of(product), product.id, quote, passage.url)


def _say(
    turn: Turn,
    products: Sequence[Product],
    meant: Product | None,
    lines: Sequence[str],
    citations: Sequence[CitationView] = (),
) -> None:
    turn.note(shown=tuple(product.id for product in products), product=meant.id if meant else None)
    turn.say(
        "\n".join(lines),
        citations=citations,
        cards=[views.product_card(turn, product) for product in products],
    )
