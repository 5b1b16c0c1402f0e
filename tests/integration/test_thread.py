"""The thread of a conversation about goods, in several shops and both languages: what points to one
of those shown, asks the same of another thing, or sums what was put together. The acts are those
that the reading finds, the wrong ones too; nothing in these conversations is trained on."""

from __future__ import annotations

import re

import pytest

from bot.dialogue.services import Services
from tests.integration.talking import Said, Talk, demo_services
from tests.shops import load
from tests.shops.files import SHOPS

# Each turn: its act, its words, what the answer says, and the card that is shown first (None: any).
Turns = list[tuple[str, str, str, str | None]]

WHICH_OF_THEM: list[tuple[str, str, Turns]] = [
    ("demo", "zh", [
        ("compare", "岭线双人帐和风墙哪个好", "", None),
        ("compare", "哪个更抗风", r"六级[\s\S]*九级", None),
        ("compare", "哪个轻", r"^是岭线双人三季帐。", None),
    ]),
    ("demo", "en", [
        ("compare", "granite mid or granite low for wet trails", "", None),
        ("compare", "which is lighter", r"^It is the Granite Low Shoe\.\n.*395 g", None),
        ("price_question", "ok take that one in 42. how much", r"549", "granite-low-shoe"),
    ]),
    ("electronics", "zh", [
        ("product_search", "充电宝有哪些", "", None),
        ("product_question", "哪个容量大", r"^是衡川 20000 毫安时充电宝。", None),
    ]),
    ("pets", "en", [
        ("compare", "is the carrier or the crate better for a train", "", None),
        ("compare", "which one is lighter", r"^It is the Halyard Soft Carrier\.\n.*1\.1 kg", None),
    ]),
]  # fmt: skip
ONE_OF_THEM: list[tuple[str, str, Turns]] = [
    ("demo", "zh", [
        ("product_search", "有哪些睡袋", "", None),
        ("price_question", "那个儿童的多少钱", "219", "cub-kids-bag"),
        ("refine", "另外那个棉的呢", "", "brook-synthetic-bag"),
    ]),
    ("demo", "en", [
        ("compare", "compare the Beacon 400 and the Summit 1000", "", None),
        ("price_question", "whats the small one cost", "189", "beacon-400-headlamp"),
        ("price_question", "and the other one?", "389", "summit-1000-headlamp"),
    ]),
    ("electronics", "zh", [
        ("compare", "X5和X5 Pro有什么区别", "", None),
        ("product_search", "那个贵的有白色吗", "白", "hengchuan-x5-pro"),
        ("product_question", "65寸电视多重", "19.8", None),
        ("stock_check", "75的呢", "28.4", None),
    ]),
    ("pets", "en", [
        ("product_search", "dog dry food", "", None),
        ("price_question", "the puppy one, how much is the 5 kg bag", r"29\.90", "dike-puppy"),
    ]),
]  # fmt: skip
ASKED_AGAIN: list[tuple[str, str, Turns]] = [
    ("demo", "zh", [
        ("product_question", "北壁能机洗吗", "滚筒", None),
        ("stock_check", "那余烬呢", "机洗", None),
    ]),
    ("demo", "en", [
        ("product_question", "is the ember machine washable?", "", None),
        ("price_question", "and the northwall?", "Wash gently", None),
        ("price_question", "what about the stormline?", "(?i)wash", None),
    ]),
    ("electronics", "zh", [
        ("price_question", "Buds 3多少钱", "399", None),
        ("stock_check", "那H700呢", "899", None),
    ]),
    ("pets", "en", [
        ("product_question", "how long is the Pier Adjustable Lead?", "2.2 m", None),
        ("stock_check", "and the wand?", "90 cm", None),
    ]),
]  # fmt: skip
TOGETHER: list[tuple[str, str, Turns]] = [
    ("demo", "zh", [
        ("product_search", "看看你们的睡袋", "", None),
        ("price_question", "溪谷的吧 拿两个", "", None),
        ("product_search", "再加个岭线双人帐篷", "", "ridgeline-2-tent"),
        ("price_question", "一共多少钱 1500够吗", r"× 2[\s\S]*1,497[\s\S]*1,500 够了", None),
        ("product_question", "全套下来 1400 打得住不", r"1,400 不够，还差 ¥97", None),
        ("product_question", "全套一千四左右行吗", r"1,400 不够，还差 ¥97", None),
    ]),
    ("demo", "en", [
        ("recommend_companion", "ok the ridgeline. and two foam mats with it", "1,157", None),
        ("product_question", "would all of that together be under 1300?", "within ¥1,300", None),
        ("product_question", "and altogether about 1200, does that work?", "within ¥1,200", None),
    ]),
    ("electronics", "zh", [
        ("price_question", "Buds 3多少钱", "399", None),
        ("price_question", "就要这个 再要一个充电宝 一起多少钱", "528", None),
    ]),
    ("pets", "en", [
        ("product_search", "i need a cat cave", "", None),
        ("product_search", "and the feather wand and the litter tray", "", None),
        ("refine", "everything together under 150?", r"35\.90[\s\S]*8\.50[\s\S]*27\.90", None),
    ]),
]  # fmt: skip
SEVERAL: list[tuple[str, str, Turns]] = [
    ("demo", "zh", [
        ("product_search", "帐篷、鱼竿和头灯", "没有鱼竿", None),
    ]),
    ("demo", "en", [
        ("product_search", "climbing shoes or chalk bags or a headlamp?",
         "not sell chalk bags", None),
    ]),
    ("electronics", "zh", [
        ("price_question", "手机壳和钢化膜和数据线一起多少钱",
         r"没有数据线[\s\S]*49[\s\S]*29", None),
    ]),
    ("pets", "en", [
        ("product_search", "leads, muzzles and a harness please", "not sell muzzles", None),
        ("product_search", "kitten food, a litter tray and a scratching post",
         "not sell scratching post", None),
    ]),
]  # fmt: skip
BOTH_PARTS: list[tuple[str, str, Turns]] = [
    ("demo", "en", [
        ("product_question", "how heavy is the brick 20000", "395", None),
        ("product_question", "is it waterproof? and can i take it on a plane",
         r"IP65[\s\S]*planes", None),
    ]),
    ("electronics", "zh", [
        ("product_question", "骨传导防水吗 续航多久", r"IPX8[\s\S]*9 小时", None),
    ]),
]  # fmt: skip


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Services]:
    shops = {shop.name: shop for shop in SHOPS}
    made = {
        name: load.services(load.build_state(shops[name], tmp_path_factory.mktemp(name)))
        for name in ("electronics", "pets")
    }
    return {**made, "demo": demo_services(tmp_path_factory.mktemp("demo"))}


