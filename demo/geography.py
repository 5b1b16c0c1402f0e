"""Where the demo shop's customers live: real cities and postcodes, invented house numbers."""

from __future__ import annotations

import random
from dataclasses import dataclass

from data.models import Localized


@dataclass(frozen=True, slots=True)
class District:
    name: Localized
    postcode: str


@dataclass(frozen=True, slots=True)
class City:
    """`share` is its weight among customers, `expats` the same among English-speaking residents."""

    province: Localized
    name: Localized
    hub: Localized  # the last sorting centre on a parcel's way
    districts: tuple[District, ...]
    share: float
    expats: float


WAREHOUSE = Localized("杭州余杭云杉仓", "Spruce warehouse, Yuhang, Hangzhou")
FIRST_HUB = Localized("杭州转运中心", "Hangzhou sorting centre")


_PROVINCES = {
    "浙江": "Zhejiang",
    "上海": "Shanghai",
    "江苏": "Jiangsu",
    "安徽": "Anhui",
    "北京": "Beijing",
    "天津": "Tianjin",
    "广东": "Guangdong",
    "四川": "Sichuan",
    "重庆": "Chongqing",
    "湖北": "Hubei",
    "湖南": "Hunan",
    "福建": "Fujian",
    "山东": "Shandong",
    "河南": "Henan",
    "陕西": "Shaanxi",
    "辽宁": "Liaoning",
    "黑龙江": "Heilongjiang",
    "吉林": "Jilin",
    "云南": "Yunnan",
    "贵州": "Guizhou",
    "广西": "Guangxi",
    "江西": "Jiangxi",
    "河北": "Hebei",
    "内蒙古": "Inner Mongolia",
    "新疆": "Xinjiang",
    "青海": "Qinghai",
    "甘肃": "Gansu",
    "宁夏": "Ningxia",
    "海南": "Hainan",
    "西藏": "Tibet",
}


def _city(
    province: str,
    zh: str,
    en: str,
    districts: tuple[tuple[str, str, str], ...],
    share: float,
    expats: float = 0.0,
    hub: tuple[str, str] | None = None,
) -> City:
    hub_zh, hub_en = hub or (zh, en)
    return City(
        Localized(province, _PROVINCES[province]),
        Localized(zh, en),
        Localized(f"{hub_zh}转运中心", f"{hub_en} sorting centre"),
        tuple(District(Localized(d_zh, d_en), postcode) for d_zh, d_en, postcode in districts),
        share,
        expats,
    )


