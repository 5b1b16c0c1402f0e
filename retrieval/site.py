"""Fetches the pages of a site: by its sitemap, or by its links where it has none.

It keeps to what robots.txt allows, to one host and below the address given, and within limits of
pages, bytes and time. Names are looked up once, and the connection goes to the address that was
looked at: none that is private, and no redirect to one.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import ipaddress
import json
import re
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import urljoin, urlsplit, urlunsplit

import httpx
from lxml import etree
from protego import Protego

from retrieval import formats
from retrieval.errors import DocumentError, SiteError
from retrieval.formats.markup import links_of
from retrieval.formats.plain import decode_html
from retrieval.index import replace_text

AGENT = "ShopguideBot"
BOOK = "pages.json"
_SITEMAPS = 50  # files of a sitemap's index, each of up to 50,000 addresses by the protocol
_SITEMAP_BYTES = 50_000_000  # the protocol's limit, unpacked
_ROBOTS_BYTES = 512_000  # RFC 9309: at least 500 KiB are read
_REDIRECTS = 5
_LONGEST_ADDRESS = 500
_LONGEST_DELAY = 10.0  # seconds; what robots.txt may ask for between two pages
# What a page is read as, by the type that the server names.
_KINDS = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "application/pdf": ".pdf",
    "text/plain": ".txt",
    "text/markdown": ".md",
    "text/csv": ".csv",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """`page` and `whole` in bytes, `seconds` for all, `delay` in seconds between two requests where
    robots.txt asks for none. A shop's help pages are dozens to some hundreds."""

    pages: int = 2_000
    page: int = formats.MAX_TEXT * 5
    whole: int = 500_000_000
    seconds: float = 900.0
    delay: float = 0.1


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it was fetched. `file`: its name in the site's folder; `etag` and `modified` are
    the server's, to ask whether it has changed."""

    url: str
    file: str
    kind: str
    digest: str
    etag: str = ""
    modified: str = ""


@dataclass(slots=True)
class Crawl:
    """What came of it. `problems` are sentences; `whole`: nothing was left for a limit's sake."""

    pages: dict[str, Page] = field(default_factory=dict)
    fetched: int = 0
    unchanged: int = 0
    forbidden: int = 0
    problems: list[str] = field(default_factory=list)
    whole: bool = True


def is_public(address: str) -> bool:
    """Whether an IP address is of the public internet."""
    return ipaddress.ip_address(address.partition("%")[0]).is_global


class _Gone(Exception):
    """The page is not there any more."""


