"""Refusals of the public interface: a status, a code for programs, a sentence for people."""

from __future__ import annotations

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match

from bot.errors import ShopguideError
from bot.gateway.shapes import complaint
from bot.runtime.metrics import REFUSED
from data.errors import DataError
from retrieval.types import Language

log = structlog.get_logger("gateway")

SENTENCES = {
    "not_found": ("没有这个地址。", "There is nothing at this address."),
    "method_not_allowed": ("这个地址不接受这种请求。", "This address does not take that method."),
    "unreadable": (
        "请求不是有效的 JSON（UTF-8）。",
        "The request is not valid JSON in UTF-8.",
    ),
    "invalid": ("请求里的字段不对：{detail}", "The request's fields are not right: {detail}"),
    "empty": ("您还没有写内容，请输入问题。", "The message is empty; please write your question."),
    "too_long": (
        "消息太长了，请控制在 {limit} 字以内，或分几条发送。",
        "The message is too long; please keep it under {limit} characters or send it in parts.",
    ),
    "too_large": (
        "内容太大了，请缩短一些，或换个小一点的文件再发。",
        "That is too large; please send a shorter message or a smaller file.",
    ),
    "unauthorized": (
        "会话无效或已过期，请重新开始对话。",
        "This conversation has expired or its token is not valid; please start a new one.",
    ),
    "identity_refused": (
        "登录信息无效或已过期，请在网站上重新登录。",
        "The sign-in is not valid or has expired; please sign in on the website again.",
    ),
    "too_many": (
        "消息发得太快了，请 {seconds} 秒后再试。",
        "Too many messages in a short time; please try again in {seconds} s.",
    ),
    "already_said": (
        "这个消息编号已经用在另一句话上了，请换一个编号再发。",
        "This message id belongs to other words already; please send these under another one.",
    ),
    "too_many_streams": (
        "上一条还在回答，请稍候。",
        "Your earlier messages are still being answered; please wait a moment.",
    ),
    "contact_unreadable": (
        "没看出邮箱或电话号码，请检查一下再填。",
        "That is no e-mail address or telephone number; please check it.",
    ),
    "no_ticket": (
        "这次对话没有在等候人工客服。",
        "Nobody is being waited for in this conversation.",
    ),
    "not_kept": (
        "本店不通过聊天接收这类文件。",
        "The shop takes no such files in the chat.",
    ),
    "not_a_picture": (
        "这个文件不是可以打开的 JPEG、PNG 或 WebP 图片。",
        "The file is no JPEG, PNG or WebP picture that can be opened.",
    ),
    "wrong_kind": (
        "这类文件不能发送，请换一种格式。",
        "Files of this kind are not taken; please send another format.",
    ),
    "unsigned": (
        "这个请求没有有效的签名。",
        "This request does not carry a valid signature.",
    ),
    "no_customer": (
        "请先在网站上登录，再领取绑定码。",
        "Please sign in on the website first; a linking code belongs to a customer.",
    ),
    "origin_refused": (
        "这个网站没有被允许使用本店客服。",
        "This website is not allowed to use the shop's assistant.",
    ),
    "too_many_sockets": (
        "打开的聊天窗口太多了，请关掉几个再试。",
        "Too many chat windows are open; please close some and try again.",
    ),
    "closing": (
        "服务正在重启，请几秒后再试。",
        "The service is restarting; please try again in a few seconds.",
    ),
    "unavailable": (
        "服务暂时不可用，请稍后再试。",
        "The service is not available right now; please try again shortly.",
    ),
}


class Refusal(ShopguideError, HTTPException):
    """A request that is refused. `code` names one of SENTENCES; `facts` fill its sentence."""

    def __init__(
        self, status: int, code: str, headers: dict[str, str] | None = None, **facts: object
    ) -> None:
        super().__init__(status, detail=code, headers=headers)
        self.code = code
        self.facts = facts

    def body(self) -> dict[str, object]:
        """{"code", "message": {"zh", "en"}}; whoever asks for it is being refused."""
        REFUSED.labels(reason=self.code).inc()
        return {"code": self.code, "message": self.sentences()}

    def sentences(self) -> dict[Language, str]:
        """For people, in each language."""
        zh, en = SENTENCES[self.code]
        return {"zh": zh.format(**self.facts), "en": en.format(**self.facts)}


def respond(refusal: Refusal) -> JSONResponse:
    body = {"error": refusal.body()}
    return JSONResponse(body, refusal.status_code, headers=refusal.headers)


def _allowed(request: Request) -> str:
    """The methods of all routes of the path; the router itself knows only those of the first."""
    methods: set[str] = set()
    for route in request.app.routes:
        if route.matches(request.scope)[0] is not Match.NONE:
            methods |= getattr(route, "methods", None) or set()
    return ", ".join(sorted(methods))


def install(app: FastAPI) -> None:
    """Answer every error in the same shape, and never repeat what was sent."""

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> JSONResponse:
        if not isinstance(error, Refusal):
            codes = {401: "unsigned", 404: "not_found", 405: "method_not_allowed"}
            code = codes.get(error.status_code, "unreadable")
            headers = dict(error.headers or {})
            if error.status_code == 405:
                headers["Allow"] = _allowed(request)
            error = Refusal(error.status_code, code, headers=headers)
        return respond(error)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        problems = error.errors()
        if any(problem["type"] == "json_invalid" for problem in problems):
            return respond(Refusal(400, "unreadable"))
        return respond(Refusal(422, "invalid", detail=complaint(list(problems))))

    @app.exception_handler(DataError)
    async def no_database(request: Request, error: DataError) -> JSONResponse:
        log.error("request failed", error=type(error).__name__, cause=str(error))
        return respond(Refusal(503, "unavailable"))

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        return respond(Refusal(503, "unavailable"))