CITIES: tuple[City, ...] = (
    _city(
        "浙江",
        "杭州",
        "Hangzhou",
        (
            ("西湖区", "Xihu District", "310013"),
            ("滨江区", "Binjiang District", "310051"),
            ("上城区", "Shangcheng District", "310002"),
            ("余杭区", "Yuhang District", "311100"),
        ),
        11,
        16,
    ),
    _city(
        "浙江",
        "宁波",
        "Ningbo",
        (("海曙区", "Haishu District", "315000"), ("鄞州区", "Yinzhou District", "315100")),
        4,
        3,
    ),
    _city("浙江", "温州", "Wenzhou", (("鹿城区", "Lucheng District", "325000"),), 2),
    _city("浙江", "嘉兴", "Jiaxing", (("南湖区", "Nanhu District", "314000"),), 2),
    _city("浙江", "金华", "Jinhua", (("婺城区", "Wucheng District", "321000"),), 2),
    _city(
        "上海",
        "上海",
        "Shanghai",
        (
            ("徐汇区", "Xuhui District", "200030"),
            ("浦东新区", "Pudong New Area", "200120"),
            ("静安区", "Jing'an District", "200040"),
            ("长宁区", "Changning District", "200050"),
            ("杨浦区", "Yangpu District", "200082"),
        ),
        10,
        30,
    ),
    _city(
        "江苏",
        "南京",
        "Nanjing",
        (("鼓楼区", "Gulou District", "210009"), ("玄武区", "Xuanwu District", "210018")),
        5,
        4,
    ),
    _city(
        "江苏",
        "苏州",
        "Suzhou",
        (("姑苏区", "Gusu District", "215008"), ("工业园区", "Industrial Park", "215021")),
        5,
        6,
    ),
    _city("江苏", "无锡", "Wuxi", (("梁溪区", "Liangxi District", "214001"),), 2, 1),
    _city(
        "安徽",
        "合肥",
        "Hefei",
        (("蜀山区", "Shushan District", "230031"), ("包河区", "Baohe District", "230041")),
        4,
    ),
    _city(
        "安徽",
        "黄山",
        "Huangshan",
        (("屯溪区", "Tunxi District", "245000"),),
        1,
        hub=("合肥", "Hefei"),
    ),
    _city(
        "北京",
        "北京",
        "Beijing",
        (
            ("朝阳区", "Chaoyang District", "100020"),
            ("海淀区", "Haidian District", "100080"),
            ("东城区", "Dongcheng District", "100010"),
            ("丰台区", "Fengtai District", "100071"),
        ),
        9,
        18,
    ),
    _city("天津", "天津", "Tianjin", (("南开区", "Nankai District", "300100"),), 2, 1),
    _city(
        "广东",
        "广州",
        "Guangzhou",
        (("天河区", "Tianhe District", "510630"), ("越秀区", "Yuexiu District", "510030")),
        5,
        6,
    ),
    _city(
        "广东",
        "深圳",
        "Shenzhen",
        (("南山区", "Nanshan District", "518052"), ("福田区", "Futian District", "518033")),
        6,
        8,
    ),
    _city(
        "广东",
        "珠海",
        "Zhuhai",
        (("香洲区", "Xiangzhou District", "519000"),),
        1,
        hub=("广州", "Guangzhou"),
    ),
    _city(
        "四川",
        "成都",
        "Chengdu",
        (("武侯区", "Wuhou District", "610041"), ("青羊区", "Qingyang District", "610031")),
        6,
        5,
    ),
    _city("重庆", "重庆", "Chongqing", (("渝中区", "Yuzhong District", "400010"),), 3, 1),
    _city(
        "湖北",
        "武汉",
        "Wuhan",
        (("洪山区", "Hongshan District", "430070"), ("江汉区", "Jianghan District", "430021")),
        4,
        1,
    ),
    _city("湖南", "长沙", "Changsha", (("岳麓区", "Yuelu District", "410013"),), 3),
    _city("福建", "厦门", "Xiamen", (("思明区", "Siming District", "361001"),), 2, 3),
    _city("福建", "福州", "Fuzhou", (("鼓楼区", "Gulou District", "350001"),), 2),
    _city("山东", "青岛", "Qingdao", (("市南区", "Shinan District", "266001"),), 3, 2),
    _city("山东", "济南", "Jinan", (("历下区", "Lixia District", "250014"),), 2),
    _city("河南", "郑州", "Zhengzhou", (("金水区", "Jinshui District", "450003"),), 3),
    _city("陕西", "西安", "Xi'an", (("雁塔区", "Yanta District", "710061"),), 3, 1),
    _city("辽宁", "大连", "Dalian", (("中山区", "Zhongshan District", "116001"),), 2, 1),
    _city("黑龙江", "哈尔滨", "Harbin", (("南岗区", "Nangang District", "150001"),), 1),
    _city("吉林", "长春", "Changchun", (("朝阳区", "Chaoyang District", "130012"),), 1),
    _city("云南", "昆明", "Kunming", (("五华区", "Wuhua District", "650021"),), 2, 2),
    _city(
        "云南",
        "大理",
        "Dali",
        (("大理市", "Dali Old Town", "671000"),),
        1,
        2,
        hub=("昆明", "Kunming"),
    ),
    _city("贵州", "贵阳", "Guiyang", (("云岩区", "Yunyan District", "550001"),), 1),
    _city(
        "广西",
        "桂林",
        "Guilin",
        (("秀峰区", "Xiufeng District", "541001"),),
        1,
        1,
        hub=("南宁", "Nanning"),
    ),
    _city("江西", "南昌", "Nanchang", (("东湖区", "Donghu District", "330006"),), 1),
    _city("河北", "石家庄", "Shijiazhuang", (("长安区", "Chang'an District", "050011"),), 1),
    _city("内蒙古", "呼和浩特", "Hohhot", (("新城区", "Xincheng District", "010010"),), 1),
    _city("新疆", "乌鲁木齐", "Urumqi", (("天山区", "Tianshan District", "830002"),), 1),
    _city("青海", "西宁", "Xining", (("城西区", "Chengxi District", "810001"),), 1),
    _city("甘肃", "兰州", "Lanzhou", (("城关区", "Chengguan District", "730030"),), 1),
    _city("宁夏", "银川", "Yinchuan", (("兴庆区", "Xingqing District", "750001"),), 1),
    _city("海南", "三亚", "Sanya", (("吉阳区", "Jiyang District", "572000"),), 1, 1),
    _city("西藏", "拉萨", "Lhasa", (("城关区", "Chengguan District", "850000"),), 1),
)

_STREETS = (
    Localized("文晖路", "Wenhui Road"),
    Localized("人民路", "Renmin Road"),
    Localized("中山北路", "Zhongshan North Road"),
    Localized("解放路", "Jiefang Road"),
    Localized("建设路", "Jianshe Road"),
    Localized("青年路", "Qingnian Road"),
    Localized("学院路", "Xueyuan Road"),
    Localized("湖滨路", "Hubin Road"),
    Localized("和平路", "Heping Road"),
    Localized("新华路", "Xinhua Road"),
    Localized("友谊路", "Youyi Road"),
    Localized("长江路", "Changjiang Road"),
    Localized("滨河路", "Binhe Road"),
    Localized("春晓路", "Chunxiao Road"),
    Localized("梧桐街", "Wutong Street"),
    Localized("科技路", "Keji Road"),
)
_ESTATES = (
    Localized("云锦苑", "Yunjin Court"),
    Localized("翠竹园", "Cuizhu Garden"),
    Localized("碧水湾", "Bishui Bay"),
    Localized("星河家园", "Xinghe Homes"),
    Localized("金桂花园", "Jingui Garden"),
    Localized("香樟里", "Xiangzhang Lane"),
    Localized("望江府", "Wangjiang Mansion"),
    Localized("书香名邸", "Shuxiang Residence"),
)


def pick_city(rng: random.Random, *, english: bool) -> City:
    weights = [city.expats if english else city.share for city in CITIES]
    return rng.choices(CITIES, weights)[0]


def address_line(rng: random.Random, district: District, language: str) -> str:
    """A street address in the district, as somebody writing in this language gives it."""
    street, estate = rng.choice(_STREETS), rng.choice(_ESTATES)
    number, block = rng.randint(2, 688), rng.randint(1, 22)
    room = rng.randint(1, 24) * 100 + rng.randint(1, 4)
    if language == "zh":
        return f"{district.name.zh}{street.zh}{number}号{estate.zh}{block}幢{room}室"
    return f"Room {room}, Block {block}, {estate.en}, {number} {street.en}, {district.name.en}"
