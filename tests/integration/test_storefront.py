"""The demo shop's pages over the real catalogue, database, index and recommender."""

from __future__ import annotations

import asyncio
import html
import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import jwt
import pytest
from pydantic import SecretStr
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

import demo
from bot.bootstrap import bootstrap
from bot.dialogue.services import Services
from bot.gateway.identity import Identities, Secret
from bot.gateway.tokens import TokenRefused
from bot.settings import ROOT, Settings
from data import migrations
from data.database import create_engine
from data.models import Product
from demo import DEMO_CUSTOMERS
from demo.storefront import create_site
from weights import WeightsError

SHOP = "http://shop.example"
LANGUAGES = ("zh", "en")
DAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
IDENTITY_KEY = "the key that the shop shares, long enough for HS256"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The demo shop as of that day, in a database of its own."""
    state = tmp_path_factory.mktemp("state")
    if not (ROOT / "var" / "index").is_dir():
        pytest.skip("There is no index yet; run `make setup`.")
    (state / "index").symlink_to(ROOT / "var" / "index")
    engine = create_engine(f"sqlite:///{state / 'shop.db'}")
    migrations.upgrade(engine)
    with Session(engine) as session:
        demo.load(session, today=DAY)
        session.commit()
    engine.dispose()
    return Settings(
        _env_file=None,
        state=state,
        generator="off",
        session_secret=SecretStr("the key of the sessions, long enough for HS256"),
        identity_secret=SecretStr(IDENTITY_KEY),
    )


@pytest.fixture(scope="module")
def services(settings: Settings) -> Services:
    try:
        return bootstrap(settings, clock=lambda: NOW)
    except WeightsError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def products(services: Services) -> list[Product]:
    return list(services.catalogue.values())


@pytest.fixture
def browser(services: Services, settings: Settings) -> Iterator[TestClient]:
    """A visitor who reads English."""
    app = create_site(services, settings)
    with TestClient(app, base_url=SHOP, headers={"Accept-Language": "en"}) as client:
        yield client


def read(browser: TestClient, path: str, language: str = "en", status: int = 200) -> str:
    answer = browser.get(path, headers={"Accept-Language": language})
    assert answer.status_code == status, path
    assert answer.headers["content-type"].startswith("text/html")
    assert f'<html lang="{"zh-CN" if language == "zh" else "en"}">' in answer.text
    return answer.text


def post(browser: TestClient, path: str, origin: str = SHOP, **fields: str) -> int:
    """The status of a form's answer."""
    answer = browser.post(path, data=fields, headers={"Origin": origin}, follow_redirects=False)
    return answer.status_code


def sign_in(browser: TestClient, email: str) -> None:
    assert post(browser, "/account/sign-in", email=email) == 303


def in_cart(page: str) -> dict[str, int]:
    changing = re.findall(r'<form class="change".*?</form>', page, re.DOTALL)
    lines = [
        re.findall(r'name="sku" value="([^"]+)".*<option selected>(\d+)', form, re.DOTALL)[0]
        for form in changing
    ]
    return {sku: int(pieces) for sku, pieces in lines}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_has_the_widget_and_nothing_from_elsewhere(
    browser: TestClient, language: str
) -> None:
    paths = ["/", "/search", "/categories/tents", "/products/ridgeline-2-tent", "/cart"]
    paths += ["/account/sign-in", f"/help/{language}", f"/help/{language}/returns"]
    for path in paths:
        page = read(browser, path, language)
        widget = f'<script src="/widget.js" defer data-language="{language}"'
        assert f'{widget} data-identity-url="/account/identity" data-cart-url="/cart"' in page
        # The assistant knows what the customer looks at.
        assert (' data-product="ridgeline-2-tent"' in page) == path.endswith("ridgeline-2-tent")
        assert (' data-category="tents"' in page) == path.endswith("tents")
        addresses = re.findall(r'(?:src|href|action)="([^"]*)"', page)
        assert addresses
        assert all(address.startswith(("/", "#", "?")) for address in addresses)
        assert not re.search(r'\s(?:on\w+|style)="', page)
        assert all("src=" in tag or "json" in tag for tag in re.findall(r"<script[^>]*>", page))


