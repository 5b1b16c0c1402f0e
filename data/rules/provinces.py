"""Names of China's provinces as customers write them, in both languages.

The rules name provinces by their short Chinese form (浙江, 内蒙古); `find` leads there from the
official name, from English, and from the larger cities.
"""

from __future__ import annotations

import re
import unicodedata

ABROAD = "abroad"

# Short Chinese name: (English names, cities in both languages that people name instead).
_PROVINCES: dict[str, tuple[str, str]] = {
    "北京": ("beijing peking", ""),
    "天津": ("tianjin", ""),
    "上海": ("shanghai", ""),
    "重庆": ("chongqing", ""),
    "河北": ("hebei", "石家庄 shijiazhuang 唐山 tangshan 保定 baoding"),
    "山西": ("shanxi", "太原 taiyuan 大同 datong"),
    "辽宁": ("liaoning", "沈阳 shenyang 大连 dalian"),
    "吉林": ("jilin", "长春 changchun"),
    "黑龙江": ("heilongjiang", "哈尔滨 harbin"),
    "江苏": (
        "jiangsu",
        "南京 nanjing 苏州 suzhou 无锡 wuxi 常州 changzhou 南通 nantong 徐州 xuzhou",
    ),
    "浙江": (
        "zhejiang",
        "杭州 hangzhou 宁波 ningbo 温州 wenzhou 嘉兴 jiaxing 绍兴 shaoxing 金华 jinhua 义乌 yiwu",
    ),
    "安徽": ("anhui", "合肥 hefei 芜湖 wuhu 黄山 huangshan"),
    "福建": ("fujian", "福州 fuzhou 厦门 xiamen 泉州 quanzhou"),
    "江西": ("jiangxi", "南昌 nanchang 九江 jiujiang 景德镇 jingdezhen"),
    "山东": ("shandong", "济南 jinan 青岛 qingdao 烟台 yantai 威海 weihai"),
    "河南": ("henan", "郑州 zhengzhou 洛阳 luoyang 开封 kaifeng"),
    "湖北": ("hubei", "武汉 wuhan 宜昌 yichang"),
    "湖南": ("hunan", "长沙 changsha 张家界 zhangjiajie"),
    "广东": (
        "guangdong canton",
        "广州 guangzhou 深圳 shenzhen 珠海 zhuhai 佛山 foshan 东莞 dongguan 汕头 shantou",
    ),
    "广西": ("guangxi", "南宁 nanning 桂林 guilin 北海 beihai"),
    "海南": ("hainan", "海口 haikou 三亚 sanya"),
    "四川": ("sichuan szechuan", "成都 chengdu 绵阳 mianyang 乐山 leshan"),
    "贵州": ("guizhou", "贵阳 guiyang 遵义 zunyi"),
    "云南": ("yunnan", "昆明 kunming 大理 dali 丽江 lijiang"),
    "西藏": ("tibet xizang", "拉萨 lhasa 日喀则 shigatse 林芝 nyingchi"),
    "陕西": ("shaanxi", "西安 xi'an xian 咸阳 xianyang"),
    "甘肃": ("gansu", "兰州 lanzhou 敦煌 dunhuang"),
    "青海": ("qinghai", "西宁 xining 格尔木 golmud"),
    "宁夏": ("ningxia", "银川 yinchuan"),
    "新疆": ("xinjiang", "乌鲁木齐 urumqi 喀什 kashgar 伊犁 ili"),
    "内蒙古": ("inner-mongolia neimenggu", "呼和浩特 hohhot 包头 baotou 呼伦贝尔 hulunbuir"),
    "香港": ("hong-kong hongkong", ""),
    "澳门": ("macau macao", ""),
    "台湾": ("taiwan", "台北 taipei 高雄 kaohsiung"),
}
_ABROAD = (
    "abroad overseas international 国外 海外 境外 美国 usa america united-states 加拿大 canada "
    "英国 uk britain england 日本 japan 韩国 korea 新加坡 singapore 德国 germany 法国 france "
    "澳大利亚 澳洲 australia 新西兰 new-zealand 泰国 thailand 马来西亚 malaysia 越南 vietnam "
    "俄罗斯 russia europe 欧洲"
)


def _word(name: str) -> str:
    """A name as a pattern that matches it in running text, not inside another English word."""
    spaced = re.escape(name).replace(r"\-", r"[\s-]?")
    return rf"(?<![a-z]){spaced}(?![a-z])" if name[0].isascii() else spaced


def _pattern(names: str) -> re.Pattern[str]:
    return re.compile("|".join(map(_word, names.split())))


# In the order of trust: 上海市南京路 is in Shanghai, though 南京 is a city elsewhere.
_GROUPS: tuple[tuple[tuple[re.Pattern[str], str], ...], ...] = (
    tuple((_pattern(f"{zh} {english}"), zh) for zh, (english, _) in _PROVINCES.items()),
    tuple((_pattern(cities), zh) for zh, (_, cities) in _PROVINCES.items() if cities),
    ((_pattern(_ABROAD), ABROAD),),
)


def find(text: str) -> str | None:
    """The province that a text names ("浙江省", "Inner Mongolia", "寄到成都"), by its short Chinese
    name; `ABROAD` for another country; None when it names none. Of several provinces the first
    one: 青海省海南藏族自治州 is in Qinghai."""
    plain = unicodedata.normalize("NFKC", text[:500]).lower()
    for group in _GROUPS:
        found = [
            (match.start(), name) for pattern, name in group if (match := pattern.search(plain))
        ]
        if found:
            return min(found)[1]
    return None
