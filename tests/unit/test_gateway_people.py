"""What the widget has of the people behind the assistant, and for them: files, an address, taking
back, read marks, the end of an answer that grows."""

from __future__ import annotations

import asyncio
import io
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fake_gateway import RULES, Caller, FakeGateway, calling, make_gateway, texts
from PIL import Image

from bot.bootstrap import _notices
from bot.dialogue.desk import Desk
from bot.gateway import files
from bot.gateway.conversations import Conversations
from bot.messages import BotMessage
from bot.wording.phrases import phrase
from data.models import Ticket

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


PAGE = {"url": "https://s.example/p/1", "product_id": "p1", "cart": [], "language": "zh-CN"}


def picture(form: str = "JPEG", size: tuple[int, int] = (40, 20)) -> bytes:
    """With a place and a turn in its EXIF."""
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010F] = "the camera of Lin"
    exif.get_ifd(0x8825)[1] = "N"
    made = io.BytesIO()
    Image.new("RGB", size, "red").save(made, form, exif=exif)
    return made.getvalue()


async def send(
    caller: Caller, body: bytes, media_type: str = "image/jpeg", name: str = "a%20b.jpg"
) -> Any:
    headers = {**caller.key, "Content-Type": media_type, "X-File-Name": name}
    url = "/api/v1/sessions/current/files"
    return await caller.http.post(url, content=body, headers=headers)


def file(gateway: FakeGateway, folder: Path) -> list[Path]:
    return Desk(gateway.unit_of_work, None).save_files(1, folder)


async def queue(gateway: FakeGateway, caller: Caller, **more: Any) -> int:
    current = (await caller.http.get("/api/v1/sessions/current", headers=caller.key)).json()
    with gateway.unit_of_work() as uow:
        ticket = Ticket(
            session_id=current["session_id"], language="en", reason="asked", transcript=[],
            created_at=datetime.now(UTC), **more,
        )  # fmt: skip
        uow.tickets.add(ticket)
        uow.commit()
        return ticket.id


async def test_the_page_goes_to_rasa_and_odd_ones_are_refused(tmp_path: Path) -> None:
    gateway = make_gateway(tmp_path)
    async with calling(gateway) as caller:
        await caller.say("hi", "m1", page=PAGE)
        assert gateway.fake.page == PAGE
        for odd in (
            {"html": "x"},
            {"url": "x" * 501},
            {"title": 1},
            {"cart": [{"product_id": "a", "quantity": 1}] * 51},
            {"cart": [{"product_id": "长" * 200, "quantity": 1}] * 20},
            {"cart": [{"product_id": "a", "quantity": 0}]},
        ):
            assert (await caller.post("hi", "m2", page=odd)).status_code == 422


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
async def test_a_picture_is_kept_upright_and_without_what_a_camera_wrote(
    tmp_path: Path, form: str
) -> None:
    gateway = make_gateway(tmp_path, keep_files="picture")
    async with calling(gateway) as caller:
        sent = await send(caller, picture(form), "image/jpeg")
        assert sent.status_code == 201
        told = sent.json()
        assert (told["kind"], told["name"]) == ("picture", "a b.jpg")
        await queue(gateway, caller)
        answer = texts(await caller.say("", "m1", files=[told["file_id"], "x" * 22]))
        assert answer == [phrase("channel.media_queued", "en")]
        (line, _) = await caller.history()
        assert line["files"] == [{"file_id": told["file_id"], "kind": "picture", "name": "a b.jpg"}]
        (saved,) = file(gateway, tmp_path / "saved")
        with Image.open(saved) as kept:
            assert kept.size == (20, 40)
            assert not dict(kept.getexif())
        assert b"camera of Lin" not in saved.read_bytes()
        assert saved.stat().st_size == told["size"]


async def test_files_with_words_are_answered_and_spoken_of(tmp_path: Path) -> None:
    gateway = make_gateway(tmp_path, keep_files="picture")
    async with calling(gateway) as caller:
        file_id = (await send(caller, picture())).json()["file_id"]
        said = texts(await caller.say("拉链坏了", "m1", files=[file_id]))
        assert said == ["You said: 拉链坏了", phrase("files.beside", "zh")]
        # Nobody has it twice, nor another's.
        assert texts(await caller.say("", "m2", files=[file_id])) == [phrase("files.lost", "en")]
        await caller.open()
        assert "files" not in (await caller.say("hi", "m1", files=[file_id]))[0].data


async def test_what_is_not_kept_too_large_or_no_picture_is_refused(tmp_path: Path) -> None:
    async with calling(make_gateway(tmp_path / "none")) as caller:
        refused = await send(caller, picture())
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "not_kept")
    gateway = make_gateway(tmp_path / "some", keep_files="picture,file", keep_file_mb=1)
    async with calling(gateway) as caller:
        for body, declared, status, code in (
            (b"%PDF-1.7 x", "application/pdf", 201, None),
            (b"OggS....", "audio/ogg", 403, "not_kept"),
            (b"\xff\xd8\xff" + b"x" * 50, "image/jpeg", 415, "not_a_picture"),
            (b"MZ\x90\x00", "image/png", 415, "not_a_picture"),
            (b"MZ\x90\x00", "application/pdf", 415, "wrong_kind"),
            (b"", "text/plain", 415, "wrong_kind"),
            (picture() + b"\0" * 1_000_000, "image/jpeg", 413, "too_large"),
        ):
            answer = await send(caller, body, declared)
            assert answer.status_code == status, body[:9]
            if code:
                assert answer.json()["error"]["code"] == code
    notice = gateway.notice
    assert (notice.files, notice.file_mb) == (["picture", "file"], 1)