def test_a_strict_policy_stands_with_every_page(browser: TestClient) -> None:
    for path in ("/", "/nowhere", "/pictures/ridgeline-2-tent.svg", "/assets/shop.css"):
        headers = browser.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'self';")
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
    assert browser.get("/").headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_product_has_a_page_with_its_facts(
    browser: TestClient, products: list[Product], language: str
) -> None:
    for product in products:
        page = html.unescape(read(browser, f"/products/{product.id}", language))
        told = [product.name, product.summary, product.description, product.care]
        told += [product.sizing] if product.sizing else []
        assert all(text[language] in page for text in told), product.id
        for attribute in product.attributes:
            assert attribute["value"][language] in page
        for variant in product.variants:
            assert variant.sku in page
            for value in variant.options.values():
                assert value[language] in page


def test_every_product_has_a_picture_at_its_address(
    browser: TestClient, products: list[Product]
) -> None:
    for product in products:
        answer = browser.get(f"/pictures/{product.id}.svg")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("image/svg+xml")
        held = {"If-None-Match": answer.headers["etag"]}
        assert browser.get(f"/pictures/{product.id}.svg", headers=held).status_code == 304
    assert browser.get("/pictures/nothing.svg").status_code == 404


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_document_is_a_help_page(
    browser: TestClient, settings: Settings, language: str
) -> None:
    index = read(browser, f"/help/{language}", language)
    for path in sorted((settings.shop / "documents" / language).glob("*.md")):
        assert f'href="/help/{language}/{path.stem}"' in index
        read(browser, f"/help/{language}/{path.stem}", language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_not_there_is_said_in_both_languages(browser: TestClient, language: str) -> None:
    sentence = {"zh": "没有这个页面", "en": "There is no such page"}[language]
    for path in ("/products/nothing", "/categories/nothing", "/nothing", "/assets/nothing.css"):
        assert sentence in read(browser, path, language, 404)
    assert sentence in read(browser, f"/help/{language}/nothing", language, 404)
    assert browser.get("/help/fr/returns").status_code == 404
    for path in ("/assets/..%2fsite.py", "/help/en/..%2f..%2frules", "/pictures/%2e%2e.svg"):
        assert browser.get(path).status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "{{ 7 * 7 }} {% raw %}",
        "\u202etxt.exe \x00 \ud7ff",
        "'; drop table products; --",
        "帐" * 2000,
    ],
)
def test_hostile_search_text_is_only_text(browser: TestClient, query: str) -> None:
    answer = browser.get("/search", params={"q": query})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert "<img src=x" not in answer.text
    assert "49" not in html.unescape(answer.text).partition("</h1>")[0].rpartition("<h1>")[2]
    assert browser.get("/search", params={"q": "x", "least": query, "most": query}).is_success
    assert browser.get("/search", params={"q": "x", "order": query}).is_success


def test_search_finds_by_name_by_kind_and_in_both_languages(browser: TestClient) -> None:
    found = re.findall(r'<h2><a href="/products/([^"]+)"', read(browser, "/search?q=充电宝", "zh"))
    assert found[0] == "brick-20000-power-bank"
    found = re.findall(r'<h2><a href="/products/([^"]+)"', read(browser, "/search?q=warm+jacket"))
    assert "ember-light-down" in found[:3]
    answer = browser.get("/search?q=Tent", follow_redirects=False)
    assert answer.headers["location"] == "/categories/tents"


def test_filters_keep_what_they_say(browser: TestClient, products: list[Product]) -> None:
    by_id = {product.id: product for product in products}

    def listed(query: str) -> list[Product]:
        page = read(browser, f"/search?{query}")
        return [by_id[i] for i in re.findall(r'<h2><a href="/products/([^"]+)"', page)]

    assert {p.id for p in listed("")} == set(by_id)
    within = listed("least=100&most=200")
    assert within
    assert all(any(100 <= v.price <= 200 for v in p.variants) for p in within)
    assert all(any(v.stock for v in p.variants) for p in listed("in_stock=1"))
    cheapest = [
        min((v.price for v in p.variants if v.stock), default=min(v.price for v in p.variants))
        for p in listed("order=cheapest")
    ]
    assert cheapest == sorted(cheapest)
    for odd in (
        "least=abc",
        "least=-5",
        "least=NaN",
        "least=1e999",
        "most=Infinity",
        "least=1e-30",
    ):
        assert listed(odd)


