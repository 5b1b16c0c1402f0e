"""Real documents to sections: what they say, with their headings, rows and pairs, in both
languages; and bad ones named and left out while the rest goes on."""

from __future__ import annotations

import contextlib
import json
import os
import resource
from pathlib import Path

import pytest

from retrieval import formats
from retrieval.errors import DocumentError
from retrieval.formats.apart import Apart
from retrieval.formats.sheets import shown_value
from retrieval.ingest import read_documents
from retrieval.sections import Section, pack
from retrieval.tables import Cell, grid_of, lines_of
from retrieval.types import Language
from tests.papers import make

SIZES = [
    "Size S: Women Chest 84–88 cm; Women Waist 66–70 cm; Men Chest 90–94 cm; Men Waist 76–80 cm.",
    "Size M: Women Chest 88–92 cm; Women Waist 70–74 cm; Men Chest 94–98 cm; Men Waist 80–84 cm.",
]
FEES = [
    "地区 华东，方式 标准：运费 8 元；时效 2 天。",
    "地区 华东，方式 加急：运费 18 元；时效 1 天。",
    "地区 西北，方式 标准：运费 15 元；时效 5 天。",
]


def read(content: bytes | str, name: str, language: Language = "en") -> dict[tuple[str, ...], str]:
    """Texts by the headings above them."""
    body = content.encode() if isinstance(content, str) else content
    return texts(formats.read(body, name, language).sections, language)


def texts(sections: list[Section], language: Language) -> dict[tuple[str, ...], str]:
    return {section.path: "\n".join(pack(section.units, language)) for section in sections}


# --- real files ---------------------------------------------------------------------------------


def test_a_pdf_keeps_headings_paragraphs_and_merged_cells() -> None:
    found = read(make.pdf("en"), "a.pdf")
    assert found["Delivery", "Dispatch"].startswith(
        "Orders paid before three in the afternoon leave on the same working day, all others on"
    )
    assert found["Delivery", "Sizes"].split("\n") == SIZES
    assert found["Delivery", "Large goods 3"].startswith("Large goods come by carrier;")
    assert "handbook" not in str(found)  # headers and page numbers
    assert "Page" not in str(found)


def test_a_chinese_pdf_is_joined_without_spaces() -> None:
    found = read(make.pdf("zh"), "a.pdf", "zh")
    assert "周末和法定节假日不发货，节后按照付款的先后顺序依次发出" in found["配送说明", "发货时间"]
    assert found["配送说明", "运费"].split("\n") == FEES
    assert "客户手册" not in str(found)


def test_a_table_without_rules_is_told_by_its_columns() -> None:
    assert read(make.unruled_pdf("en"), "a.pdf")[()].split("\n") == [
        "All prices include tax, and leave out what the parcels cost.",
        "Service New zip: Price 25 USD; Days 5.",
        "Service Patch: Price 15 USD; Days 3.",
        "Service Down wash: Price 49 USD; Days 7.",
    ]
    assert read(make.unruled_pdf("zh"), "a.pdf", "zh")[()].split("\n")[1:] == [
        "服务 换拉链：价格 60 元；时间 5 天。",
        "服务 补洞：价格 35 元；时间 3 天。",
        "服务 干洗羽绒：价格 120 元；时间 7 天。",
    ]


def test_text_in_two_columns_is_read_column_by_column() -> None:
    found = read(make.two_column_pdf("en"), "a.pdf")
    text = found["How to look after your tent and have it mended",]
    assert "Mould begins within two days in a bag. Clean it with cold water" in text
    assert "proof it again after two seasons.\nWe mend poles, zips and seams." in text
    zh = read(make.two_column_pdf("zh"), "a.pdf", "zh")["帐篷保养与维修服务的说明书",]
    assert "潮湿的帐篷装在袋子里两天就会发霉。" in zh
    assert "换一条拉链收费一百二十元，两年之内接缝开胶免费修补。" in zh
    assert zh.index("图示。") < zh.index("我们修理")


def test_a_word_document_keeps_headings_lists_and_merged_cells() -> None:
    en = formats.read(make.docx("en"), "a.docx", "en")
    assert en.title == "After-sales handbook"
    found = texts(en.sections, "en")
    assert found["Returns",] == "Goods go back within 14 days, in the state they came in."
    lines = found["Returns", "What do I need for a return?"].split("\n")
    assert lines == ["Have at hand:", "the order number", "the box", *SIZES]
    zh = read(make.docx("zh"), "a.docx", "zh")
    assert zh["退货", "退货需要什么？"].split("\n") == ["请准备好：", "订单号", "原包装", *FEES]


