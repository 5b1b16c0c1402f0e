"""/docs: the OpenAPI description as a page that needs no script and nothing from elsewhere."""

from __future__ import annotations

import json
from typing import Any

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from jinja2 import Environment

_PAGE = Environment(autoescape=True).from_string("""\
<!doctype html>
<html lang="en">
<meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{ api.info.title }} {{ api.info.version }}</title>
<link rel="stylesheet" href="/docs/page.css">
<h1>{{ api.info.title }} {{ api.info.version }}</h1>
<p>{{ api.info.summary }} <a href="/openapi.json">openapi.json</a></p>
{% for part in api.info.description.split("\n\n") %}<p>{{ part }}</p>{% endfor %}
{% for path, methods in api.paths.items() %}{% for method, route in methods.items() %}
<h2><b>{{ method | upper }}</b> {{ path }}</h2>
<p>{{ route.description }}{% if route.security %} <i>With the session's token.</i>{% endif %}</p>
{% if route.requestBody %}<h3>Body</h3><pre>{{ shape(route.requestBody.content) }}</pre>{% endif %}
<dl>{% for status, answer in route.responses.items() %}
<dt>{{ status }}</dt><dd>{{ answer.description }}
{% if answer.content and status < "300" %}<pre>{{ shape(answer.content) }}</pre>{% endif %}</dd>
{% endfor %}</dl>
{% endfor %}{% endfor %}
<h1>Shapes</h1>
{% for name, schema in api.components.schemas.items() %}
<h2 id="{{ name }}">{{ name }}</h2><pre>{{ text(schema) }}</pre>
{% endfor %}
""")
_STYLE = """\
body { font: 16px/1.5 system-ui, sans-serif; max-width: 50rem; margin: 2rem auto; padding: 0 1rem }
h2 { margin-top: 2.5rem; font-size: 1.1rem } h3 { font-size: 1rem }
pre { background: #f3f4f6; color: #111; padding: .8rem; overflow-x: auto; font-size: .85rem }
dt { float: left; font-weight: 600 } dd { margin-left: 4rem }
"""


def install(app: FastAPI) -> None:
    @app.get("/docs", include_in_schema=False)
    async def page() -> HTMLResponse:
        return HTMLResponse(_PAGE.render(api=app.openapi(), shape=_shape, text=_text))

    @app.get("/docs/page.css", include_in_schema=False)
    async def style() -> HTMLResponse:
        return HTMLResponse(_STYLE, media_type="text/css")


def _shape(content: dict[str, Any]) -> str:
    """An example, where there is one, else the schema."""
    kind, found = next(iter(content.items()))
    if "example" in found:
        return str(found["example"])
    schema = found.get("schema", {})
    return f"{kind} {schema['$ref'].rpartition('/')[2]}" if "$ref" in schema else _text(schema)


def _text(schema: dict[str, Any]) -> str:
    return json.dumps(schema, ensure_ascii=False, indent=2)