def test_the_language_that_was_chosen_is_kept(browser: TestClient) -> None:
    browser.get("/?language=zh")
    assert '<html lang="zh-CN">' in browser.get("/").text
    answer = browser.get("/search?q=tents+for+two&language=en", follow_redirects=False)
    assert answer.headers["location"] == "/search?q=tents+for+two"
    browser.get("/?language=en")
    assert '<html lang="en">' in browser.get("/").text
    page = browser.get("/help/en/returns").text
    assert 'href="/help/zh/returns?language=zh"' in page
    assert (
        browser.get("//evil.example/?language=zh", follow_redirects=False)
        .headers["location"]
        .startswith("/")
    )


def test_only_the_four_demo_customers_can_be_signed_in(
    browser: TestClient, services: Services, settings: Settings
) -> None:
    """By a key of the demo shop's own: a real shop's vouches for nobody here."""
    with services.unit_of_work() as uow:
        orders = uow.orders.purchases()
        stranger = next(
            customer.email
            for purchase in orders
            if (customer := uow.customers.get(purchase.customer_id))
            and customer.email not in {known.email for known in DEMO_CUSTOMERS}
        )
    for email in (stranger, "", "LIN.YUE@example.com", "nobody@example.com"):
        assert post(browser, "/account/sign-in", email=email) == 403
    assert browser.get("/account/identity").status_code == 204
    for customer in DEMO_CUSTOMERS:
        sign_in(browser, customer.email)
        answer = browser.get("/account/identity")
        assert answer.headers["cache-control"] == "private, no-store"
        claims = jwt.decode(
            answer.json()["identity"],
            settings.storefront_key,
            algorithms=["HS256"],
            audience="shopguide",
        )
        assert claims["email"] == customer.email
        identities = Identities(Secret(settings.identity_key))
        with pytest.raises(TokenRefused):
            asyncio.run(identities.email(answer.json()["identity"]))
        identities.trust_demo(settings.storefront_key)
        assert asyncio.run(identities.email(answer.json()["identity"])) == customer.email
    assert post(browser, "/account/sign-out") == 303
    assert browser.get("/account/identity").status_code == 204


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_account_shows_this_customers_orders_and_no_others(
    browser: TestClient, language: str
) -> None:
    for customer in DEMO_CUSTOMERS:
        sign_in(browser, customer.email)
        page = read(browser, "/account", language)
        shown = set(re.findall(r"SP\d{8}", page))
        own = {order.number for order in customer.orders}
        others = {o.number for other in DEMO_CUSTOMERS for o in other.orders} - own
        assert own <= shown
        assert not shown & others
        assert customer.story[language] in html.unescape(page)
    browser.cookies.clear()
    answer = browser.get("/account", follow_redirects=False)
    assert answer.headers["location"] == "/account/sign-in"


def test_forms_of_other_sites_are_refused(browser: TestClient) -> None:
    email = DEMO_CUSTOMERS[0].email
    for origin in ("https://evil.example", "null", "", "http://shop.example.evil", "http://shop"):
        assert post(browser, "/account/sign-in", origin, email=email) == 403
        assert post(browser, "/cart/add", origin, product="ridgeline-2-tent") == 403
    no_origin = browser.post("/account/sign-in", data={"email": email}, follow_redirects=False)
    assert no_origin.status_code == 403
    assert browser.get("/account/sign-in", params={"email": email}).status_code == 200
    assert browser.get("/account/identity").status_code == 204
    sign_in(browser, email)
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    assert browser.get("/account/identity", headers=elsewhere).status_code == 403
    assert post(browser, "/account/sign-out", "https://evil.example") == 403
    assert browser.get("/account/identity").status_code == 200


@pytest.mark.parametrize(
    "target", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:x", "/\n/e"]
)
def test_a_form_leads_nowhere_else(browser: TestClient, target: str) -> None:
    fields = {"email": DEMO_CUSTOMERS[0].email, "next": target}
    answer = browser.post(
        "/account/sign-in", data=fields, headers={"Origin": SHOP}, follow_redirects=False
    )
    assert answer.headers["location"] == "/"


