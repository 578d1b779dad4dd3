"""Downloads from a local server that misbehaves. Nothing here leaves this machine."""

import errno
import hashlib
import socket
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from emostudy.corpora import download as module
from emostudy.corpora.answers import TRIES, asked_wait
from emostudy.corpora.download import download, part_of

BODY = bytes(range(256)) * 40
PAGE = "https://the.corpus/page"


class Server(BaseHTTPRequestHandler):
    """Answers with `behave` (a function of this request and the number of requests so far)."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.asked.append(dict(self.headers))
        self.close_connection = True
        with suppress(BrokenPipeError, ConnectionResetError):
            self.server.behave(self, len(self.server.asked))

    def head(self, code=200, length=None, **headers):
        self.send_response(code)
        if length is not None:
            self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Connection", "close")
        self.end_headers()

    def log_message(self, *args):
        pass


def whole(request, number, body=BODY, mark='"one"'):
    """A good server: ranges, and an ETag."""
    asked = request.headers.get("Range", "")
    start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
    if asked and request.headers.get("If-Range") == mark:
        span = f"bytes {start}-{len(body) - 1}/{len(body)}"
        request.head(206, len(body) - start, ETag=mark, Content_Range=span)
        request.wfile.write(body[start:])
    else:
        request.head(200, len(body), ETag=mark)
        request.wfile.write(body)


def cut(at, mark='"one"'):
    """A server that says how long the file is, and hangs up after `at` bytes of it."""

    def behave(request, number):
        request.head(200, len(BODY), **({"ETag": mark} if mark else {}))
        request.wfile.write(BODY[:at])

    return behave


def in_turn(*behaviours):
    """One behaviour a request; the last one for ever."""
    return lambda request, number: behaviours[min(number, len(behaviours)) - 1](request, number)


def code(number, **headers):
    return lambda request, _: request.head(number, 0, **headers)


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(module, "WAIT", 0.001)
    monkeypatch.setattr(module, "TIMEOUT", (2, 0.3))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as made:
        made.asked, made.behave, made.daemon_threads = [], whole, True
        made.url = f"http://127.0.0.1:{made.server_port}/a.bin"
        threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield made
        made.shutdown()


def card(server, **more):
    sums = {"md5": hashlib.md5(BODY).hexdigest(), "size": len(BODY)}
    return {"url": server.url, "file": "a.bin"} | sums | more


def bare(server):
    """A card that knows no size and no checksum."""
    return {"url": server.url, "file": "a.bin"}


def test_a_file_comes_whole_and_leaves_nothing_beside_it(server, tmp_path):
    download(card(server), tmp_path / "deep" / "a.bin", PAGE)
    assert (tmp_path / "deep" / "a.bin").read_bytes() == BODY
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["a.bin"]
    assert server.asked[0]["Accept-Encoding"] == "identity"


def test_sha256_is_checked_too(server, tmp_path):
    one = bare(server) | {"sha256": hashlib.sha256(BODY).hexdigest().upper()}
    download(one, tmp_path / "a.bin", PAGE)
    with pytest.raises(ValueError, match=r"sha256 .* the card says 00"):
        download(one | {"sha256": "00"}, tmp_path / "b.bin", PAGE)


def test_a_break_is_gone_on_from(server, tmp_path):
    server.behave = in_turn(cut(3000), whole)
    download(card(server), tmp_path / "a.bin", PAGE)
    assert (tmp_path / "a.bin").read_bytes() == BODY
    assert (server.asked[1]["Range"], server.asked[1]["If-Range"]) == ("bytes=3000-", '"one"')


def test_a_later_call_goes_on_from_what_an_interrupt_left(server, tmp_path, monkeypatch):
    def stop(*args):
        raise KeyboardInterrupt

    server.behave = in_turn(cut(3000), whole)
    monkeypatch.setattr(module.time, "sleep", stop)
    with pytest.raises(KeyboardInterrupt):
        download(card(server), tmp_path / "a.bin", PAGE)
    assert part_of(tmp_path / "a.bin").read_bytes() == BODY[:3000]
    download(card(server), tmp_path / "a.bin", PAGE)
    assert server.asked[1]["Range"] == "bytes=3000-"
    assert (tmp_path / "a.bin").read_bytes() == BODY


def test_last_modified_serves_where_there_is_no_strong_etag(server, tmp_path):
    date = "Mon, 02 Jan 2023 00:00:00 GMT"

    def first(request, number):
        request.head(200, len(BODY), ETag='W/"weak"', Last_Modified=date)
        request.wfile.write(BODY[:50])

    server.behave = in_turn(first, lambda request, number: whole(request, number, mark=date))
    download(card(server), tmp_path / "a.bin", PAGE)
    assert server.asked[1]["If-Range"] == date


def test_a_server_without_ranges_is_asked_for_all_again(server, tmp_path):
    def deaf(request, number):
        request.head(200, len(BODY), ETag='"one"')
        request.wfile.write(BODY)

    server.behave = in_turn(cut(3000), deaf)
    download(card(server), tmp_path / "a.bin", PAGE)
    assert (tmp_path / "a.bin").read_bytes() == BODY


def test_without_a_mark_of_the_version_nothing_is_joined(server, tmp_path):
    server.behave = in_turn(cut(3000, mark=""), whole)
    download(bare(server), tmp_path / "a.bin", PAGE)
    assert "Range" not in server.asked[1]
    assert (tmp_path / "a.bin").read_bytes() == BODY


def changed(total, **mark):
    """Another file under the same address, and a range of it although `If-Range` forbids that."""

    def behave(request, number):
        if request.headers.get("Range"):
            request.head(206, total - 3000, Content_Range=f"bytes 3000-{total - 1}/{total}", **mark)
            request.wfile.write(b"x" * (total - 3000))
        else:
            whole(request, number, BODY[::-1], '"two"')

    return behave


OTHERS = [lambda r, n: whole(r, n, BODY[::-1], '"two"'), changed(len(BODY), ETag='"two"'), changed(3010)]


@pytest.mark.parametrize("second", OTHERS)
def test_a_changed_file_is_begun_anew_and_never_joined(server, tmp_path, second):
    server.behave = in_turn(cut(3000), second)
    download(bare(server), tmp_path / "a.bin", PAGE)
    assert (tmp_path / "a.bin").read_bytes() == BODY[::-1]


def test_a_refused_range_is_begun_anew(server, tmp_path):
    server.behave = in_turn(cut(3000), code(416), whole)
    download(card(server), tmp_path / "a.bin", PAGE)
    assert (tmp_path / "a.bin").read_bytes() == BODY and "Range" not in server.asked[2]


def test_a_bad_part_is_begun_anew_once(server, tmp_path):
    server.behave = in_turn(cut(3000), whole)
    part = part_of(tmp_path / "a.bin")
    part.write_bytes(b"?" * 3000)
    state = f'{{"url": "{server.url}", "mark": "\\"one\\"", "length": {len(BODY)}}}'
    part.with_name(part.name + ".json").write_text(state)
    server.behave = whole
    download(card(server), tmp_path / "a.bin", PAGE)
    assert (tmp_path / "a.bin").read_bytes() == BODY and len(server.asked) == 2


@pytest.mark.parametrize("state", ["", "{", "[]", '{"url": 1}', '{"url": "other", "mark": "m", "length": 1}'])
def test_a_part_of_unknown_origin_is_not_used(server, tmp_path, state):
    part = part_of(tmp_path / "a.bin")
    part.write_bytes(b"?" * 100)
    part.with_name(part.name + ".json").write_text(state)
    download(bare(server), tmp_path / "a.bin", PAGE)
    assert (tmp_path / "a.bin").read_bytes() == BODY


def refused(server, folder, message, one=None):
    """The download fails in one line, and leaves no file under its name. Returns the message."""
    with pytest.raises(ValueError, match=message) as told:
        download(one or card(server), folder / "a.bin", PAGE)
    assert not (folder / "a.bin").exists()
    assert "\n" not in str(told.value)
    return str(told.value)


def test_wrong_bytes_are_deleted_and_named(server, tmp_path):
    server.behave = lambda request, number: whole(request, number, BODY[::-1])
    told = refused(server, tmp_path, "not the right file .md5 .* the card says")
    assert "a.bin" in told and server.url in told and PAGE in told
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [401, 403, 404, 410])
def test_what_is_not_given_is_not_asked_for_again(server, tmp_path, number):
    server.behave = code(number)
    told = refused(server, tmp_path, f"answers HTTP {number}")
    assert server.url in told and PAGE in told and len(server.asked) == 1


@pytest.mark.parametrize("number", [429, 503])
def test_a_busy_server_is_asked_again(server, tmp_path, number):
    server.behave = in_turn(code(number), code(number), whole)
    download(card(server), tmp_path / "a.bin", PAGE)
    assert (tmp_path / "a.bin").read_bytes() == BODY and len(server.asked) == 3


def test_a_server_that_is_busy_for_ever_is_left_in_the_end(server, tmp_path):
    server.behave = code(503)
    refused(server, tmp_path, "busy .HTTP 503., 6 times")
    assert len(server.asked) == TRIES


def test_retry_after_is_kept_to(server, tmp_path, monkeypatch):
    waited = []
    monkeypatch.setattr(module.time, "sleep", waited.append)
    server.behave = in_turn(code(503, Retry_After="7"), whole)
    download(card(server), tmp_path / "a.bin", PAGE)
    assert waited == [7.0]


def test_a_wait_without_end_is_refused(server, tmp_path):
    server.behave = code(429, Retry_After="86400")
    refused(server, tmp_path, "asks to wait 86400 s")
    assert len(server.asked) == 1


def test_dates_and_nonsense_in_retry_after():
    assert asked_wait("Mon, 02 Jan 2023 00:00:00 GMT") == 0
    assert asked_wait("Mon, 02 Jan 2999 00:00:00 GMT") > 1e9
    assert asked_wait("") is None and asked_wait("soon") is None


def test_waits_double_and_end_at_a_minute(server, tmp_path, monkeypatch):
    waited = []
    monkeypatch.setattr(module.time, "sleep", waited.append)
    monkeypatch.setattr(module, "WAIT", 8)
    server.behave = code(503)
    refused(server, tmp_path, "busy")
    assert waited == [8, 16, 32, 60, 60]


def test_a_server_that_falls_silent_is_left(server, tmp_path):
    def silent(request, number):
        request.head(200, len(BODY), ETag='"one"')
        request.wfile.write(BODY[:10])
        request.wfile.flush()
        time.sleep(0.6)

    server.behave = in_turn(silent, whole)
    download(card(server), tmp_path / "a.bin", PAGE)
    assert server.asked[1]["Range"] == "bytes=10-"


def test_a_server_that_never_answers_is_left(server, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "TIMEOUT", (2, 0.05))
    server.behave = lambda request, number: time.sleep(0.2)
    refused(server, tmp_path, "does not answer in time, 6 times")


def test_a_trickle_counts_as_cut_off_and_is_gone_on_from(server, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "WINDOW", 0.05)
    monkeypatch.setattr(module, "SLOWEST", 10_000)

    def trickle(request, number):
        request.head(200, len(BODY), ETag='"one"')
        for place in range(20):
            request.wfile.write(BODY[place : place + 1])
            request.wfile.flush()
            time.sleep(0.01)

    server.behave = in_turn(trickle, whole)
    download(card(server), tmp_path / "a.bin", PAGE)
    assert (tmp_path / "a.bin").read_bytes() == BODY
    assert 0 < int(server.asked[1]["Range"][6:-1]) < 20


def test_a_file_longer_than_the_card_says_is_not_begun(server, tmp_path):
    refused(server, tmp_path, "has 10240 bytes, the card says 100", card(server, size=100))
    assert list(tmp_path.iterdir()) == []


def test_a_body_without_end_is_stopped(server, tmp_path):
    def endless(request, number):
        request.head(200)
        for _ in range(10_000):
            request.wfile.write(BODY)

    server.behave = endless
    refused(server, tmp_path, "sends more than the 100 bytes", bare(server) | {"size": 100})
    assert list(tmp_path.iterdir()) == []


def test_a_body_without_a_length_is_whole_by_its_checksum(server, tmp_path):
    def unsized(request, number):
        request.head(200)
        request.wfile.write(BODY)

    server.behave = unsized
    download(card(server), tmp_path / "a.bin", PAGE)
    assert (tmp_path / "a.bin").read_bytes() == BODY


def test_a_body_without_a_length_is_too_short_by_the_card(server, tmp_path):
    def unsized(request, number):
        request.head(200)
        request.wfile.write(BODY[:3000])

    server.behave = in_turn(unsized, whole)
    download(bare(server) | {"size": len(BODY)}, tmp_path / "a.bin", PAGE)
    assert (tmp_path / "a.bin").read_bytes() == BODY


def test_a_redirect_is_followed_and_a_loop_is_not(server, tmp_path):
    server.behave = in_turn(code(302, Location="/b"), whole)
    download(card(server), tmp_path / "a.bin", PAGE)
    (tmp_path / "a.bin").unlink()
    server.behave = code(302, Location="/b")
    refused(server, tmp_path, "cannot be read .Exceeded 30 redirects")


def test_a_web_page_is_no_archive(server, tmp_path):
    def page(request, number):
        request.head(200, 4, Content_Type="text/html; charset=utf-8")
        request.wfile.write(b"<htm")

    server.behave = page
    refused(server, tmp_path, "answers with a web page, not with a.bin", bare(server))


def test_without_a_network_one_line_says_so(server, tmp_path, monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    one = {"url": f"http://127.0.0.1:{port}/a.bin", "file": "a.bin"}
    refused(server, tmp_path, "127.0.0.1 cannot be reached: is there a network .*, 3 times", one)

    def unknown(*args, **options):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    one = {"url": "http://no.such.host.invalid/a.bin", "file": "a.bin"}
    refused(server, tmp_path, "no.such.host.invalid cannot be reached", one)


def test_a_bad_certificate_is_told_at_once(server, tmp_path):
    one = bare(server) | {"url": server.url.replace("http:", "https:")}
    refused(server, tmp_path, "cannot be read|cannot be reached|cut off", one)


def test_no_step_down_from_encryption(server, tmp_path, monkeypatch):
    real = requests.get
    secure = "https://safe.invalid/a.bin"
    monkeypatch.setattr(requests, "get", lambda url, **options: real(server.url, **options))
    refused(server, tmp_path, "without encryption", bare(server) | {"url": secure})


def test_a_full_disk_is_an_error_of_the_system(server, tmp_path, monkeypatch):
    def full(answer):
        raise OSError(errno.ENOSPC, "No space left on device")
        yield

    monkeypatch.setattr(module, "blocks", full)
    with pytest.raises(OSError, match="No space left"):
        download(card(server), tmp_path / "a.bin", PAGE)
