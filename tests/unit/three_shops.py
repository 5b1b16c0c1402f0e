"""Three invented shops for tests of the rules: an American one with one method and business days, a
Chinese one with zones and tiers, a British one where parcels are also collected."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from data.rules import ShopRules

US = {
    "shop.yaml": """
name: Maple & Main
languages: [en]
country: US
currency: USD
timezone: America/New_York
website: https://maple.example
identify: [phone, email, order_number]
holidays: [2026-11-26]
""",
    "rules.yaml": """
delivery:
  dispatch_days: [mon, tue, wed, thu]
  zones:
    home: {countries: [US]}
    north: {countries: [CA, MX]}
  not_served: {regions: [AK, Hawaii, US-PR]}
  methods:
    flat: {name: flat-rate shipping, fee: {home: "5.95", north: "19.00"},
           days: {home: [3, 5], north: [7, 12]}, count: business}
""",
}

CN = {
    "shop.yaml": """
name: {zh: 云杉, en: Spruce}
languages: [zh, en]
country: CN
currency: CNY
timezone: Asia/Shanghai
email: service@spruce.example
phone: 400-555-0137
order_number: {pattern: 'SP\\d{8}', says: {zh: SP 加 8 位数字, en: SP and eight digits}}
service_hours: {mon-fri: ["09:00", "21:00"], sat: ["10:00", "18:00"]}
holidays: [2026-10-01, 2026-10-02]
""",
    "rules.yaml": """
delivery:
  dispatch_days: [mon, tue, wed, thu, fri, sat]
  cutoff: "16:00"
  zones:
    near: {regions: [上海, Zhejiang, CN-32]}
    remote: {regions: [新疆, [西藏, Tibet], [内蒙古, Inner Mongolia]]}
    mainland: {countries: [CN]}
  not_served: {regions: [香港, 台湾], countries: [MO]}
  methods:
    standard:
      name: {zh: 标准配送, en: standard delivery}
      fee: "8.00"
      free_from: "99.00"
      free_from_by_tier: {silver: "49.00"}
      free_by_tier: [gold]
      days: {near: [1, 2], mainland: [2, 4], remote: [5, 8]}
    express:
      name: {zh: 特快配送, en: express delivery}
      words: {zh: [加急, 次日], en: [fastest]}
      fee: "18.00"
      days: {near: [1, 1], mainland: [1, 2]}
  ground_only: {tags: [fuel], goods: {zh: 气罐和燃料, en: gas and fuel}, methods: [standard]}
cancellation: {until: packed, address_until: shipped}
membership:
  window_days: 365
  tiers:
    - {id: plain, name: {zh: 普通会员, en: Plain}, from: "0.00"}
    - {id: silver, name: {zh: 银卡会员, en: Silver}, from: "2000.00"}
    - {id: gold, name: {zh: 金卡会员, en: Gold}, from: "6000.00"}
""",
}

GB = {
    "shop.yaml": """
name: Fenwick Lamps
languages: [en]
country: GB
currency: GBP
timezone: Europe/London
phone: 020 7946 0018
service_hours: {tue-thu: ["10:00", "16:00"]}
""",
    "rules.yaml": """
delivery:
  zones:
    highlands: {postcodes: ["IV", "KW", "PH"]}
    home: {countries: [GB]}
    europe: {countries: [IE, DE, FR]}
  methods:
    post: {name: Royal Post, fee: {home: "4.50", highlands: "9.00", europe: "14.00"},
           free_from: "60.00", days: {home: 2, highlands: [4, 6], europe: [5, 9]}}
    collect: {name: click and collect, words: [pick up, collect], fee: "0.00",
              days: {home: [0, 1], highlands: [0, 1]}, pickup: true}
""",
}


def load(files: Mapping[str, str]) -> ShopRules:
    with TemporaryDirectory() as folder:
        return ShopRules.load(write(files, Path(folder)))


def write(files: Mapping[str, str], folder: Path) -> Path:
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder
