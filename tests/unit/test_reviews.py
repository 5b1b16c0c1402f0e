"""What reviews are worth, what they say, and in which order it is to be mended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from data.errors import DataError
from data.reviews import findings, plot
from data.reviews.findings import Mention, find
from data.reviews.reading import Opinion, sentence_of
from data.reviews.trust import Trust, repeats, trust

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
ZIP, VALVE, COLOUR = range(3)


def review(
    number: int, stars: int, *, text: str = "", days: float = 0, product: str = "tent",
    sku: str | None = None, writer: int | None = None, bought: bool | None = None,
) -> Opinion:  # fmt: skip
    at = NOW - timedelta(days=days)
    return Opinion("review", number, text, at, product, sku, writer or number, stars, bought)


def full(opinions: Sequence[Opinion]) -> list[Trust]:
    return [Trust(1.0) for _ in opinions]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "营地灯非常好，亮度足够，做工精致，物有所值，强烈推荐大家购买！",
            "这个营地灯非常好，亮度足够，做工很精致，物有所值，强烈推荐大家购买",
        ),
        (
            "Amazing lantern, great brightness and perfect workmanship, highly recommended!",
            "AMAZING lantern! Great brightness, and perfect workmanship, highly recommended to all",
        ),
    ],
)
def test_the_same_words_count_once_together(one: str, other: str) -> None:
    opinions = [review(1, 5, text=one), review(2, 5, text=other, days=9), review(3, 4, text="别的")]
    found = trust(opinions)
    assert [each.weight for each in found] == [0.5, 0.5, 1.0]
    assert found[0].reasons == ("repeated",)


def test_short_praise_is_nobodys_copy_and_other_words_are_other_words() -> None:
    assert repeats(["质量不错，好评", "质量不错，好评", "Very good.", "Very good."]) == []
    assert (
        repeats(
            ["拉链第二次就卡住了，只好拿去修，等了一周", "颜色比图片深，质量没话说，第二次买了"]
        )
        == []
    )


def test_repeats_agree_with_comparing_all_pairs() -> None:
    chance = np.random.default_rng(3)
    words = ["帐篷", "很轻", "防水", "拉链", "顺滑", "valve", "leaks", "quickly", "大小", "合适"]
    texts = ["，".join(chance.choice(words, 9)) for _ in range(60)]
    texts += [f"{text}啊" for text in texts[:20]]
    groups = {row: place for place, group in enumerate(repeats(texts)) for row in group}
    for row in range(20):
        assert groups[row] == groups[60 + row]


def test_a_rush_of_praise_counts_half() -> None:
    steady = [review(n, 5, days=20 * n + 30) for n in range(1, 15)]
    rush = [review(100 + n, 5, days=10 + n / 20) for n in range(9)]
    found = trust([*steady, *rush])
    assert [each.weight for each in found] == [1.0] * 14 + [0.5] * 9
    assert {each.reasons for each in found[14:]} == {("rush",)}
    assert all(each.weight == 1 for each in trust(steady))


def test_who_never_bought_it_counts_half_where_the_shop_knows_its_orders() -> None:
    opinions = [review(n, 4, bought=n != 1) for n in range(1, 6)]
    assert [each.weight for each in trust(opinions)] == [0.5, 1, 1, 1, 1]
    elsewhere = [review(n, 4, bought=False) for n in range(1, 6)]
    assert all(each.weight == 1 for each in trust(elsewhere))


def test_one_writer_with_many_at_once_counts_half() -> None:
    opinions = [review(n, 1, product=f"p{n}", writer=7) for n in range(1, 7)]
    assert {each.reasons for each in trust(opinions)} == {("many at once",)}


def shop(seed: int = 0) -> tuple[list[Opinion], list[Mention]]:
    """600 reviews over two years. A bad zip takes two stars, a bad valve one; the valve is blamed
    more and more, the colour as often as the zip but at no cost."""
    chance = np.random.default_rng(seed)
    opinions: list[Opinion] = []
    mentions: list[Mention] = []
    for number in range(600):
        days = float(chance.uniform(0, 730))
        stars = 4.5 if number % 2 else 3.8
        chances = {ZIP: 0.12, VALVE: 0.02 + 0.2 * (730 - days) / 730, COLOUR: 0.12}
        costs = {ZIP: 2.0, VALVE: 1.0, COLOUR: 0.0}
        for aspect, probability in chances.items():
            if chance.random() < 0.4:
                leaning = -0.9 if chance.random() < probability / 0.4 else 0.9
                stars -= costs[aspect] * (leaning < 0)
                mentions.append(Mention(number, aspect, 0, 2, leaning))
        rated = int(np.clip(round(stars + chance.normal(0, 0.5)), 1, 5))
        opinions.append(
            review(number + 1, rated, days=days, product=f"p{number % 2}", text="拉链卡")
        )
    return opinions, mentions


def test_costs_and_trends_that_were_put_in_are_found() -> None:
    opinions, mentions = shop()
    found = find(opinions, full(opinions), mentions)
    lines = {line.aspect: line for line in found.lines}
    assert [line.aspect for line in found.lines][-1] == COLOUR
    for aspect, cost in ((ZIP, 2.0), (VALVE, 1.0), (COLOUR, 0.0)):
        own = lines[aspect].effect.own
        assert own is not None
        assert own.low < cost < own.high + 0.35  # stars end at 1 and 5, which takes a little
    assert lines[ZIP].effect.sure
    assert not lines[COLOUR].effect.sure
    assert lines[VALVE].trend.sure
    assert lines[VALVE].trend.factor > 1.5
    assert not lines[ZIP].trend.sure
    assert found.explained is not None
    assert found.explained > 0.3


def test_the_order_is_share_times_volume_times_trend_times_effect() -> None:
    opinions, mentions = shop(1)
    for line in find(opinions, full(opinions), mentions).lines:
        expected = line.share.value * line.weight / len(opinions) * 100
        expected *= line.trend.factor**0.5 * max(line.effect.stars, 0)
        assert line.cost == pytest.approx(expected)


def test_what_counts_half_weighs_half() -> None:
    opinions = [review(n, 3) for n in range(1, 5)]
    mentions = [Mention(n, ZIP, 0, 2, -0.9 if n < 2 else 0.9) for n in range(4)]
    trusts = [Trust(0.5, ("rush",)), Trust(0.5, ("rush",)), Trust(1.0), Trust(1.0)]
    (line,) = find(opinions, trusts, mentions).lines
    assert (line.reviews, line.complaints, line.praises) == (4, 2, 2)
    assert line.share.value == pytest.approx(1 / 3)


def test_few_reviews_are_told_as_few() -> None:
    opinions = [review(n, n, text="拉链卡住了。") for n in range(1, 4)]
    mentions = [Mention(n, ZIP, 0, 2, -0.9) for n in range(3)]
    found = find(opinions, full(opinions), mentions)
    (line,) = found.lines
    assert found.explained is None
    assert line.effect.own is None
    assert line.trend.own is None
    assert line.share.low < 0.5


def test_a_variant_stands_out_only_beyond_chance() -> None:
    opinions, mentions = [], []
    for number in range(80):
        wide = number % 2 == 0
        opinions.append(review(number + 1, 2, sku="WIDE" if wide else "SLIM"))
        bad = number % 4 == 0 if wide else number % 20 == 1
        mentions.append(Mention(number, VALVE, 0, 2, -0.9 if bad else 0.9))
    (line,) = find(opinions, full(opinions), mentions).lines
    assert [(part.id, part.complaints) for part in line.variants] == [("WIDE", 20)]
    assert line.products[0].id == "tent"
    even = [
        mention._replace(leaning=-0.9 if m % 5 == 0 else 0.9) for m, mention in enumerate(mentions)
    ]
    (line,) = find(opinions, full(opinions), even).lines
    assert line.variants == ()


def test_quotes_are_complaints_of_several_people_in_several_words() -> None:
    texts = ["拉链卡。", "拉链卡。", "拉链坏了。", "The zip broke.", "拉链很好。"]
    opinions = [review(n, 2, text=text) for n, text in enumerate(texts, 1)]
    mentions = [Mention(n, ZIP, 0, 2, 0.9 if n == 4 else -0.9) for n in range(5)]
    (line,) = find(opinions, full(opinions), mentions).lines
    quoted = [opinions[mention.opinion].text for mention in line.quotes]
    assert sorted(quoted) == ["The zip broke.", "拉链卡。", "拉链坏了。"]


def test_lines_of_the_chat_are_counted_beside() -> None:
    opinions = [review(1, 2, text="拉链卡"), Opinion("chat", 9, "拉链坏了怎么办", NOW)]
    mentions = [Mention(0, ZIP, 0, 2, -0.9), Mention(1, ZIP, 0, 2, -0.9)]
    (line,) = find(opinions, full(opinions[:1]), mentions).lines
    assert (line.reviews, line.complaints, line.chat) == (1, 1, 1)


@pytest.mark.parametrize(
    ("text", "word", "sentence"),
    [
        ("很轻。拉链卡住了！退了。", "拉链", "拉链卡住了！"),
        ("Light. The zip of 2.5 mm broke. Sent back.", "zip", "The zip of 2.5 mm broke."),
    ],
)
def test_the_sentence_of_a_mention(text: str, word: str, sentence: str) -> None:
    start = text.index(word)
    assert sentence_of(text, start, start + len(word)) == sentence


def test_a_picture_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    opinions, mentions = shop()
    names = {ZIP: "zip", VALVE: "valve"}
    course = plot.course("A", "p0", opinions, full(opinions), mentions, names, UTC)
    assert sum(count for _, _, count in course.stars.values()) == 300
    assert set(course.aspects) == set(names.values())
    month = date(2026, 6, 1)
    own = [o.stars for o in opinions if o.product == "p0" and (o.at.year, o.at.month) == (2026, 6)]
    assert course.stars[month][0] == pytest.approx(np.mean(own))
    plot.write(tmp_path / "a.svg", [course])
    assert (tmp_path / "a.svg").read_text("utf-8").startswith("<?xml")
    with pytest.raises(DataError, match="no picture"):
        plot.write(tmp_path / "a.doc", [course])
    assert not (tmp_path / "a.doc").exists()


def test_the_common_effect_is_a_mean_of_what_is_sure() -> None:
    mean, spread = findings._common(np.array([1.0, 1.0, 5.0]), np.array([0.1, 0.1, 10.0]))
    assert mean == pytest.approx(1.0, abs=0.01)
    assert spread == 0