async def test_a_conversation_sends_so_many_files_a_day(tmp_path: Path) -> None:
    gateway = make_gateway(tmp_path, keep_files="file", messages_per_minute=600)
    async with calling(gateway) as caller:
        kept = [(await send(caller, b"%PDF-1", "x/y")).status_code for _ in range(31)]
        assert kept == [201] * 30 + [429]


async def test_a_scanner_decides(tmp_path: Path) -> None:
    program = "import sys; sys.exit(b'EICAR' in sys.stdin.buffer.read())"
    command = f'{sys.executable} -c "{program}"'
    gateway = make_gateway(tmp_path / "a", keep_files="file", scan_command=command)
    async with calling(gateway) as caller:
        assert (await send(caller, b"%PDF-1 fine")).status_code == 201
        assert (await send(caller, b"%PDF-1 EICAR")).status_code == 415
    gateway = make_gateway(tmp_path / "b", keep_files="file", scan_command="no-such-scanner -")
    async with calling(gateway) as caller:
        assert (await send(caller, b"%PDF-1 fine")).status_code == 503


@pytest.mark.parametrize(
    ("body", "declared", "found"),
    [
        (b"\x1aE\xdf\xa3", "audio/webm;codecs=opus", ("audio/webm", "voice")),
        (b"\x1aE\xdf\xa3", "video/webm", ("video/webm", "video")),
        (b"\0\0\0 ftypM4A ", "", ("audio/mp4", "voice")),
        (b"\0\0\0 ftypqt  ", "", ("video/quicktime", "video")),
        (b"\0\0\0 ftypheic", "image/heic", None),
        ("您好\n".encode(), "application/pdf", ("text/plain", "file")),
        (b"<svg onload=x>\0", "image/svg+xml", None),
    ],
)
def test_a_file_is_what_its_bytes_say(body: bytes, declared: str, found: object) -> None:
    assert files.recognise(body, declared) == found


def test_names_lose_folders_and_marks() -> None:
    assert files.named("..%2F..%5Cetc%5C%E5%9B%BE%0A.jpg") == "图 .jpg"
    assert files.named(None) == ""


async def test_an_address_is_left_and_the_ticket_taken_back(tmp_path: Path) -> None:
    gateway = make_gateway(tmp_path)
    async with calling(gateway) as caller:

        async def post(path: str, **body: object) -> tuple[int, str]:
            url = f"/api/v1/sessions/current/{path}"
            answer = await caller.http.post(url, json=body, headers=caller.key)
            return answer.status_code, answer.text

        assert (await post("contact", contact="wang@example.com"))[0] == 404
        assert (await post("handoff/withdraw"))[0] == 404
        number = await queue(gateway, caller)
        for odd in ("", "soon", "400-555-0137"):  # the shop's own number is nobody's
            assert "contact_unreadable" in (await post("contact", contact=odd))[1]
        assert (await post("contact", contact="138 0013 8000"))[0] == 204
        with gateway.unit_of_work() as uow:
            ticket = uow.tickets.get(number)
            assert ticket is not None
            assert ticket.contact == "+8613800138000"
        assert (await post("handoff/withdraw"))[0] == 204
        assert (await post("handoff/withdraw"))[0] == 404
        current = await caller.http.get("/api/v1/sessions/current", headers=caller.key)
        assert current.json()["handoff"]["state"] == "closed"


async def test_whoever_is_with_a_customer_learns_that_they_left(tmp_path: Path) -> None:
    gateway = make_gateway(tmp_path)
    async with calling(gateway) as caller:
        number = await queue(gateway, caller)
        other = Caller(caller.http)
        await other.open()
        second = await queue(gateway, other)
        Desk(gateway.unit_of_work, None).take(number, "Li")
        await caller.http.delete("/api/v1/sessions/current", headers=caller.key)
        await other.http.delete("/api/v1/sessions/current", headers=other.key)
    with gateway.unit_of_work() as uow:
        left, waited = uow.tickets.get(number), uow.tickets.get(second)
        assert left is not None
        assert waited is not None
        assert [each["kind"] for each in left.events or ()] == ["ended"]
        assert left.waiting_since is not None
        # Nobody can be reached there any more, so nobody behind them waits longer for it.
        assert waited.waiting_since is None


async def test_a_growing_answer_stops_and_what_was_said_stays(tmp_path: Path) -> None:
    gateway = make_gateway(tmp_path)
    gateway.fake.deltas = ["The tent", "The tent weighs"]
    gateway.fake.gate = asyncio.Event()
    gateway.fake.play = lambda session_id, text: [BotMessage(text="The tent weighs 2 kg.")]
    async with calling(gateway) as caller:
        asked = asyncio.create_task(caller.say("how heavy?", "m1"))
        while not any(turn.grown for turn in gateway.turns._running.values()):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        url = "/api/v1/messages/m1/stop"
        stopped = await caller.http.post(url, headers=caller.key)
        assert stopped.status_code == 204
        said = texts(await asked)
        assert said == ["The tent weighs"]
        gateway.fake.gate.set()
        assert [line["text"] for line in await caller.history()] == ["how heavy?", *said]
        assert (await caller.http.post(url, headers=caller.key)).status_code == 204


def test_notices_are_off_without_an_address(tmp_path: Path) -> None:
    assert _notices(make_gateway(tmp_path).settings) is None


def test_the_hosts_of_pictures_are_told(tmp_path: Path) -> None:
    gateway = make_gateway(tmp_path)
    addresses = ["https://cdn.shop.example:8443/a.jpg", "/pictures/b.svg"]
    made = Conversations(gateway.unit_of_work, timedelta(hours=1), RULES, None, addresses)
    assert made.picture_hosts == ["cdn.shop.example:8443"]
