"""Files that browsers keep: pictures, the stylesheet, the script."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

from starlette.requests import Request
from starlette.responses import Response


@dataclass(frozen=True)
class File:
    content: bytes
    media_type: str

    @cached_property
    def mark(self) -> str:
        """Changes with the content."""
        return hashlib.sha256(self.content).hexdigest()[:16]

    def respond(self, request: Request) -> Response:
        """The file, or 304 when the browser has it. An address that carries the mark (?v=…) may
        be kept for good, any other for an hour."""
        marked = request.query_params.get("v") == self.mark
        headers = {
            "ETag": f'"{self.mark}"',
            "Cache-Control": "public, max-age=31536000, immutable"
            if marked
            else "public, max-age=3600",
        }
        held = request.headers.get("if-none-match", "")
        if held == "*" or self.mark in {
            tag.strip().removeprefix("W/").strip('"') for tag in held.split(",")
        }:
            return Response(status_code=304, headers=headers)
        return Response(self.content, media_type=self.media_type, headers=headers)
