"""Names for the demo shop's customers, and the e-mail addresses that go with them."""

from __future__ import annotations

import random
from dataclasses import dataclass

# Reserved for examples (RFC 2606): no mail to them reaches anybody.
_DOMAINS = ("example.com", "example.com", "example.com", "example.net", "example.org")

_SURNAMES = (
    "王 wang,李 li,张 zhang,刘 liu,陈 chen,杨 yang,赵 zhao,黄 huang,周 zhou,吴 wu,徐 xu,"
    "孙 sun,胡 hu,朱 zhu,高 gao,林 lin,何 he,郭 guo,马 ma,罗 luo,梁 liang,宋 song,"
    "郑 zheng,谢 xie,韩 han,唐 tang,冯 feng,于 yu,董 dong,萧 xiao,程 cheng,曹 cao,袁 yuan,"
    "邓 deng,许 xu,傅 fu,沈 shen,曾 zeng,彭 peng,吕 lv,苏 su,卢 lu,蒋 jiang,蔡 cai,贾 jia,"
    "丁 ding,魏 wei,薛 xue,叶 ye,阎 yan,余 yu,潘 pan,杜 du,戴 dai,夏 xia,钟 zhong,汪 wang,"
    "田 tian,任 ren,姜 jiang"
)
_GIVEN = (
    "伟 wei,芳 fang,娜 na,敏 min,静 jing,磊 lei,洋 yang,勇 yong,艳 yan,杰 jie,涛 tao,"
    "明 ming,超 chao,霞 xia,平 ping,刚 gang,雪 xue,宁 ning,琳 lin,晨 chen,航 hang,睿 rui,"
    "楠 nan,帆 fan,子涵 zihan,浩然 haoran,雨桐 yutong,思远 siyuan,梓萱 zixuan,嘉怡 jiayi,"
    "俊杰 junjie,晓雯 xiaowen,文博 wenbo,诗雨 shiyu,志强 zhiqiang,佳琪 jiaqi,天宇 tianyu,"
    "梦瑶 mengyao,建国 jianguo,丽华 lihua,一鸣 yiming,若曦 ruoxi,宇轩 yuxuan,欣怡 xinyi,"
    "海燕 haiyan,立新 lixin,晓峰 xiaofeng,婉清 wanqing,国栋 guodong,春梅 chunmei,"
    "泽宇 zeyu,书瑶 shuyao,振华 zhenhua,慧敏 huimin,云飞 yunfei,可欣 kexin,少杰 shaojie,"
    "雅婷 yating,家豪 jiahao,雪莹 xueying,永康 yongkang,秋月 qiuyue,昊天 haotian,"
    "语嫣 yuyan"
)
_FIRST = (
    "Oliver Sophie James Hannah Daniel Laura Thomas Grace Michael Anna Lucas Chloe Ryan "
    "Megan Peter Julia Marco Elena Stefan Ingrid Hugo Camille Mateo Lucia Noah Priya "
    "Arjun Fatima Yusuf Amara Kofi Mei Kenji Yuki Sarah David Rachel Andrew Naomi Patrick "
    "Fiona Liam Niamh Owen Isla Callum Freya Benjamin Clara Victor Nadia Samuel Ruth Adam "
    "Zoe Henry Alice Joel Marta Erik"
)
_LAST = (
    "Bennett Walker Fischer Moreau Rossi Novak Andersson Kowalski Murphy Campbell Hughes "
    "Patel Khan Okafor Mensah Tanaka Sato Nguyen Garcia Silva Costa Romero Weber Keller "
    "Dubois Laurent Jansen de_Vries Nielsen Larsen Virtanen Horvat Petrov Cohen Levy "
    "Brooks Foster Reid Wallace Marsh Doyle Byrne Sinclair Thornton Ellis Hartley Pearce "
    "Whitfield Rao Iyer"
)


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    email: str


def _pairs(table: str) -> list[tuple[str, str]]:
    pairs = []
    for entry in table.split(","):
        han, latin = entry.split()
        pairs.append((han, latin))
    return pairs


class Names:
    """Draws people; no two of them get the same e-mail address."""

    def __init__(self, rng: random.Random, taken: set[str]) -> None:
        self._rng = rng
        self._taken = set(taken)
        self._surnames, self._given = _pairs(_SURNAMES), _pairs(_GIVEN)
        # Common surnames are common: the first of the table come up about six times as often.
        self._weights = [1 + 5 / (1 + rank / 4) for rank in range(len(self._surnames))]

    def chinese(self) -> Person:
        surname, latin_surname = self._rng.choices(self._surnames, self._weights)[0]
        given, latin_given = self._rng.choice(self._given)
        return Person(surname + given, self._email(latin_given, latin_surname))

    def english(self) -> Person:
        first = self._rng.choice(_FIRST.split())
        last = self._rng.choice(_LAST.split()).replace("_", " ")
        return Person(f"{first} {last}", self._email(first, last.replace(" ", "")))

    def _email(self, given: str, surname: str) -> str:
        given, surname = given.lower(), surname.lower()
        local = self._rng.choice(
            (f"{surname}.{given}", f"{given}.{surname}", f"{surname}{given}", f"{given}_{surname}")
        )
        domain = self._rng.choice(_DOMAINS)
        email = f"{local}@{domain}"
        while email in self._taken:
            email = f"{local}{self._rng.randint(2, 99)}@{domain}"
        self._taken.add(email)
        return email
