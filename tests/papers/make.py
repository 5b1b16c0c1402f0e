"""Makes the documents. Each text is in Chinese or English as a shop would write it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from docx import Document
from openpyxl import Workbook
from openpyxl.styles import Font
from pypdf import PdfReader, PdfWriter
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate, Spacer, Table

pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))

SIZES_EN = [
    ["Size", "Women", "", "Men", ""],
    ["", "Chest (cm)", "Waist (cm)", "Chest (cm)", "Waist (cm)"],
    ["S", "84–88", "66–70", "90–94", "76–80"],
    ["M", "88–92", "70–74", "94–98", "80–84"],
]
FEES_ZH = [
    ["地区", "方式", "运费（元）", "时效"],
    ["华东", "标准", "8", "2 天"],
    ["", "加急", "18", "1 天"],
    ["西北", "标准", "15", "5 天"],
]


def pdf(language: str, *, pages: int = 3) -> bytes:
    """Headings by size, paragraphs broken over lines, a table with merged cells, a list, and a
    header and a page number on each page."""
    zh = language == "zh"
    font, bold = ("STSong-Light",) * 2 if zh else ("Helvetica", "Helvetica-Bold")
    wrap = "CJK" if zh else None
    body = ParagraphStyle("b", fontName=font, fontSize=10, leading=14, wordWrap=wrap, spaceAfter=8)
    head = ParagraphStyle("h", fontName=bold, fontSize=15, leading=20, spaceBefore=8, spaceAfter=6)
    title = ParagraphStyle("t", fontName=bold, fontSize=22, leading=28, spaceAfter=10)
    out = io.BytesIO()

    def around(canvas: Any, made: Any) -> None:
        canvas.setFont(font, 8)
        canvas.drawString(60, 820, "云雀商城 客户手册" if zh else "Lark & Loom customer handbook")
        canvas.drawString(300, 20, f"第 {made.page} 页" if zh else f"Page {made.page}")

    if zh:
        said = [
            Paragraph("配送说明", title),
            Paragraph("发货时间", head),
            Paragraph(
                "工作日下午三点之前付款的订单当天发货，三点之后付款的订单下一个工作日发货。"
                "周末和法定节假日不发货，节后按照付款的先后顺序依次发出，请您耐心等待。",
                body,
            ),
            Paragraph("运费", head),
            _pdf_table(FEES_ZH, font, [("SPAN", (0, 1), (0, 2))]),
            Spacer(1, 10),
        ]
        filler = "大件商品由专线物流配送，司机会提前一天与您联系，约定送货的时间。"
        more = "大件配送"
    else:
        said = [
            Paragraph("Delivery", title),
            Paragraph("Dispatch", head),
            Paragraph(
                "Orders paid before three in the afternoon leave on the same working day, all "
                "others on the next one. We do not dispatch on weekends and public holidays; what "
                "was ordered meanwhile leaves in the order in which it was paid.",
                body,
            ),
            Paragraph("Sizes", head),
            _pdf_table(
                SIZES_EN,
                font,
                [
                    ("SPAN", (0, 0), (0, 1)),
                    ("SPAN", (1, 0), (2, 0)),
                    ("SPAN", (3, 0), (4, 0)),
                ],
            ),
            Spacer(1, 10),
        ]
        filler = "Large goods come by carrier; the driver calls the day before to agree on a time."
        more = "Large goods"
    for number in range(2, pages + 1):
        said += [PageBreak(), Paragraph(f"{more} {number}", head), Paragraph(filler, body)]
    SimpleDocTemplate(out, pagesize=A4).build(said, onFirstPage=around, onLaterPages=around)
    return out.getvalue()


def _pdf_table(rows: Sequence[Sequence[str]], font: str, spans: Sequence[Any]) -> Table:
    return Table(
        rows,
        style=[
            ("GRID", (0, 0), (-1, -1), 0.5, colors.black),
            ("FONTNAME", (0, 0), (-1, -1), font),
            *spans,
        ],
    )


def unruled_pdf(language: str) -> bytes:
    """A price list whose columns are told by space alone."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4)
    zh = language == "zh"
    canvas.setFont("STSong-Light" if zh else "Helvetica", 10)
    if zh:
        rows = [("服务", "价格（元）", "时间（天）"), ("换拉链", "60", "5"), ("补洞", "35", "3"),
                ("干洗羽绒", "120", "7")]  # fmt: skip
        canvas.drawString(60, 780, "以下价格含税，不含来回的运费。")
    else:
        rows = [("Service", "Price (USD)", "Days"), ("New zip", "25", "5"), ("Patch", "15", "3"),
                ("Down wash", "49", "7")]  # fmt: skip
        canvas.drawString(60, 780, "All prices include tax, and leave out what the parcels cost.")
    for i, row in enumerate(rows):
        for x, text in zip((60, 220, 340), row, strict=True):
            canvas.drawString(x, 740 - 20 * i, text)
    canvas.save()
    return out.getvalue()


