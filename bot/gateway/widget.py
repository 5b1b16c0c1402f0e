"""The widget's built files, for the pages of any site."""

from __future__ import annotations

import os
from pathlib import Path

from fastapi import FastAPI, Request, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

DIST = Path(__file__).resolve().parent.parent / "widget" / "dist"

# A browser asks again after five minutes, by ETag: pages that stand for long get a new version of
# the assistant without a new address.
_CACHED = "public, max-age=300, stale-while-revalidate=86400"


class _Files(StaticFiles):
    """Files that a page of another origin may load; none of the folder when it is not built."""

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, check_dir=False)

    async def check_config(self) -> None:
        """A missing folder is a widget that was not built: its files are not found."""

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["Cache-Control"] = _CACHED
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        # Language files are fetched by script from the shop's own origin, without credentials.
        response.headers["Access-Control-Allow-Origin"] = "*"
        return response


def install(app: FastAPI, folder: Path = DIST) -> None:
    """Serve FOLDER/widget.js at /widget.js and every file of it at /widget/NAME."""
    files = _Files(folder)

    @app.api_route("/widget.js", methods=["GET", "HEAD"], include_in_schema=False)
    async def widget(request: Request) -> Response:
        return await files.get_response("widget.js", request.scope)

    app.mount("/widget", files)