def test_a_workbook_keeps_titles_units_pairs_and_names_what_is_hidden() -> None:
    book = formats.read(make.xlsx("en"), "a.xlsx", "en")
    found = texts(book.sections, "en")
    assert found["Sizes", "Size guide 2026"].split("\n") == SIZES
    assert found["Facts",].split("\n") == [
        "Battery: Lark A1 10 hours; Lark A2 20 hours.",
        "Weight: Lark A1 250 g; Lark A2 310 g.",
        "Waterproof: Lark A1 no; Lark A2 yes.",
    ]
    assert found["FAQ", "Can I change the address?"] == "Until we dispatch it."
    assert book.notes == ["the sheet Costs is hidden and was left out."]
    zh = read(make.xlsx("zh"), "a.xlsx", "zh")
    assert zh["运费", "2026 年运费表"].split("\n") == FEES
    assert zh["参数",].split("\n")[0] == "续航：云雀 A1 10 小时；云雀 A2 20 小时。"
    assert zh["问答", "能改地址吗？"] == "发货前可以改。"


def test_cells_read_as_they_are_shown() -> None:
    assert shown_value(0.15, "0%") == "15%"
    assert shown_value(8, '"¥"#,##0.00') == "¥8.00"
    assert shown_value(2.5, '0.0" kg"') == "2.5 kg"
    assert shown_value(3.0) == "3"
    assert shown_value(True) == "✓"


# --- pages --------------------------------------------------------------------------------------

AROUND = (
    '<nav><ul><li><a href="/">Home</a></li><li><a href="/s">Sale</a></li></ul></nav>'
    '<div class="cookie-banner">We use cookies.</div>'
)
FOOT = "<footer><p>© 2026. All rights reserved.</p></footer>"


def test_a_page_is_read_without_its_menus_and_folded_answers_stay_with_their_questions() -> None:
    found = read(
        f"""<html><head><title>FAQ – Shop</title></head><body>{AROUND}<main><h1>FAQ</h1>
        <h3><button aria-expanded="false">How long does delivery take?</button></h3>
        <div hidden><p>Two to four working days.</p></div>
        <button aria-expanded="false">Can I return sale items?</button>
        <div style="display:none"><p>Yes, within 14 days.</p><p>They must be unworn.</p></div>
        <details><summary>Do you ship to Norway?</summary><p>No, only within the EU.</p></details>
        <dl><dt>Which cards do you take?</dt><dd>Visa and Mastercard.</dd></dl>
        </main>{FOOT}</body></html>""",
        "faq.html",
    )
    assert found == {
        ("FAQ", "How long does delivery take?"): "Two to four working days.",
        ("FAQ", "Can I return sale items?"): "Yes, within 14 days.\nThey must be unworn.",
        ("FAQ", "Do you ship to Norway?"): "No, only within the EU.",
        ("FAQ", "Which cards do you take?"): "Visa and Mastercard.",
    }


def test_pairs_declared_for_search_engines_are_read_once() -> None:
    declared = {
        "@type": "FAQPage",
        "mainEntity": [
            {
                "@type": "Question",
                "name": question,
                "acceptedAnswer": {"@type": "Answer", "text": f"<p>{answer}</p>"},
            }
            for question, answer in (("Gift cards?", "We sell them."), ("Invoices?", "By e-mail."))
        ],
    }
    found = formats.read(
        f"""<html><head><script type="application/ld+json">{json.dumps(declared)}</script></head>
        <body><main><h1>Help</h1><h2>Invoices?</h2><p>By e-mail.</p></main></body>""".encode(),
        "a.html",
        "en",
    )
    assert [section.path for section in found.sections] == [("Help", "Invoices?"), ("Gift cards?",)]


