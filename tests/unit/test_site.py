"""Sites on this machine: a sitemap, links, robots.txt, and what must not be fetched."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from retrieval.errors import SiteError
from retrieval.ingest import read_documents
from retrieval.origins import Origins
from retrieval.site import Crawl, Limits, Site, is_public, read_pages
from tests.papers import make

Answer = tuple[int, dict[str, str], bytes]
HTML = {"Content-Type": "text/html; charset=utf-8"}
QUICK = Limits(delay=0.0, seconds=20.0)


class Shop:
    """A server whose answers a test says; counts what it was asked."""

    def __init__(self) -> None:
        self.pages: dict[str, Answer | Callable[[], Answer]] = {}
        self.asked: list[str] = []
        self.wants: dict[str, str] = {}
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                shop.asked.append(self.path)
                shop.wants = dict(self.headers)
                status, headers, body = shop.answer(self.path, dict(self.headers))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, path: str, headers: dict[str, str]) -> Answer:
        found = self.pages.get(path, (404, {}, b""))
        status, given, body = found() if callable(found) else found
        if given.get("ETag") and headers.get("If-None-Match") == given["ETag"]:
            return 304, given, b""
        return status, given, body

    def put(self, path: str, body: str | bytes, headers: dict[str, str] | None = None) -> None:
        content = body.encode() if isinstance(body, str) else body
        self.pages[path] = (200, HTML if headers is None else headers, content)

    def page(self, path: str, title: str, text: str, links: str = "") -> None:
        self.put(path, f"<main><h1>{title}</h1><p>{text}</p>{links}</main>")

    def sitemap(self, *paths: str, at: str = "/sitemap.xml") -> None:
        places = "".join(f"<url><loc>{self.url}{path}</loc></url>" for path in paths)
        space = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
        self.put(at, f"<urlset {space}>{places}</urlset>", {"Content-Type": "application/xml"})


@pytest.fixture
def shop() -> Iterator[Shop]:
    made = Shop()
    yield made
    made.server.shutdown()
    made.server.server_close()


def fetch(shop: Shop, folder: Path, path: str = "/", limits: Limits = QUICK) -> Crawl:
    return Site(
        shop.url + path, folder, limits=limits, allowed=lambda address: address == "127.0.0.1"
    ).fetch()


def test_a_site_is_read_by_its_sitemap_in_both_languages(shop: Shop, tmp_path: Path) -> None:
    shop.put("/robots.txt", f"User-agent: *\nDisallow: /cart\nSitemap: {shop.url}/maps.xml")
    index = "".join(f"<sitemap><loc>{shop.url}{m}</loc></sitemap>" for m in ("/a.xml", "/maps.xml"))
    shop.put("/maps.xml", f"<sitemapindex>{index}</sitemapindex>")
    shop.sitemap("/returns", "/zh/returns", "/cart", "/size.pdf", "/shop.zip", "/lost", at="/a.xml")
    shop.page("/returns", "Returns", "Goods go back within 14 days of delivery.")
    shop.page("/zh/returns", "退货", "签收后十四天内可以退货。")
    shop.page("/cart", "Cart", "Nothing for you.")
    shop.put("/size.pdf", make.pdf("en"), {"Content-Type": "application/pdf"})
    shop.put("/shop.zip", b"PK", {"Content-Type": "application/zip"})
    origins = Origins(tmp_path)
    origins.add(shop.url)
    crawl = fetch(shop, origins.site_folder(shop.url))
    assert (crawl.fetched, crawl.forbidden, crawl.whole) == (3, 1, True)
    told = "\n".join(crawl.problems)
    assert f"{shop.url}/shop.zip is neither a page nor a document" in told
    assert f"{shop.url}/lost is not there" in told
    found = read_documents(tmp_path / "none", beside=origins.given(["zh", "en"], []))
    texts = {(p.source, p.language, p.title): p.url for p in found.passages}
    assert texts["returns", "en", "Returns"] == f"{shop.url}/returns"
    assert texts["zh-returns", "zh", "退货"] == f"{shop.url}/zh/returns"
    assert any(source == "size" for source, _, _ in texts)


def test_a_second_time_fetches_what_changed_and_what_is_gone_leaves(
    shop: Shop, tmp_path: Path
) -> None:
    shop.sitemap("/a", "/b", "/c")
    shop.put("/a", "<main><p>One thing that stays.</p></main>", {**HTML, "ETag": '"1"'})
    shop.page("/b", "B", "Two.")
    shop.page("/c", "C", "Three.")
    fetch(shop, tmp_path)
    shop.sitemap("/a", "/b")
    shop.page("/b", "B", "Two, changed.")
    crawl = fetch(shop, tmp_path)
    assert (crawl.fetched, crawl.unchanged) == (1, 1)
    assert sorted(crawl.pages) == [f"{shop.url}/a", f"{shop.url}/b"]
    assert len(list(tmp_path.glob("*.html"))) == 2
    # A page that fails for once stays as it was.
    shop.pages["/b"] = (500, {}, b"")
    crawl = fetch(shop, tmp_path)
    assert sorted(crawl.pages) == [f"{shop.url}/a", f"{shop.url}/b"]
    assert any("HTTP 500" in line for line in crawl.problems)


def test_a_crawl_that_breaks_off_leaves_what_was_fetched_before(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.sitemap("/a", "/b")
    shop.page("/a", "A", "One.")
    shop.page("/b", "B", "Two.")
    fetch(shop, tmp_path)
    before = read_pages(tmp_path)
    shop.page("/a", "A", "One, changed.")

    def broken(*_: object) -> None:
        raise KeyboardInterrupt

    for step in ("_keep", "_page"):
        monkeypatch.setattr(Site, step, broken)
        with pytest.raises(KeyboardInterrupt):
            fetch(shop, tmp_path)
        monkeypatch.undo()
        assert read_pages(tmp_path) == before
        assert all((tmp_path / page.file).is_file() for page in before.values())
    assert fetch(shop, tmp_path).fetched == 1
    assert len(list(tmp_path.glob("*.html"))) == 2  # what the broken ones left is gone


def test_without_a_sitemap_its_links_are_followed_below_the_address(
    shop: Shop, tmp_path: Path
) -> None:
    links = ["fees#x", "/shop", "http://other.example/help/x", "mailto:a@b.example", "  "]
    links += ["http://[broken/", "http://127.0.0.1:99999/help/", "javascript:alert(1)"]
    shop.page("/help/", "Help", "All.", "".join(f'<a href="{link}">x</a>' for link in links))
    shop.page("/help/fees", "Fees", "Five.", '<a href="/help/">back</a><a href="fees">self</a>')
    shop.page("/shop", "Shop", "Not help.")
    crawl = fetch(shop, tmp_path, "/help/")
    assert sorted(crawl.pages) == [f"{shop.url}/help/", f"{shop.url}/help/fees"]


def test_an_endless_site_ends(shop: Shop, tmp_path: Path) -> None:
    count = iter(range(10_000))

    def calendar() -> Answer:
        number = next(count)
        text = f"<main><p>Day {number}</p><a href='/day?d={number + 1}'>next</a></main>"
        return 200, HTML, text.encode()

    shop.answer = lambda path, _: calendar() if "day" in path or path == "/" else (404, {}, b"")  # type: ignore[method-assign]
    crawl = fetch(shop, tmp_path, limits=Limits(pages=20, delay=0.0))
    assert len(crawl.pages) == 20
    assert not crawl.whole
    assert "the site goes on, but 20 pages were fetched" in crawl.problems[-1]
    # One that shows the same under ever new addresses ends by itself.
    same = b"<main><p>Same.</p><a href='x/'>more</a></main>"
    shop.answer = lambda path, _: (404, {}, b"") if "." in path else (200, HTML, same)  # type: ignore[method-assign]
    assert len(fetch(shop, tmp_path / "other", limits=Limits(pages=50, delay=0.0)).pages) == 1
    with pytest.raises(SiteError, match="0 s were over"):
        fetch(shop, tmp_path / "time", limits=Limits(seconds=0.0, delay=0.0))


@pytest.mark.parametrize("bad", ["http://10.0.0.1/x", "http://[::1]/x", "//169.254.169.254/latest"])
def test_redirects_out_of_the_site_are_refused(shop: Shop, tmp_path: Path, bad: str) -> None:
    shop.sitemap("/moved", "/circle", "/ok")
    shop.pages["/moved"] = (302, {"Location": bad}, b"")
    shop.pages["/circle"] = (302, {"Location": "/circle"}, b"")
    shop.page("/ok", "Ok", "Fine.")
    crawl = fetch(shop, tmp_path)
    assert list(crawl.pages) == [f"{shop.url}/ok"]
    assert any("leads to another site" in line for line in crawl.problems)
    assert any("in a circle" in line for line in crawl.problems)


def test_private_addresses_are_refused(shop: Shop, tmp_path: Path) -> None:
    with pytest.raises(SiteError, match="private network"):
        Site(shop.url, tmp_path, limits=QUICK).fetch()
    assert shop.asked == []
    for address in ("127.0.0.1", "10.1.2.3", "192.168.1.1", "169.254.169.254", "::1", "fd00::1",
                    "100.64.0.1", "0.0.0.0"):  # fmt: skip  # noqa: S104
        assert not is_public(address)
    assert is_public("93.184.216.34")
    for url in ("file:///etc/passwd", "ftp://shop.example/", "https://user:pw@shop.example/"):
        with pytest.raises(SiteError, match="no address of a site"):
            Site(url, tmp_path)


def test_bombs_and_large_pages_are_left_out(shop: Shop, tmp_path: Path) -> None:
    shop.put("/robots.txt", f"Sitemap: {shop.url}/bomb.xml.gz\nSitemap: {shop.url}/fine.xml")
    shop.put("/bomb.xml.gz", gzip.compress(b" " * 60_000_000), {"Content-Type": "application/gzip"})
    shop.sitemap("/packed", "/ok", at="/fine.xml")
    packed = gzip.compress(b"<p>" + b"a" * 12_000_000)
    shop.put("/packed", packed, {**HTML, "Content-Encoding": "gzip"})
    shop.page("/ok", "Ok", "Fine.")
    crawl = fetch(shop, tmp_path)
    assert list(crawl.pages) == [f"{shop.url}/ok"]
    told = "\n".join(crawl.problems)
    assert "unpacks to more" in told
    assert "is larger than 10 MB" in told


def test_while_nobody_knows_what_is_allowed_nothing_is_fetched(shop: Shop, tmp_path: Path) -> None:
    shop.pages["/robots.txt"] = (503, {}, b"")
    shop.page("/", "Home", "Text.")
    with pytest.raises(SiteError, match="HTTP 503"):
        fetch(shop, tmp_path)
    assert shop.asked == ["/robots.txt"]


def test_origins_are_kept_and_forgotten(tmp_path: Path) -> None:
    origins = Origins(tmp_path / "pages")
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "fees.md").write_text("Delivery costs $5.")
    origins.add(str(tmp_path / "more"))
    origins.add(str(tmp_path / "gone.md"))
    warnings: list[str] = []
    found = read_documents(tmp_path / "none", ["en"], beside=origins.given(["en"], warnings))
    assert [passage.source for passage in found.passages] == ["fees"]
    assert len(warnings) == 1
    assert "gone.md is gone" in warnings[0]
    assert origins.remove(str(tmp_path / "gone.md"))
    assert not origins.remove("https://nowhere.example/")
    assert origins.all() == [str(tmp_path / "more")]
