"""The page at "/" of a shop that is not the demo: its name, and the widget to try it."""

from __future__ import annotations

from html import escape
from string import Template

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from data.rules import ShopRules

_PAGE = Template("""\
<!doctype html>
<html lang="$language">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex">
<title>$name</title>
<script src="/widget.js" defer data-language="$language"></script>
</head>
<body>
<h1>$name</h1>
<p>$text</p>
</body>
</html>
""")
_TEXTS = {
    "zh": "点右下角的按钮试一试客服助手。这一页只供试用：您自己的网页加一行代码就有同样的按钮。",
    "en": "Press the button in the corner to try the assistant. This page is for trying only: one "
    "line on your own pages brings the same button there.",
}


def create_trial(rules: ShopRules) -> ASGIApp:
    language = rules.shop.languages[0]
    page = _PAGE.substitute(
        language=language, name=escape(rules.name[language]), text=_TEXTS[language]
    )

    async def home(_request: Request) -> HTMLResponse:
        return HTMLResponse(page)

    return Starlette(routes=[Route("/", home)])