def test_a_chinese_page_in_gbk_without_main_is_read() -> None:
    page = """<html><head><meta charset="gb2312"><title>退换货说明_商城</title></head><body>
    <div class="top"><ul><li><a href="/">首页</a></li><li><a href="/c">全部商品</a></li></ul></div>
    <div class="content"><h2>退换货说明</h2><p><strong>一、退货时间</strong></p>
    <p>签收后七天内可以退货，商品须保持完好，不影响二次销售。</p>
    <p><strong>二、退货运费</strong></p><table><tr><td>地区</td><td>首重（元）</td><td>续重（元）</td></tr>
    <tr><td>华东</td><td>8</td><td>2</td></tr><tr><td>西北</td><td>18</td><td>12</td></tr></table>
    </div></body></html>"""
    found = read(page.encode("gb18030"), "a.html", "zh")
    assert found == {
        (
            "退换货说明",
            "一、退货时间",
        ): "签收后七天内可以退货，商品须保持完好，不影响二次销售。",
        (
            "退换货说明",
            "二、退货运费",
        ): "地区 华东：首重 8 元；续重 2 元。\n地区 西北：首重 18 元；续重 12 元。",
    }


# --- tables -------------------------------------------------------------------------------------


def test_nothing_of_a_table_of_two_columns_is_taken_for_a_heading() -> None:
    rows = [["Material", "nylon"], ["Colour", "green"]]
    assert lines_of(grid_of(rows), "en") == ["Material: nylon.", "Colour: green."]
    rows = [["Weight", "2 kg"], ["Height", "120 cm"]]
    assert lines_of(grid_of(rows), "en") == ["Weight: 2 kg.", "Height: 120 cm."]
    rows = [["Country", "Days"], ["Germany", "2"], ["France", "3"]]
    assert lines_of(grid_of(rows), "en") == ["Country Germany: Days 2.", "Country France: Days 3."]


def test_a_row_of_one_cell_heads_those_below_it() -> None:
    merged = Cell("Boots", 1, 0)
    grid = [
        [Cell("Size", 0, 0), Cell("EU", 0, 1), Cell("Foot (mm)", 0, 2)],
        [merged, merged, merged],
        [Cell("S", 2, 0), Cell("38", 2, 1), Cell("240", 2, 2)],
    ]
    assert lines_of(grid, "en") == ["Boots", "Boots, Size S: EU 38; Foot 240 mm."]


def test_a_long_row_names_itself_in_each_line_and_sentences_in_cells_stay_with_it() -> None:
    head = ["Model", *(f"Property named {chr(97 + i) * 2}" for i in range(26))]
    row = ["Lark", *(f"some value of it {i}" for i in range(26))]
    lines = lines_of(grid_of([head, row]), "en")
    assert len(lines) > 2
    assert all(line.startswith("Model Lark: Property") for line in lines)
    told = lines_of(
        grid_of([["Item", "Care", "Days"], ["Coat", "Wash cold. Dry flat.", "3"]]), "en"
    )
    assert told == ["Item Coat: Care Wash cold; Dry flat; Days 3."]


# --- pairs --------------------------------------------------------------------------------------


def test_pairs_stay_pairs_in_jsonl_csv_and_text() -> None:
    lines = (
        '{"question": "Do you ship abroad?", "answer": "No."}\n{"q": "Gift wrap?", "a": "Yes."}\n'
    )
    pairs = {("Do you ship abroad?",): "No.", ("Gift wrap?",): "Yes."}
    assert read(lines, "a.jsonl") == pairs
    assert read("Question;Answer\nDo you ship abroad?;No.\nGift wrap?;Yes.\n", "a.csv") == pairs
    assert read("Q: Do you ship abroad?\nA: No.\n\nQ: Gift wrap?\nA: Yes.\n", "a.txt") == pairs
    assert read("Q: Do you ship abroad?\nA: No.\n\nQ: Gift wrap?\nA: Yes.\n", "a.md") == pairs
    assert read("问：能寄国外吗？\n答：不能。\n", "a.txt", "zh") == {("能寄国外吗？",): "不能。"}
    assert read("能寄国外吗？\n暂时不能。\n", "a.txt", "zh") == {("能寄国外吗？",): "暂时不能。"}


def test_lines_that_are_no_pairs_are_named() -> None:
    found = formats.read(
        b'{"question": "A?", "answer": "B."}\n{"question": "C?"}\nnone\n', "a.jsonl", "en"
    )
    assert len(found.sections) == 1
    assert sorted(found.notes) == [
        "line 2 has no question with its answer and was left out.",
        "line 3 is not JSON and was left out.",
    ]