@pytest.mark.parametrize(
    ("shop", "language", "turns"),
    [*WHICH_OF_THEM, *ONE_OF_THEM, *ASKED_AGAIN, *TOGETHER, *SEVERAL, *BOTH_PARTS],
    ids=lambda value: value[0][1] if isinstance(value, list) else value,
)
def test_what_was_said_before_counts(
    services: dict[str, Services], shop: str, language: str, turns: Turns
) -> None:
    talk = Talk(services[shop])
    for act, text, says, first in turns:
        said = talk.say(act, text, language)
        told = f"{text}\n→ {said.text}\n{said.products}"
        assert re.search(says, said.text), told
        assert first is None or said.products[:1] == [first], told


def test_another_thing_shown_since_is_not_mixed_up(services: dict[str, Services]) -> None:
    talk = Talk(services["demo"])
    talk.say("product_search", "which sleeping bags do you have")
    talk.say("price_question", "how much is the Overland 55")
    said: Said = talk.say("price_question", "how much is the kids one")
    assert "cub-kids-bag" not in said.products


def test_a_version_of_what_is_talked_of_goes_before_another_thing(
    services: dict[str, Services],
) -> None:
    talk = Talk(services["pets"])
    talk.say("product_search", "dog dry food")
    talk.say("price_question", "how much is the puppy food")
    said = talk.say("price_question", "and the 5 kg one")
    assert said.products == ["dike-puppy"]
    assert "29.90" in said.text