def test_a_cart_is_filled_changed_and_emptied(browser: TestClient) -> None:
    assert post(browser, "/cart/add", product="trailhead-38-pack", **{"option-size": "M/L"}) == 303
    assert post(browser, "/cart/add", sku="SEAL-28", pieces="2") == 303
    assert in_cart(browser.get("/cart").text) == {"TRAIL38-PINE-ML": 1, "SEAL-28": 2}
    fields = {"sku": "TRAIL38-PINE-ML", "into": "TRAIL38-RUST-ML", "pieces": "3"}
    assert post(browser, "/cart/change", **fields) == 303
    page = html.unescape(browser.get("/cart").text)
    assert in_cart(page) == {"TRAIL38-RUST-ML": 3, "SEAL-28": 2}
    assert "¥2,175" in page  # 3 × 699 + 2 × 39, delivery free
    assert post(browser, "/cart/change", sku="TRAIL38-RUST-ML", pieces="0") == 303
    assert "¥86" in html.unescape(browser.get("/cart").text)  # 78 and ¥8 for delivery
    assert post(browser, "/cart/change", sku="SEAL-28", pieces="0") == 303
    assert "Your cart is empty" in browser.get("/cart").text


def test_the_widgets_event_adds_what_the_card_showed(browser: TestClient) -> None:
    """As the page's script does it: the product's id alone, answered in JSON."""
    headers = {"Origin": SHOP, "Accept": "application/json"}
    for count in (1, 2):
        answer = browser.post("/cart/add", data={"product": "ridgeline-2-tent"}, headers=headers)
        assert answer.json() == {
            "added": True,
            "message": "Ridgeline 2 Tent (pine) is in your cart",
            "count": count,
        }
    sold_out = {"sku": "TRAIL38-RUST-SM"}
    answer = browser.post("/cart/add", data=sold_out, headers=headers)
    assert answer.json()["added"] is False
    assert answer.json()["count"] == 2


def test_a_cart_holds_no_nonsense(browser: TestClient, products: list[Product]) -> None:
    assert post(browser, "/cart/add", product="nothing") == 404
    assert post(browser, "/cart/add", sku="nothing") == 404
    assert post(browser, "/cart/add") == 404
    fields = {"option-color": "no such colour"}
    assert post(browser, "/cart/add", product="ridgeline-2-tent", **fields) == 404
    for pieces in ("-1", "x", "1e9", "99999999999", "٣"):
        assert post(browser, "/cart/add", sku="SEAL-28", pieces=pieces) == 303
    assert in_cart(browser.get("/cart").text)["SEAL-28"] <= 20
    assert post(browser, "/cart/change", sku="SEAL-28", into="nothing", pieces="2") == 303
    assert in_cart(browser.get("/cart").text) == {"SEAL-28": 2}
    for product in products:  # more than a cookie holds
        post(browser, "/cart/add", product=product.id, pieces="20")
    assert len(in_cart(browser.get("/cart").text)) == 30
    assert len(browser.cookies["spruce_cart"]) < 4000
    assert post(browser, "/cart/add", sku="x" * 20_000) == 413


def test_a_tampered_cart_is_an_empty_one(browser: TestClient) -> None:
    assert post(browser, "/cart/add", sku="SEAL-28") == 303
    kept = browser.cookies["spruce_cart"]
    browser.cookies.clear()
    browser.cookies.set("spruce_cart", kept[:-4] + "AAAA")
    assert "Your cart is empty" in browser.get("/cart").text


def test_prices_and_stock_are_those_of_the_moment(browser: TestClient, services: Services) -> None:
    with services.unit_of_work() as uow:
        variant = uow.products.variant("SEAL-28")
        assert variant is not None
        before = variant.stock
        variant.stock = 0
        uow.commit()
    try:
        page = read(browser, "/products/seam-sealer")
        assert re.search(r"<button[^>]* data-buy disabled>", page)
        choices = re.search(r"data-choices>(.*?)</script>", page)
        assert choices is not None
        assert [choice["available"] for choice in json.loads(choices[1])] == [False]
    finally:
        with services.unit_of_work() as uow:
            variant = uow.products.variant("SEAL-28")
            assert variant is not None
            variant.stock = before
            uow.commit()


def test_a_database_that_fails_is_a_page_that_says_so(
    services: Services, settings: Settings, tmp_path: Path
) -> None:
    from dataclasses import replace

    from data.errors import DatabaseUnavailable

    app = create_site(services, settings)

    def down() -> None:
        raise DatabaseUnavailable("gone")

    app.state.storefront = replace(
        app.state.storefront,
        services=replace(services, unit_of_work=down),
    )
    with TestClient(app, base_url=SHOP, headers={"Accept-Language": "en"}) as client:
        answer = client.get("/products/ridgeline-2-tent")
        assert answer.status_code == 503
        assert "Something is wrong in the shop" in answer.text