# --- bad input ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("locked.pdf", make.encrypted_pdf(), "is encrypted"),
        ("scan.pdf", make.scanned_pdf(), "is scanned"),
        ("cut.pdf", make.pdf("en")[:400], "is damaged"),
        ("cut.docx", make.docx("en")[:3000], "is damaged"),
        ("cut.xlsx", make.xlsx("en")[:3000], "is damaged"),
        ("old.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "encrypted or of a Word"),
        ("bomb.docx", make.zip_bomb("docx"), "unpacks to 400 MB"),
        ("bomb.xlsx", make.zip_bomb("xlsx"), "unpacks to 400 MB"),
        ("empty.pdf", b"", "has no text"),
        ("blank.txt", b" \n ", "has no text"),
        ("picture.pdf", b"\x89PNG\r\n\x1a\n" + bytes(50), "is a picture, not PDF"),
        ("page.docx", b"<!DOCTYPE html><p>Hello</p>", "is HTML, not a Word document"),
        ("sheet.docx", make.xlsx("en"), "is an Excel file, not a Word document"),
        ("terms.html", make.pdf("en"), "is PDF, not HTML"),
        ("program.md", b"\x7fELF" + bytes(40), "is a program, not Markdown"),
        ("table.csv", b"<html><body>x</body></html>", "is HTML, not CSV"),
        ("script.html", b"<html><body><script>1</script></body></html>", "has no text"),
        ("none.jsonl", b'{"a": 1}', "has no pairs"),
    ],
)  # fmt: skip
def test_bad_files_are_named(name: str, content: bytes, words: str) -> None:
    with pytest.raises(DocumentError, match=words):
        formats.read(content, name, "en")


def test_a_text_is_not_taken_for_what_it_begins_like() -> None:
    for text in ("BMW parts fit.", "MZ is a make of motorcycles.", "See the %PDF- mark."):
        assert read(text, "a.md") == {(): text}


def test_the_rest_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    files = {
        "1.pdf": make.encrypted_pdf(),
        "2.pdf": make.pdf("en"),
        "3.docx": make.zip_bomb("docx"),
        "4.docx": make.docx("en"),
        "5.zip": b"PK",
        "6.txt": "Große Pakete liefern wir nicht.".encode("latin-1"),
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    with (folder / "7.pdf").open("wb") as huge:
        os.truncate(huge.fileno(), 200_000_000)
    found = read_documents(folder, ["en"])
    assert [Path(each.place).name for each in found.documents] == ["2.pdf", "4.docx", "6.txt"]
    for name, words in {
        "1.pdf": "is encrypted",
        "3.docx": "unpacks to",
        "5.zip": "no .zip is read",
        "6.txt": "is not UTF-8; it was read as",
        "7.pdf": "is 200.0 MB long",
    }.items():
        assert any(name in line and words in line for line in found.warnings), found.warnings


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "gb18030", "big5"])
def test_texts_are_read_in_what_they_were_written_in(encoding: str) -> None:
    text = "配送說明\n\n訂單滿三百元免運費，未滿的訂單每件收取運費八十元，偏遠地區另計。"
    found = formats.read(text.encode(encoding), "a.txt", "zh")
    assert "免運費" in texts(found.sections, "zh")[()]
    assert bool(found.notes) == (encoding != "utf-8-sig")


def test_a_file_that_takes_too_long_costs_itself_only() -> None:
    with Apart(seconds=0.01) as apart:
        with pytest.raises(DocumentError, match="took longer"):
            apart.read(make.pdf("en"), "a.pdf", "en")
        assert apart.read(b"Text.", "a.md", "en").sections
    with Apart() as apart:
        for name, content in (("a.docx", make.docx("en")), ("a.xlsx", make.xlsx("en"))):
            assert apart.read(content, name, "en") == formats.read(content, name, "en")
        assert apart.read(make.docx("en"), "a.docx", "en").title == "After-sales handbook"
        with pytest.raises(DocumentError, match="is damaged"):
            apart.read(make.docx("en")[:500], "a.docx", "en")
        assert apart.read(make.docx("en"), "a.docx", "en").sections


def test_a_file_is_read_however_many_others_are_open(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = 1200 if hard == resource.RLIM_INFINITY else min(1200, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))
    (tmp_path / "one").touch()
    with contextlib.ExitStack() as open_ones, Apart() as apart:
        for _ in range(most - 100):
            open_ones.enter_context((tmp_path / "one").open())
        html = b"<html><body><h1>Delivery</h1><p>It takes two days.</p></body></html>"
        assert apart.read(html, "delivery.html", "en").sections
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