class Site:
    """One site, given by the address below which its pages lie."""

    def __init__(
        self,
        url: str,
        folder: Path,
        *,
        limits: Limits = Limits(),
        allowed: Callable[[str], bool] = is_public,
        say: Callable[[str], None] | None = None,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise SiteError(f"{url} is no address of a site; it begins with https:// or http://.")
        self.url = _joined(url, "")
        self._folder = folder
        self._limits = limits
        self._allowed = allowed
        self._say = say or (lambda _line: None)
        self._hosts = _spellings(parts.hostname)
        self._below = (
            parts.path if parts.path.endswith("/") else parts.path.rpartition("/")[0] + "/"
        )
        self._is_sitemap = parts.path.endswith((".xml", ".xml.gz"))
        if self._is_sitemap:
            self._below = "/"
        self._client = httpx.Client(timeout=20.0, follow_redirects=False, trust_env=False)
        self._until = time.monotonic() + limits.seconds
        self._left = limits.whole

    def fetch(self) -> Crawl:
        """Fetch what is new or changed into the folder; what is gone leaves it. Pages that a limit
        kept out stay as they were. Raises `SiteError` when nothing can be fetched at all."""
        before = read_pages(self._folder)
        self._folder.mkdir(parents=True, exist_ok=True)
        found = Crawl()
        with self._client:
            robots = self._robots()
            delay = min(float(robots.crawl_delay(AGENT) or 0), _LONGEST_DELAY)
            delay = max(delay, self._limits.delay)
            listed = list(self._listed(robots, found))
            follow = not listed
            waiting = deque(listed or [self.url])
            seen = set(waiting)
            digests: set[str] = set()
            while waiting:
                if not self._goes_on(found):
                    break
                url = waiting.popleft()
                if not robots.can_fetch(url, AGENT):
                    found.forbidden += 1
                    continue
                time.sleep(delay)
                page = self._page(url, before.get(url), found)
                # Sites that never end show the same page under ever new addresses.
                if page is None or page.digest in digests:
                    continue
                digests.add(page.digest)
                found.pages[page.url] = page
                self._say(page.url)
                if follow and page.kind == ".html":
                    for link in self._links(page):
                        if link not in seen:
                            seen.add(link)
                            waiting.append(link)
        if not found.pages and not before:
            why = found.problems[0] if found.problems else "it has no page that may be read."
            raise SiteError(f"{self.url}: {why}")
        if not found.whole:
            reached = seen - set(waiting)
            kept = {url: page for url, page in before.items() if url not in reached}
            found.pages = {**kept, **found.pages}
        self._keep(found)
        return found

    def _goes_on(self, found: Crawl) -> bool:
        reason = ""
        if len(found.pages) >= self._limits.pages:
            reason = f"{self._limits.pages} pages were fetched"
        elif time.monotonic() > self._until:
            reason = f"{self._limits.seconds:g} s were over"
        elif self._left <= 0:
            reason = f"{self._limits.whole / 1e6:g} MB were fetched"
        if reason:
            found.whole = False
            found.problems.append(f"the site goes on, but {reason}; name a part of it.")
        return not reason

    # What to fetch ---------------------------------------------------------------------------

    def _robots(self) -> Protego:
        try:
            answer, body = self._get(urljoin(self.url, "/robots.txt"), most=_ROBOTS_BYTES)
        except _Gone:
            return Protego.parse("")
        except SiteError as error:
            # RFC 9309: while nobody knows what is allowed, nothing is.
            raise SiteError(f"{self.url} cannot be reached: {error}") from error
        return Protego.parse(body.decode("utf-8", "replace") if answer.status_code == 200 else "")

    def _listed(self, robots: Protego, found: Crawl) -> Iterator[str]:
        """The addresses of the sitemaps, each once, though sitemaps may name each other."""
        if self._is_sitemap:
            waiting = deque([self.url])
        else:
            named = [url for url in robots.sitemaps if self._is_ours(url, anywhere=True)]
            waiting = deque(named or [urljoin(self.url, "/sitemap.xml")])
        read: set[str] = set()
        told: set[str] = set()
        while waiting and len(read) < _SITEMAPS and time.monotonic() < self._until:
            sitemap = waiting.popleft()
            if sitemap in read:
                continue
            read.add(sitemap)
            try:
                _, body = self._get(sitemap, most=_SITEMAP_BYTES)
                tree = _xml(body)
            except _Gone:
                continue
            except SiteError as error:
                found.problems.append(f"{sitemap} {error}")
                found.whole = False  # nobody knows what it would have named
                continue
            for each in tree.iter("{*}loc"):
                url = _joined(sitemap, (each.text or "").strip())
                if etree.QName(each.getparent()).localname == "sitemap":
                    if self._is_ours(url, anywhere=True):
                        waiting.append(url)
                elif self._is_ours(url) and url not in told:
                    told.add(url)
                    yield url
                if len(told) >= self._limits.pages * 5:
                    return

    def _links(self, page: Page) -> Iterator[str]:
        try:
            text, _ = decode_html((self._folder / page.file).read_bytes())
            links = links_of(text)
        except DocumentError:
            return
        for link in links:
            url = _joined(page.url, link)
            if self._is_ours(url):
                yield url

    def _is_ours(self, url: str, *, anywhere: bool = False) -> bool:
        try:
            parts = urlsplit(url)
            same = (parts.hostname or "") in self._hosts and parts.port == urlsplit(self.url).port
        except ValueError:  # no address at all
            return False
        return (
            same
            and parts.scheme in ("http", "https")
            and len(url) <= _LONGEST_ADDRESS
            and (anywhere or (parts.path or "/").startswith(self._below))
        )

    # One page ---------------------------------------------------------------------------------

    def _page(self, url: str, before: Page | None, found: Crawl) -> Page | None:
        asked = {}
        if before is not None and (self._folder / before.file).is_file():
            asked = {"If-None-Match": before.etag, "If-Modified-Since": before.modified}
        try:
            answer, body = self._get(url, {k: v for k, v in asked.items() if v}, self._limits.page)
        except _Gone:
            if before is None:
                found.problems.append(f"{url} is not there.")
            return None
        except SiteError as error:
            found.problems.append(f"{url} {error}")
            return before  # it may come back: what was there stays
        if answer.status_code == 304 and before is not None:
            found.unchanged += 1
            return before
        kind = _KINDS.get(answer.headers.get("content-type", "").partition(";")[0].strip().lower())
        if kind is None:
            found.problems.append(f"{url} is neither a page nor a document; it was left out.")
            return None
        digest = hashlib.sha256(body).hexdigest()[:32]
        if before is not None and before.digest == digest and before.kind == kind:
            found.unchanged += 1
            file = before.file
        else:
            found.fetched += 1
            file = f"{hashlib.sha256(url.encode()).hexdigest()[:16]}-{digest[:8]}{kind}"
            (self._folder / file).write_bytes(body)
        modified = answer.headers.get("last-modified", "")
        return Page(url, file, kind, digest, answer.headers.get("etag", ""), modified)

    def _get(
        self, url: str, headers: dict[str, str] | None = None, most: int = _SITEMAP_BYTES
    ) -> tuple[httpx.Response, bytes]:
        """The answer behind at most five redirects, each to a public address of the same host."""
        for _ in range(_REDIRECTS + 1):
            answer, body = self._get_once(url, headers or {}, most)
            if answer.has_redirect_location:
                url = _joined(url, answer.headers.get("location", ""))
                if not self._is_ours(url, anywhere=True):
                    raise SiteError("leads to another site; it was left out.")
                continue
            if answer.status_code in (404, 410):
                raise _Gone
            if answer.status_code >= 400:
                raise SiteError(f"was refused (HTTP {answer.status_code}).")
            return answer, body
        raise SiteError("is redirected in a circle.")

    def _get_once(
        self, url: str, headers: dict[str, str], most: int
    ) -> tuple[httpx.Response, bytes]:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
        address = self._address(host, parts.port or (443 if parts.scheme == "https" else 80))
        shown = f"[{address}]" if ":" in address else address
        to = urlunsplit((parts.scheme, f"{shown}{port}", parts.path or "/", parts.query, ""))
        sent = {**headers, "Host": f"{host}{port}", "User-Agent": AGENT, "Accept": "*/*"}
        body = bytearray()
        try:
            with self._client.stream(
                "GET", to, headers=sent, extensions={"sni_hostname": host}
            ) as answer:
                for chunk in answer.iter_bytes():
                    body += chunk
                    self._left -= len(chunk)
                    if len(body) > most:
                        raise SiteError(f"is larger than {most / 1e6:g} MB; it was left out.")
                    if time.monotonic() > self._until:
                        raise SiteError("takes too long.")
                return answer, bytes(body)
        except httpx.HTTPError as error:
            raise SiteError(f"does not answer ({type(error).__name__}).") from error

    def _address(self, host: str, port: int) -> str:
        """The address to connect to. Raises `SiteError` when any of the host's is not allowed."""
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise SiteError("is at an address that is not known.") from error
        addresses = [str(place[0]) for *_, place in found]
        if not all(map(self._allowed, addresses)):
            raise SiteError("lies in a private network; such are not read.")
        return addresses[0]

    def _keep(self, found: Crawl) -> None:
        """The book first, then what it does not name goes: a crash between leaves files only."""
        pages = [asdict(page) for page in found.pages.values()]
        replace_text(self._folder / BOOK, json.dumps(pages, ensure_ascii=False, indent=1))
        named = {page.file for page in found.pages.values()} | {BOOK}
        for file in self._folder.iterdir():
            if file.name not in named:
                file.unlink()


def read_pages(folder: Path) -> dict[str, Page]:
    """The pages that were fetched into a folder, by address; none when nothing was."""
    try:
        return {
            each["url"]: Page(**each) for each in json.loads((folder / BOOK).read_text("utf-8"))
        }
    except (OSError, ValueError, TypeError, KeyError):
        return {}


def _joined(base: str, link: str) -> str:
    """Where a link on a page leads, without its fragment, the host in small letters; empty when it
    is no address."""
    try:
        parts = urlsplit(urljoin(base, link))
    except ValueError:
        return ""
    return urlunsplit((parts.scheme, parts.netloc.lower(), parts.path or "/", parts.query, ""))


def _spellings(host: str) -> frozenset[str]:
    bare = host.removeprefix("www.")
    return frozenset({bare, f"www.{bare}"})


def _xml(body: bytes) -> etree._Element:
    if body.startswith(b"\x1f\x8b"):
        try:
            with gzip.open(io.BytesIO(body)) as packed:
                body = packed.read(_SITEMAP_BYTES + 1)
        except (OSError, EOFError) as error:
            raise SiteError("is damaged.") from error
        if len(body) > _SITEMAP_BYTES:
            raise SiteError("unpacks to more than a sitemap may have.")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True)
    tree = etree.fromstring(body, parser) if body.strip() else None
    if tree is None:
        raise SiteError("is no sitemap.")
    return tree


def name_of(url: str) -> str:
    """A short name for a page: "pages-returns" of /pages/returns.html."""
    path = urlsplit(url).path.strip("/")
    path = re.sub(r"\.(?:html?|php|aspx?|pdf|docx|xlsx)$", "", path)
    return re.sub(r"[^\w-]+", "-", path).strip("-")[:80] or "home"
