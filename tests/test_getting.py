"""The commands `corpora` and `fetch`, with a small corpus of this test's own and a local server."""

import errno
import hashlib
import io
import re
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from emostudy import cli, corpora, getting
from emostudy.corpora import CARDS, catalogue, check, fetching, unpack
from emostudy.corpora import cards as real_cards

ROOT = CARDS.parents[2]
SOUNDS = {f"Actor_0{n}/{n}.wav": bytes([n]) * 100 * n for n in (1, 2)}


def zipped(files):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as pack:
        for name, content in files.items():
            pack.writestr(name, content)
    return made.getvalue()


FILES = {"/Sounds.zip": zipped(SOUNDS), "/labels.csv": b"clip,emotion\n", "/Films.zip": zipped({"a.mp4": b"film"})}


class Server(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        body = FILES.get(self.path)
        self.send_response(200 if body else 404)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *args):
        pass


@pytest.fixture
def server(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as made:
        made.asked = []
        threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield made
        made.shutdown()


CARD = {
    "title": "One",
    "citation": "One O (2020).\n",
    "licence": "CC BY 4.0",
    "access": "free download",
    "address": "https://x.org",
    "folders": ["one"],
    "modalities": ["speech"],
    "languages": ["English"],
    "emotions": ["happy", "sad"],
}


@pytest.fixture
def known(monkeypatch, server):
    """The cards: one to download, one on request, one of your own, one without a direct download."""
    url = f"http://127.0.0.1:{server.server_port}"
    md5 = hashlib.md5(FILES["/Sounds.zip"]).hexdigest()
    one = CARD | {
        "downloads": [
            {"url": f"{url}/Sounds.zip", "file": "Sounds.zip", "md5": md5, "size": len(FILES["/Sounds.zip"])}
            | {"unpack": True, "to": "Audio"},
            {"url": f"{url}/labels.csv", "file": "labels.csv", "to": "data", "size": 13},
            {"url": f"{url}/Films.zip", "file": "Films.zip", "unpack": True},
        ]
    }
    gated = {
        "access": "on request",
        "how_to_get": "Sign the form\nand send it.",
        "folders": [],
        "any_folder": ["g", "G"],
    }
    cards = {"one": one, "gated": CARD | gated, "own": CARD | {"access": "your own"}, "bare": dict(CARD)}
    for module in (corpora, catalogue, check):
        monkeypatch.setattr(module, "cards", lambda: cards)
    return cards


def fetch(*words):
    return cli.main(["fetch", *words])


def held(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_all_is_fetched_unpacked_and_told(known, server, tmp_path, capsys):
    assert fetch("one", "--data-dir", str(tmp_path / "new"), "--accept-licence") == 0
    told = capsys.readouterr().out
    for words in (
        "One\n",
        "licence: CC BY 4.0",
        "cite: One O (2020).\n",
        f"to: {tmp_path / 'new' / 'one'}",
        "at least",
    ):
        assert words in told
    assert "Sounds.zip: 2 files" in told and "written to" in told and ": 4 files, " in told
    files = held(tmp_path / "new" / "one")
    assert set(files) == {".fetched.json", "Audio/Actor_01/1.wav", "Audio/Actor_02/2.wav", "data/labels.csv", "a.mp4"}
    assert files["Audio/Actor_02/2.wav"] == SOUNDS["Actor_02/2.wav"]


def test_what_is_there_and_right_is_not_fetched_again(known, server, tmp_path, capsys):
    fetch("one", "--data-dir", str(tmp_path), "--yes")
    server.asked.clear()
    assert fetch("one", "--data-dir", str(tmp_path)) == 0  # nothing to accept
    assert "all 3 downloads are in" in capsys.readouterr().out and server.asked == []
    (tmp_path / "one" / "Audio" / "Actor_01" / "1.wav").write_bytes(b"damaged")
    (tmp_path / "one" / "data" / "labels.csv").unlink()
    assert fetch("one", "--data-dir", str(tmp_path), "--yes") == 0
    assert server.asked == ["/Sounds.zip", "/labels.csv"]
    assert held(tmp_path / "one")["Audio/Actor_01/1.wav"] == SOUNDS["Actor_01/1.wav"]


@pytest.mark.parametrize("record", ["", "[]", '{"Sounds.zip": 1}', '{"Sounds.zip": {}}'])
def test_a_damaged_record_only_costs_a_download(known, server, tmp_path, record):
    fetch("one", "--data-dir", str(tmp_path), "--yes", "--only", "sounds")
    (tmp_path / "one" / fetching.RECORD).write_text(record)
    assert fetch("one", "--data-dir", str(tmp_path), "--yes", "--only", "sounds") == 0
    assert server.asked == ["/Sounds.zip"] * 2


def test_a_record_without_files_is_no_proof(known, server, tmp_path):
    one = known["one"]["downloads"][0]
    (tmp_path / "one").mkdir()
    fetching.note(tmp_path / "one", one, {})
    assert not fetching.is_there(one, tmp_path / "one")


def test_an_archive_that_was_fetched_but_not_unpacked_is_not_fetched_again(known, server, tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "Sounds.zip").write_bytes(FILES["/Sounds.zip"])
    assert fetch("one", "--data-dir", str(tmp_path), "--yes", "--only", "Sounds") == 0
    assert server.asked == [] and "Audio/Actor_01/1.wav" in held(tmp_path / "one")
    assert not (tmp_path / "one" / "Sounds.zip").exists()


def test_only_chooses_by_name(known, server, tmp_path, capsys):
    assert fetch("one", "--data-dir", str(tmp_path), "--yes", "--only", "films") == 0
    assert server.asked == ["/Films.zip"]
    assert fetch("one", "--data-dir", str(tmp_path), "--yes", "--only", "songs") == 2
    assert "no download's name contains 'songs'; there are: Sounds.zip" in capsys.readouterr().err


def test_where_it_goes_may_come_from_the_environment(known, server, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("EMOSTUDY_DATA", str(tmp_path))
    assert fetch("one", "--yes", "--only", "labels") == 0
    assert (tmp_path / "one" / "data" / "labels.csv").is_file()
    monkeypatch.delenv("EMOSTUDY_DATA")
    assert fetch("one", "--yes") == 2
    assert "--data-dir or the variable EMOSTUDY_DATA" in capsys.readouterr().err


@pytest.mark.parametrize("typed", ["no", "", "y", None])
def test_without_a_yes_nothing_is_downloaded(known, server, tmp_path, monkeypatch, capsys, typed):
    def answer(question):
        if typed is None:
            raise EOFError
        return typed

    monkeypatch.setattr("builtins.input", answer)
    monkeypatch.setattr(getting.sys.stdin, "isatty", lambda: True, raising=False)
    assert fetch("one", "--data-dir", str(tmp_path)) == 2
    assert capsys.readouterr().err == "emostudy: the licence is not accepted: nothing is downloaded\n"
    assert server.asked == [] and list(tmp_path.iterdir()) == []


def test_a_typed_yes_downloads(known, server, tmp_path, monkeypatch):
    monkeypatch.setattr("builtins.input", lambda question: " Yes ")
    monkeypatch.setattr(getting.sys.stdin, "isatty", lambda: True, raising=False)
    assert fetch("one", "--data-dir", str(tmp_path), "--only", "labels") == 0


def test_without_a_terminal_the_option_is_needed(known, server, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(getting.sys.stdin, "isatty", lambda: False, raising=False)
    assert fetch("one", "--data-dir", str(tmp_path)) == 2
    told = capsys.readouterr()
    assert told.err.count("\n") == 1 and "--accept-licence" in told.err and "licence: CC BY 4.0" in told.out
    assert server.asked == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("gated", ["access on request: Sign the form and send it.", "https://x.org", "as: g or G"]),
        ("own", ["your own recordings", "as: one"]),
        ("bare", ["no direct download: see https://x.org", "as: one"]),
    ],
)
def test_what_cannot_be_downloaded_tells_how_to_come_by_it(known, capsys, name, words):
    assert fetch(name) == 2
    told = capsys.readouterr()
    assert all(part in told.out for part in words) and told.err == ""


def test_an_unknown_name_is_one_line(known, capsys):
    assert fetch("won") == 2
    assert "unknown corpus 'won'; did you mean" in capsys.readouterr().err


def test_a_missing_file_is_one_line_with_its_address(known, server, tmp_path, monkeypatch, capsys):
    monkeypatch.delitem(FILES, "/labels.csv")
    assert fetch("one", "--data-dir", str(tmp_path), "--yes", "--only", "labels") == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and "/labels.csv answers HTTP 404" in told and "look at https://x.org" in told


def test_a_harmful_archive_is_one_line_and_named(known, server, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(FILES, "/Films.zip", zipped({"../evil": b"1"}))
    assert fetch("one", "--data-dir", str(tmp_path), "--yes", "--only", "Films") == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and "leads out of the folder" in told and str(tmp_path / "one" / "Films.zip") in told
    assert not (tmp_path / "evil").exists() and set(held(tmp_path)) == {"one/Films.zip"}


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_one_line(known, tmp_path, monkeypatch, capsys, number):
    def full(*args):
        raise OSError(number, "full")

    monkeypatch.setattr(fetching, "fetch_part", full)
    assert fetch("one", "--data-dir", str(tmp_path), "--yes") == 2
    told = capsys.readouterr().err
    assert "no space left for" in told and "--data-dir" in told and told.count("\n") == 1


def test_an_interrupt_says_that_it_can_be_gone_on_from(known, tmp_path, monkeypatch, capsys):
    def stop(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(fetching, "fetch_part", stop)
    assert fetch("one", "--data-dir", str(tmp_path), "--yes") == 130
    assert "the same command goes on" in capsys.readouterr().err


def test_a_second_fetch_at_the_same_time_is_refused(known, server, tmp_path, capsys):
    with fetching.alone(tmp_path / "one"):
        assert fetch("one", "--data-dir", str(tmp_path), "--yes") == 2
    assert "another fetch is at work" in capsys.readouterr().err and server.asked == []


def test_corpora_tell_how_to_come_by_each(known, tmp_path, capsys):
    assert cli.main(["corpora", "--data-dir", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert re.search(r"^one +not found +One$", told, re.M) and "`python -m emostudy fetch one` downloads it" in told
    assert "looked for as g or G in the data folder" in told
    (tmp_path / "G").mkdir()
    cli.main(["corpora", "--data-dir", str(tmp_path)])
    assert re.search(r"^gated +present", capsys.readouterr().out, re.M)


def test_a_named_corpus_is_counted_and_compared(monkeypatch, capsys, tmp_path):
    """Three sounds, of which one is a copy, where the card says 1440."""
    soundfile, np = pytest.importorskip("soundfile"), pytest.importorskip("numpy")
    folder = tmp_path / "ravdess" / "Actor_01"
    folder.mkdir(parents=True)
    for number, seed in (("01", 1), ("03", 2), ("04", 2)):
        sound = np.random.default_rng(seed).normal(0, 0.1, 400)
        soundfile.write(folder / f"03-01-{number}-01-01-01-01.wav", sound, 16000)
    (folder / "notes.wav").write_bytes(b"")
    assert cli.main(["corpora", "ravdess", "--data-dir", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert "2 clips, 2 files or clips left out" in told and "speakers: 1, with 2 to 2 clips each: 01 2" in told
    assert "emotions: neutral 1, calm 0, happy 1" in told and "media: audio 2" in told
    assert "differs from the card: 3 of 1440 clips: 1437 missing" in told
    assert "differs from the card: 1 of 24 speakers: 23 missing" in told
    assert "left out, exact duplicate of 01-03-01-01-01-01: 03-01-04-01-01-01-01.wav" in told
    assert "left out, name breaks the convention" in told


def test_a_corpus_that_is_not_there_is_one_line(capsys, tmp_path):
    assert cli.main(["corpora", "ravdess", "--data-dir", str(tmp_path)]) == 2
    assert "corpus 'ravdess' not found" in capsys.readouterr().err


def test_emosynth_is_not_made_by_asking(capsys, empty_cache):
    assert cli.main(["corpora", "emosynth"]) == 0
    assert "not made yet" in capsys.readouterr().out and not empty_cache.exists()


def test_the_readme_shows_the_table_of_the_cards():
    readme = (ROOT / "README.md").read_text("utf-8")
    shown = re.search(r"<!-- corpora -->\n(.*?)\n<!-- /corpora -->", readme, re.S)
    assert shown, "README.md lacks the markers <!-- corpora --> and <!-- /corpora -->"
    assert shown[1].strip() == getting.markdown(real_cards()), (
        "put the output of `corpora --markdown` between the markers"
    )


def test_the_table_has_a_row_for_each_corpus_and_keeps_its_columns(known, capsys):
    known["one"]["licence"] = "a | b"
    assert cli.main(["corpora", "--markdown"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 + len(known)
    assert (
        lines[2] == "| `one` | [One](https://x.org) | speech | happy, sad |  |  | English | a \\| b | free download |"
    )


@pytest.mark.parametrize("name", sorted(real_cards()))
def test_the_downloads_of_the_real_cards_can_be_fetched(name):
    downloads = real_cards()[name].get("downloads", [])
    assert len({one["file"] for one in downloads}) == len(downloads)
    for one in downloads:
        assert real_cards()[name]["access"] == "free download"
        assert fetching.folder_of(real_cards()[name], Path("data")).parts[0] == "data"
        assert one.get("unpack", False) == unpack.is_archive(Path(one["file"]))
        assert re.fullmatch("[0-9a-f]{32}", one.get("md5", "0" * 32))
        assert re.fullmatch("[0-9a-f]{64}", one.get("sha256", "0" * 64))
        assert one.get("size", 1) > 0
