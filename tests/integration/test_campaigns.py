"""Campaigns in the database, on SQLite and PostgreSQL: budgets and coupons whoever asks at once,
who is written to, mails, and what is left of whom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from data_rows import NOW, customer, fill, order
from starlette.testclient import TestClient

from bot.app import create_app
from bot.commands import main
from bot.commands.campaigning import Desk, may_offer
from bot.gateway.tokens import mint_unsubscribe
from bot.settings import ROOT, Settings
from bot.wording.profile_text import of_email
from data import consent, personal
from data.campaigns import report
from data.campaigns.plan import Plan, Policy
from data.campaigns.tables import Campaign, CampaignMember, Coupon, Step
from data.errors import CampaignRefused
from data.models import ChannelUser, ChatSession, OutboxCall
from data.retention import Cutoffs, forget
from data.unit_of_work import UnitOfWork
from tests.smtp import mail_server
from tests.unit.fake_gateway import RULES, SESSION_KEY, FakeGateway, make_gateway

Units = Callable[[], UnitOfWork]
_THREADS = 8
_NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)  # in Shanghai


def plan(**more: Any) -> Plan:
    content: dict[str, Any] = {
        "name": "back",
        "channel": "email",
        "audience": {"all": [{"orders": {"from": 0}}]},
        "message": {
            "zh": {"subject": "{name}，一张券", "text": "您的券：{coupon}，{until}前有效。"},
            "en": {"subject": "{name}, a coupon", "text": "Yours: {coupon}, until {until}."},
        },
        "coupon": {"amount": "20.00", "least": "50.00", "days": 14},
        "budget": "100.00",
        "holdout": 0,
    }
    return Plan.of(content | more, "a plan")


def begun(new_uow: Units, wanted: Plan, customers: Sequence[int] = ()) -> Campaign:
    with new_uow() as uow:
        uow.campaigns.add(wanted, "CNY", NOW)
        campaign = uow.campaigns.get(wanted.name)
        why: list[dict[str, Any]] = [{"field": "orders", "was": 2.0}]
        assert uow.campaigns.begin(campaign, [(each, why) for each in customers], NOW)
        uow.commit()
        return uow.campaigns.get(wanted.name)


def crowd(new_uow: Units, count: int) -> list[int]:
    with new_uow() as uow:
        people = [customer(f"c{n}@example.com", f"顾客{n}", "310000") for n in range(count)]
        uow.session.add_all(people)
        uow.commit()
        return [each.id for each in people]


def at_once(work: Callable[[Any], Any], given: Sequence[Any]) -> list[Any]:
    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(work, given))


def test_many_at_once_never_promise_more_than_the_budget(new_uow: Units) -> None:
    people = crowd(new_uow, 24)
    campaign = begun(new_uow, plan())  # five coupons of 20

    def issue(customer_id: int) -> str | None:
        with new_uow() as uow:
            coupon = uow.campaigns.issue(campaign, plan().coupon, customer_id, NOW)
            uow.commit()
            return coupon.code if coupon else None

    codes = [code for code in at_once(issue, people) if code]
    assert len(codes) == len(set(codes)) == 5
    with new_uow() as uow:
        assert uow.campaigns.get("back").reserved == Decimal("100.00")


def test_a_customer_gets_one_coupon_however_often_it_is_asked_for(new_uow: Units) -> None:
    [one] = crowd(new_uow, 1)
    campaign = begun(new_uow, plan())

    def issue(_: int) -> str | None:
        with new_uow() as uow:
            coupon = uow.campaigns.issue(campaign, plan().coupon, one, NOW)
            uow.commit()
            return coupon.code if coupon else None

    assert len(set(at_once(issue, range(16)))) == 1
    with new_uow() as uow:
        assert uow.campaigns.get("back").reserved == Decimal("20.00")


def coupon_for(new_uow: Units, who: str, wanted: Plan, at: datetime = NOW) -> str:
    campaign = begun(new_uow, wanted)
    with new_uow() as uow:
        owner = personal.find(uow, who)
        coupon = uow.campaigns.issue(campaign, wanted.coupon, owner.id, at)
        uow.commit()
        return coupon.code


def placed(new_uow: Units, who: str, number: str, price: str, **more: Any) -> None:
    with new_uow() as uow:
        owner = personal.find(uow, who)
        at = more.pop("at", NOW + timedelta(days=1))
        uow.session.add(order(number, owner, at, [("MUG-1", 1, price)], **more))
        uow.commit()


def redeem(new_uow: Units, code: str, number: str) -> str:
    with new_uow() as uow:
        try:
            taken = uow.campaigns.redeem(code, number, NOW + timedelta(days=1)).taken
        except CampaignRefused as refused:
            return str(refused)
        uow.commit()
        return str(taken)


def test_a_coupon_is_used_once_whoever_uses_it_at_the_same_moment(new_uow: Units) -> None:
    with new_uow() as uow:
        fill(uow)
    code = coupon_for(new_uow, "lin@example.com", plan())
    for number in range(_THREADS):
        placed(new_uow, "lin@example.com", f"SP3000000{number}", "80.00")
    numbers = [f"SP3000000{number}" for number in range(_THREADS)]
    told = at_once(lambda number: redeem(new_uow, code, number), numbers)
    assert told.count("20.00") == 1
    assert all("used" in each for each in told if each != "20.00")
    with new_uow() as uow:
        assert uow.campaigns.get("back").reserved == Decimal("20.00")


@pytest.mark.parametrize(("combine", "used"), [(True, 2), (False, 1)])
def test_coupons_stack_only_where_both_may_also_at_the_same_moment(
    new_uow: Units, combine: bool, used: int
) -> None:
    with new_uow() as uow:
        fill(uow)
    offer = {"amount": "20.00", "least": "50.00", "days": 14}
    codes = [
        coupon_for(new_uow, "lin@example.com", plan(name=name, coupon=offer | {"combines": may}))
        for name, may in (("one", True), ("two", combine))
    ]
    placed(new_uow, "lin@example.com", "SP30000000", "80.00")
    told = at_once(lambda code: redeem(new_uow, code, "SP30000000"), codes)
    assert told.count("20.00") == used


@pytest.mark.parametrize(
    ("who", "number", "price", "more", "said"),
    [
        ("chen@example.com", "SP30000000", "80.00", {}, "another customer's"),
        ("lin@example.com", "SP30000000", "49.99", {}, "less than 50.00"),
        ("lin@example.com", "SP30000000", "80.00", {"at": NOW + timedelta(days=14)}, "it ended on"),
        ("lin@example.com", "SP30000000", "80.00", {"at": NOW - timedelta(days=1)}, "older"),
    ],
)
def test_a_coupon_that_does_not_hold_is_refused_with_a_reason(
    new_uow: Units, who: str, number: str, price: str, more: Any, said: str
) -> None:
    with new_uow() as uow:
        fill(uow)
    code = coupon_for(new_uow, "lin@example.com", plan())
    placed(new_uow, who, number, price, **more)
    assert said in redeem(new_uow, code, number)
    assert "no coupon XYZ" in redeem(new_uow, "xyz", number)
    assert "no order" in redeem(new_uow, code, "SP99999999")


def test_what_a_coupon_did_not_cost_is_free_again(new_uow: Units) -> None:
    with new_uow() as uow:
        fill(uow)
    offer = {"percent": 10, "most": "20.00", "days": 14}
    code = coupon_for(new_uow, "lin@example.com", plan(coupon=offer))
    placed(new_uow, "lin@example.com", "SP30000000", "80.55")
    assert redeem(new_uow, code, "SP30000000") == "8.06"
    with new_uow() as uow:
        assert uow.campaigns.get("back").reserved == Decimal("8.06")
        lin, chen = (personal.find(uow, f"{who}@example.com") for who in ("lin", "chen"))
        uow.campaigns.issue(uow.campaigns.get("back"), plan(coupon=offer).coupon, chen.id, NOW)
        assert uow.campaigns.expire(NOW + timedelta(days=13)) == 0
        assert uow.campaigns.expire(NOW + timedelta(days=14)) == 1
        assert uow.campaigns.get("back").reserved == Decimal("8.06")
        assert uow.campaigns.open_coupons(lin.id, NOW) == []


# Who is written to


@pytest.fixture
def desk(database: str, new_uow: Units, tmp_path: Path) -> Callable[..., Desk]:
    with new_uow() as uow:
        fill(uow)
        for who in ("lin", "chen"):
            owner = personal.find(uow, f"{who}@example.com")
            consent.say_campaigns(uow, owner, wanted=True, at=NOW)
        personal.find(uow, "chen@example.com").language = "en"
        uow.commit()

    def make(now: datetime = _NOON, **more: Any) -> Desk:
        settings = Settings(
            _env_file=None, state=tmp_path, database_url=database, shop=ROOT / "demo/shop",
            smtp_from="service@shop.example", smtp_security="none",
            public_url="https://shop.example", session_secret=SESSION_KEY, **more,
        )  # fmt: skip
        return Desk(settings, lambda: now)

    return make


def store(desk: Desk, tmp_path: Path, **more: Any) -> Path:
    path = tmp_path / "plan.yaml"
    path.write_text(yaml.safe_dump(plan(**more).plain(), allow_unicode=True), encoding="utf-8")
    desk.new(path, dry_run=False)
    return path


def run(desk: Desk, **more: Any) -> dict[str, int]:
    return dict(desk.run("back", lambda line: None, **{"dry_run": False, **more}))


def test_mails_come_in_each_one_s_language_with_why_and_a_way_to_say_no(
    desk: Callable[..., Desk], tmp_path: Path, new_uow: Units
) -> None:
    with mail_server() as box:
        ours = desk(smtp_host="127.0.0.1", smtp_port=box.port)
        store(ours, tmp_path)
        assert run(ours, dry_run=True) == {"would be sent": 2}
        with new_uow() as uow:
            assert uow.campaigns.get("back").state == "draft"
            assert uow.session.query(Coupon).count() == 0
        assert run(ours) == {"sent": 2}
        assert run(ours) == {}  # nobody twice
        mails = {mail["To"]: mail for mail in (box.next(), box.next())}
        assert box.mails.empty()
    with new_uow() as uow:
        codes = {each.customer_id: each.code for each in uow.session.query(Coupon)}
        ids = {name: personal.find(uow, name).id for name in mails}
    zh, en = mails["lin@example.com"], mails["chen@example.com"]
    assert zh["Subject"] == "林悦，一张券"
    told = zh.get_content()
    assert codes[ids["lin@example.com"]] in told
    assert "收到这条消息，是因为您下过 2 次单。" in told
    assert "不想再收到，请点这里：https://shop.example/unsubscribe?token=" in told
    told = en.get_content()
    assert codes[ids["chen@example.com"]] in told
    assert "You get this because you ordered 1 time." in told
    assert "To get no more of these: https://shop.example/unsubscribe?token=" in told
    assert en["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    with new_uow() as uow:
        shown = "\n".join(of_email(uow, "lin@example.com", RULES, ours.phrases))
    assert "入选我们的活动“back”：您下过 2 次单" in shown


def test_a_mail_that_is_not_taken_is_not_sent_again(
    desk: Callable[..., Desk], tmp_path: Path
) -> None:
    with mail_server() as box:
        box.refuses = b"550 no"
        ours = desk(smtp_host="127.0.0.1", smtp_port=box.port)
        store(ours, tmp_path)
        assert run(ours) == {"was not taken": 2}
        box.refuses = b""
        assert run(ours) == {}


def test_consent_is_that_of_today(
    desk: Callable[..., Desk], tmp_path: Path, new_uow: Units
) -> None:
    with mail_server() as box:
        ours = desk(smtp_host="127.0.0.1", smtp_port=box.port)
        store(ours, tmp_path)
        with new_uow() as uow:
            campaign = uow.campaigns.get("back")
            ids = [personal.find(uow, f"{who}@example.com").id for who in ("lin", "chen")]
            uow.campaigns.begin(campaign, [(each, []) for each in ids], NOW)
            consent.say_campaigns(uow, personal.find(uow, "lin@example.com"), wanted=False, at=NOW)
            uow.commit()
        assert run(ours) == {"said no": 1, "sent": 1}
    assert ours.agree(["lin@example.com"], wanted=True, own=False, dry_run=False) == [
        "lin@example.com said no themselves, which stays."
    ]


def test_whoever_switched_the_use_of_their_history_off_is_in_no_audience(
    desk: Callable[..., Desk], tmp_path: Path, new_uow: Units
) -> None:
    ours = desk()
    store(ours, tmp_path, channel="chat")
    with new_uow() as uow:
        lin = personal.find(uow, "lin@example.com")
        consent.say(uow, lin, allowed=False, at=NOW)
        uow.commit()
    found = ours.audience(ours.plan_of("back"))
    assert [each.profile.customer_id for each in found.chosen] == [lin.id + 1]


def test_at_night_nobody_is_written_to_and_a_cap_holds_over_all_campaigns(
    desk: Callable[..., Desk], tmp_path: Path
) -> None:
    with mail_server() as box:
        there = {"smtp_host": "127.0.0.1", "smtp_port": box.port}
        night = desk(datetime(2026, 11, 22, 13, 30, tzinfo=UTC), **there)  # 21:30 in Shanghai
        store(night, tmp_path)
        with pytest.raises(CampaignRefused, match=r"quiet until 09:00, Asia/Shanghai"):
            run(night)
        assert run(desk(**there)) == {"sent": 2}
        again = desk(_NOON + timedelta(days=2), **there)
        store(again, tmp_path, name="again", cap={"messages": 1, "days": 7})
        found = again.run("again", lambda line: None, dry_run=False)
        assert found == {"has had enough messages lately": 2}
        later = desk(_NOON + timedelta(days=8), **there)
        assert later.run("again", lambda line: None, dry_run=False) == {"sent": 2}


def test_what_cannot_be_is_a_sentence_and_nothing_is_stored(
    desk: Callable[..., Desk], tmp_path: Path, new_uow: Units
) -> None:
    ours = desk()
    with pytest.raises(CampaignRefused, match="the shop has no kind lamps"):
        store(ours, tmp_path, audience={"all": [{"bought": "lamps"}]})
    with new_uow() as uow:
        assert uow.campaigns.all() == []
    store(ours, tmp_path, audience={"all": [{"orders": {"from": 99}}]})
    with pytest.raises(CampaignRefused, match="audience is empty: of 2 customers"):
        ours.audience(ours.plan_of("back"))
    with pytest.raises(CampaignRefused, match="No mail server"):
        run(ours)
    with pytest.raises(CampaignRefused, match="There is a campaign back already"):
        store(ours, tmp_path)
    with new_uow() as uow:
        assert uow.campaigns.get("back").state == "draft"


def test_only_platforms_whose_rules_allow_it_get_offers(new_uow: Units) -> None:
    def chat(channel: str, hours: int) -> ChannelUser:
        return ChannelUser(channel=channel, is_group=False, spoke_at=NOW - timedelta(hours=hours))

    assert may_offer(chat("telegram", 9999), NOW)
    assert may_offer(chat("messenger", 23), NOW)
    assert not may_offer(chat("messenger", 25), NOW)
    assert not may_offer(chat("whatsapp", 1), NOW)
    assert not may_offer(chat("wechat", 1), NOW)


def test_a_linked_chat_gets_the_offer_by_the_outbox(
    desk: Callable[..., Desk], tmp_path: Path, new_uow: Units
) -> None:
    with new_uow() as uow:
        lin = personal.find(uow, "lin@example.com")
        uow.session.add(ChatSession(id="s", created_at=NOW, expires_at=NOW, channel="telegram"))
        uow.session.flush()
        uow.session.add(
            ChannelUser(
                channel="telegram", conversation="7", session_id="s", customer_id=lin.id,
                linked_at=NOW, is_group=False, language="zh", address={}, choices=[], spoke_at=NOW,
            )
        )  # fmt: skip
        uow.commit()
    ours = desk()
    store(ours, tmp_path, channel="platform")
    assert run(ours) == {"sent": 1, "has no address for it": 1}
    with new_uow() as uow:
        [call] = uow.session.query(OutboxCall)
        assert (call.channel, call.state) == ("telegram", "written")
        assert "您的券：" in call.call["body"]["text"]


# Saying no, and being forgotten


def test_a_link_says_no_by_its_button_alone(tmp_path: Path) -> None:
    gateway: FakeGateway = make_gateway(tmp_path)
    new_uow = gateway.conversations.unit_of_work
    with new_uow() as uow:
        lin = personal.find(uow, "lin@example.com")
        lin.language = "zh"
        uow.commit()
    client = TestClient(create_app(gateway))
    token = mint_unsubscribe(lin.id, datetime.now(UTC), gateway.settings.session_key)
    asked = client.get("/unsubscribe", params={"token": token})
    assert asked.status_code == 200
    assert "不再接收" in asked.text
    with new_uow() as uow:
        assert consent.refused_campaigns(uow.session) == set()
    done = client.post("/unsubscribe", params={"token": token})
    assert "您不会再收到云杉户外的优惠信息了。" in done.text
    with new_uow() as uow:
        assert consent.refused_campaigns(uow.session) == {lin.id}
    for wrong in ("", token[:-3] + "abc", "x.y.z"):
        refused = client.post("/unsubscribe", params={"token": wrong})
        assert refused.status_code == 400
        assert "not right" in refused.text


def test_an_erased_customer_s_promise_is_free_again_and_export_has_it_before(
    new_uow: Units,
) -> None:
    with new_uow() as uow:
        fill(uow)
        lin = personal.find(uow, "lin@example.com")
    campaign = begun(new_uow, plan(), [lin.id])
    with new_uow() as uow:
        coupon = uow.campaigns.issue(campaign, plan().coupon, lin.id, NOW)
        uow.commit()
        kept = personal.gather(uow, personal.whose(uow, lin))
        assert [each["code"] for each in kept["coupons"]] == [coupon.code]
        assert kept["campaign_members"][0]["why"] == [{"field": "orders", "was": 2.0}]
        personal.erase(uow, personal.find(uow, "lin@example.com"))
        uow.commit()
        assert uow.campaigns.get("back").reserved == Decimal(0)
        assert uow.campaigns.members(campaign) == []


def test_a_purge_forgets_members_and_coupons_by_their_age(new_uow: Units) -> None:
    people = crowd(new_uow, 2)
    campaign = begun(new_uow, plan(), people)
    with new_uow() as uow:
        uow.campaigns.issue(campaign, plan().coupon, people[0], NOW)
        uow.campaigns.issue(campaign, plan().coupon, people[1], NOW + timedelta(days=600))
        uow.commit()

    def purge(days: int) -> tuple[int, int]:
        ages = {"conversations": 1, "open_tickets": 1, "visits": 1, "history": 365, "traces": 1}
        with new_uow() as uow:
            forget(uow, Cutoffs.of_days(NOW + timedelta(days=days), **ages))
            uow.commit()
            return len(uow.campaigns.members(campaign)), len(uow.campaigns.coupons(campaign))

    assert purge(364) == (2, 2)
    assert purge(380) == (0, 1)
    assert purge(999) == (0, 0)
    with new_uow() as uow:
        assert uow.campaigns.get("back").reserved == Decimal(0)


# What came of it


def test_a_report_counts_by_arms_and_tells_how_evenly_it_fell(
    new_uow: Units, tmp_path: Path
) -> None:
    with new_uow() as uow:
        fill(uow)
        products = list(uow.products.catalogue())
        assert products
    people = crowd(new_uow, 60)
    campaign = begun(new_uow, plan(budget="2000.00", holdout=0.5, products=["dome-tent"]), people)
    with new_uow() as uow:
        offered = [m for m in uow.campaigns.members(campaign) if m.arm == "offered"]
        held = [m for m in uow.campaigns.members(campaign) if m.arm == "held"]
        for member in offered:
            uow.campaigns.issue(campaign, plan().coupon, member.customer_id, NOW)
            uow.campaigns.settle(member.id, Step.SENT)
        uow.campaigns.open(offered[0], NOW)
        uow.commit()
    for place, member in enumerate([offered[0], offered[1], held[0]]):
        with new_uow() as uow:
            owner = uow.customers.get(member.customer_id)
            assert owner is not None
            at = NOW + timedelta(days=3)
            uow.session.add(order(f"SP4000000{place}", owner, at, [("MUG-1", 1, "100.00")]))
            uow.commit()
    with new_uow() as uow:
        mine = {each.customer_id: each.code for each in uow.campaigns.coupons(campaign)}
    assert redeem(new_uow, mine[offered[0].customer_id], "SP40000000") == "20.00"
    policy = Policy(margin=Decimal("0.40"))
    with new_uow() as uow:
        early = report.read(uow, uow.campaigns.get("back"), policy, NOW + timedelta(days=13))
        found = report.read(uow, uow.campaigns.get("back"), policy, NOW + timedelta(days=14))
    assert (early.watched, found.watched) == (0, 60)
    on, off = found.arms
    assert (on.members, on.sent, on.opened, on.coupons, on.used) == (
        len(offered), len(offered), 1, len(offered), 1,
    )  # fmt: skip
    assert (on.buyers, off.buyers, on.taken) == (2, 1, Decimal("20.00"))
    assert on.margin == pytest.approx((2 * 40 - 20) / len(offered))
    assert off.margin == pytest.approx(40 / len(held))
    assert found.margin is not None
    assert not found.margin.decided
    assert found.uneven > 0.001
    assert found.fairness.shown_tail == 1.0
    [language] = found.fairness.groups["language"]
    assert (language.chosen, language.sent, language.used) == (60, len(offered), 1)
    lines = "\n".join(report.as_lines(found))
    assert "of 2000.00 CNY" in lines
    assert "largest gap" in lines
    assert "WARNING" not in lines
    lost = [each.id for each in offered][: len(offered) * 9 // 10]
    with new_uow() as uow:
        uow.session.query(CampaignMember).filter(CampaignMember.id.in_(lost)).delete()
        warned = report.read(uow, uow.campaigns.get("back"), policy, NOW + timedelta(days=14))
    assert "compare nothing before the reason is found" in warned.warnings[0]


def test_whom_a_coupon_moves_is_not_learned_from_few(
    desk: Callable[..., Desk], tmp_path: Path, new_uow: Units
) -> None:
    with mail_server() as box:
        ours = desk(smtp_host="127.0.0.1", smtp_port=box.port)
        store(ours, tmp_path)
        run(ours)
    later = desk(_NOON + timedelta(days=30))
    later.policy = Policy(margin=Decimal("0.4"))
    store(later, tmp_path, name="next", uplift={"learned_from": "back"})
    with pytest.raises(CampaignRefused, match="200 in each are needed"):
        later.audience(later.plan_of("next"))
    with pytest.raises(CampaignRefused, match="There is no campaign nothing"):
        store(later, tmp_path, name="more", uplift={"learned_from": "nothing"})
    with new_uow() as uow:
        assert [each.name for each in uow.campaigns.all()] == ["back", "next"]


def test_the_command_says_what_is_wrong_in_a_sentence(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setenv("SHOPGUIDE_STATE", str(tmp_path))
    monkeypatch.setenv("SHOPGUIDE_DATABASE_URL", database)
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("name: back\nchannel: post\n", encoding="utf-8")
    used = tmp_path / "used.csv"
    used.write_text("code,order,colour\nA,B,red\n", encoding="utf-8")
    for arguments, code, said in (
        (["new", str(wrong)], 1, "audience is missing"),
        (["report", "back"], 1, "There is no campaign back."),
        (["redeem", "--file", str(used)], 1, "needs the columns code, order and no other"),
        (["redeem", "AAAA", "SP1"], 1, "There is no order SP1."),
        (["list"], 0, "There is none."),
    ):
        monkeypatch.setattr("sys.argv", ["shopguide", "campaign", *arguments])
        try:
            left = main.main()
        except SystemExit as ended:
            left = int(ended.code or 0)
        told = capsys.readouterr()
        assert left == code
        assert said in told.out + told.err
