"""The shop's own sentence for a question."""

from collections.abc import Sequence

import pytest

from llm.quotes import best_quotes, units
from retrieval.types import Language, Passage


def passage(text: str, language: Language = "en") -> Passage:
    return Passage("p#0", "p", "document", language, "Payment", "Payment", text, "/help/en/p")


LIST = passage("We accept:\n- WeChat Pay\n- Alipay\nCash is not accepted. Pay within 30 minutes.")


def test_lists_rows_and_figures_stay_whole() -> None:
    assert units(LIST) == [
        "We accept:",
        "WeChat Pay",
        "Alipay",
        "Cash is not accepted.",
        "Pay within 30 minutes.",
    ]
    row = passage("Size | Chest\nM | 96 cm. Slim.")
    assert units(row) == ["Size | Chest", "M | 96 cm. Slim."]
    assert units(passage("It weighs 1.85 kg. See www.example.com for more.")) == [
        "It weighs 1.85 kg.",
        "See www.example.com for more.",
    ]


def test_a_line_that_leads_into_a_list_comes_with_it() -> None:
    (quote,) = best_quotes("What do you accept?", [LIST])
    assert quote.text.startswith("We accept:\n- WeChat Pay\n- Alipay")


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("退款几天到银行卡？", "银行卡 1–5 天到账。"),
        ("运费是多少钱？", "标准配送 8 元。"),
        ("有什么颜色？", "有深灰和松绿两款。"),
    ],
)
def test_the_kind_of_amount_that_is_asked_for_counts(question: str, wanted: str) -> None:
    text = "我们很快办理退款。银行卡 1–5 天到账。标准配送 8 元。有深灰和松绿两款。"
    assert best_quotes(question, [passage(text, "zh")])[0].text == wanted


def test_a_similarity_finds_what_words_do_not() -> None:
    text = "The shoe runs small. It is not waterproof."

    def similarity(_question: str, texts: Sequence[str]) -> list[float]:
        return [0.9 if "waterproof" in each else 0.7 for each in texts]

    (quote,) = best_quotes("防水吗？", [passage(text)], similarity=similarity)
    assert quote.text == "It is not waterproof."


def test_a_passage_without_sentences_gives_no_quote() -> None:
    assert best_quotes("Why?", [passage("—\n…")]) == []