def two_column_pdf(language: str) -> bytes:
    """A leaflet: a title across, below it text in two columns."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4)
    zh = language == "zh"
    font = "STSong-Light" if zh else "Helvetica"
    canvas.setFont(font, 20)
    title = "帐篷保养与维修服务的说明书" if zh else "How to look after your tent and have it mended"
    canvas.drawString(60, 780, title)
    canvas.setFont(font, 10)
    left, right = (_LEFT_ZH, _RIGHT_ZH) if zh else (_LEFT_EN, _RIGHT_EN)
    for x, lines in ((60, left), (320, right)):
        for i, line in enumerate(lines):
            canvas.drawString(x, 740 - 14 * i, line)
    canvas.save()
    return out.getvalue()


_LEFT_EN = [
    "Dry the tent before you pack it, also",
    "when it only stood one night in the",
    "dew. Mould begins within two days in a",
    "bag. Clean it with cold water and a soft",
    "sponge, never in a washing machine, and",
    "proof it again after two seasons.",
]
_RIGHT_EN = [
    "We mend poles, zips and seams. A pole",
    "costs 12 dollars, a zip 25 dollars, and",
    "a seam is free in the first two years.",
    "Send the tent dry and clean, with your",
    "order number on a slip of paper, and we",
    "send it back within ten working days.",
]
_LEFT_ZH = [
    "帐篷收起之前要先晾干，只在露水里住过一",
    "晚也一样，潮湿的帐篷装在袋子里两天就会",
    "发霉。请用冷水和软海绵擦洗，不要用洗衣",
    "机洗，也不要烘干。使用两个季节之后需要",
    "重新做一次防水处理，方法见说明书最后一",
    "页的图示。",
]
_RIGHT_ZH = [
    "我们修理帐杆、拉链和接缝。换一节帐杆收",
    "费八十元，换一条拉链收费一百二十元，两",
    "年之内接缝开胶免费修补。寄来之前请把帐",
    "篷晾干擦净，并在包裹里放一张写有订单号",
    "的纸条，我们会在收到之后十个工作日内修",
    "好寄回给您，运费由我们承担。",
]


def encrypted_pdf() -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf("en", pages=1))))
    writer.encrypt("secret", algorithm="AES-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def scanned_pdf() -> bytes:
    """A page that is a picture."""
    from PIL import Image

    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4)
    canvas.drawImage(ImageReader(Image.new("L", (60, 80), 200)), 0, 0, 595, 842)
    canvas.save()
    return out.getvalue()


def docx(language: str) -> bytes:
    """Headings by style, one by bold alone, a list, a table with merged cells."""
    document = Document()
    if language == "zh":
        document.add_heading("售后手册", 0)
        document.add_heading("退货", 1)
        document.add_paragraph("签收后七天内可以退货，商品须保持完好。")
        document.add_paragraph().add_run("退货需要什么？").bold = True
        document.add_paragraph("请准备好：")
        for item in ("订单号", "原包装"):
            document.add_paragraph(item, style="List Bullet")
        _docx_table(document, FEES_ZH, [((1, 0), (2, 0))])
    else:
        document.add_heading("After-sales handbook", 0)
        document.add_heading("Returns", 1)
        document.add_paragraph("Goods go back within 14 days, in the state they came in.")
        document.add_paragraph().add_run("What do I need for a return?").bold = True
        document.add_paragraph("Have at hand:")
        for item in ("the order number", "the box"):
            document.add_paragraph(item, style="List Bullet")
        _docx_table(document, SIZES_EN, [((0, 0), (1, 0)), ((0, 1), (0, 2)), ((0, 3), (0, 4))])
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _docx_table(document: Any, rows: Sequence[Sequence[str]], merges: Sequence[Any]) -> None:
    table = document.add_table(len(rows), len(rows[0]))
    for i, row in enumerate(rows):
        for j, text in enumerate(row):
            table.cell(i, j).text = text
    for (a, b), (c, d) in merges:
        text = table.cell(a, b).text
        merged = table.cell(a, b).merge(table.cell(c, d))
        merged.text = text


def xlsx(language: str) -> bytes:
    """A sheet with a title and merged cells, one of specifications down the first column, one of
    questions and answers, and a hidden one."""
    book = Workbook()
    sheet = book.active
    if language == "zh":
        names = ("运费", "参数", "问答", "成本")
        rows, merges, title = FEES_ZH, ["A3:A4"], "2026 年运费表"
        facts = [("型号", "云雀 A1", "云雀 A2"), ("续航（小时）", 10, 20), ("重量（克）", 250, 310),
                 ("防水", "否", "是")]  # fmt: skip
        pairs = [("问题", "答案"), ("可以开发票吗？", "可以，下单时填写抬头即可。"),
                 ("能改地址吗？", "发货前可以改。")]  # fmt: skip
    else:
        names = ("Sizes", "Facts", "FAQ", "Costs")
        rows, merges, title = SIZES_EN, ["A2:A3", "B2:C2", "D2:E2"], "Size guide 2026"
        facts = [
            ("Model", "Lark A1", "Lark A2"),
            ("Battery (hours)", 10, 20),
            ("Weight (g)", 250, 310),
            ("Waterproof", "no", "yes"),
        ]
        pairs = [
            ("Question", "Answer"),
            ("Do you send invoices?", "Yes, by e-mail with each parcel."),
            ("Can I change the address?", "Until we dispatch it."),
        ]
    sheet.title = names[0]
    sheet.append([title])
    for row in rows:
        sheet.append([_number(text) for text in row])
    for merge in ["A1:D1", *merges]:
        sheet.merge_cells(merge)
    for name, content in zip(names[1:], (facts, pairs, [("cost", 3)]), strict=True):
        added = book.create_sheet(name)
        for line in content:
            added.append(line)
    for cell in book[names[1]][1]:
        cell.font = Font(bold=True)
    book[names[3]].sheet_state = "hidden"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _number(text: str) -> str | int:
    return int(text) if text.isdigit() else text


def zip_bomb(kind: str) -> bytes:
    """An archive that looks like a DOCX or XLSX and unpacks to 400 MB."""
    import zipfile

    out = io.BytesIO()
    part = "word/document.xml" if kind == "docx" else "xl/workbook.xml"
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        with archive.open(part, "w", force_zip64=True) as file:
            for _ in range(400):
                file.write(b" " * 1_000_000)
    return out.getvalue()
