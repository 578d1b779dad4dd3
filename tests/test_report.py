"""The report: every file with its words, nothing fetched, a bad file named and survived, the same bytes twice."""

import base64
import io
import json
import re
import shlex
from html import escape, unescape
from html.parser import HTMLParser
from itertools import pairwise
from urllib.parse import unquote

import nbformat
import pandas as pd
import pytest
from PIL import Image

from emostudy import report, table_files
from emostudy.cli import parser
from emostudy.graph import NOTEBOOKS
from emostudy.parameters import parse_parameter
from emostudy.paths import write_atomically
from emostudy.report_files import protocols, read_table
from emostudy.report_words import citation, commands, points

VOID = ("img", "meta", "br", "link")
ALT = 'UAR of "A" & <B>: 60 on new speakers.'
NASTY = "<script>alert(1)</script>"
RUN = {"run_id": "a", "protocol": "random", "recipe": "svm", "fold": 0, "seed": 1, "seconds": 61.0, "device": "cpu"}
RUN |= {"corpus_fingerprint": "f00d", "environment": {"commit": "c0ffee-dirty", "versions": {"numpy": "2.4.6"}}}
REMOTE = """# Title
![far](https://example.org/far.png) <iframe src="https://example.org/frame"></iframe>
<meta http-equiv="refresh" content="0; url=https://example.org"> <link rel="stylesheet" href="https://example.org/a.css">"""


class Page(HTMLParser):
    """Elements as (tag, attributes, text inside, the tags around it)."""

    def __init__(self, path):
        super().__init__()
        self.path, self.html, self.elements, self.open = path, path.read_text("utf-8"), [], []
        self.feed(self.html)

    def handle_starttag(self, tag, attributes):
        self.elements.append([tag, dict(attributes), "", tuple(self.elements[at][0] for at in self.open)])
        if tag not in VOID:
            self.open.append(len(self.elements) - 1)

    def handle_endtag(self, tag):
        assert self.elements[self.open[-1]][0] == tag, f"</{tag}> does not close <{self.elements[self.open[-1]][0]}>"
        self.open.pop()

    def handle_data(self, data):
        for at in self.open:
            self.elements[at][2] += data

    def all(self, tag):
        return [element for element in self.elements if element[0] == tag]

    def texts(self, tag):
        return [" ".join(text.split()) for _, _, text, _ in self.all(tag)]

    def addresses(self, *names):
        return [value for _, attributes, _, _ in self.elements for name, value in attributes.items() if name in names]


def png(size=(40, 20)):
    buffer = io.BytesIO()
    Image.effect_noise(size, 50).save(buffer, "png", dpi=(200, 200))
    return buffer.getvalue()


def add_figure(folder, slug, alt=ALT):
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    files = {"png": png(), "svg": b"<svg/>", "pdf": b"%PDF", "txt": alt.encode()}
    for ending, content in files.items():
        (folder / "figures" / f"{slug}.{ending}").write_bytes(content)


def add_table(folder, slug, caption="All systems"):
    cells = {"modalities": ["face", "face", "text"], "system": ["A", NASTY, "a | b"], "UAR": ["60.0 [-]", "-1.5", "7"]}
    table_files.save(pd.DataFrame(cells), folder, slug, caption, note="Percent & more.")


def add_notebook(folder, slug, source=REMOTE):
    code = nbformat.v4.new_code_cell("lesson.figure(figure)", id="code")
    data = {"image/png": base64.b64encode(png()).decode()}
    code.outputs = [
        nbformat.v4.new_output("display_data", data, metadata={"image/png": {"alt": ALT}}),
        nbformat.v4.new_output("display_data", {"application/javascript": "fetch('https://example.org/data')"}),
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(source, id="words"), code])
    (folder / "notebooks").mkdir(exist_ok=True)
    nbformat.write(notebook, folder / "notebooks" / f"{slug}.ipynb")


def add_rows(folder, slug, caption, **columns):
    table_files.save(pd.DataFrame(columns), folder, slug, caption)


def add_mistakes(root):
    """What notebooks 09, 10 and 14 leave for all corpora, and a table of results in which systems fall and rise."""
    folder = root / "emosynth" / "class"
    systems = {
        "modalities": ["face", "face", "face + text", "reference lines"],
        "system": ["A", "B", "mean", "majority"],
    }
    scores = {
        "random split": ["80.0 [1, 2]", "70.0 [-]", "85.0", "50.0"],
        "new speakers": ["60.0 [50.0, 70.0]", "75.0 [-]", "65.5", "50.0"],
    }
    add_rows(
        folder,
        "20_results",
        "All systems, UAR",
        **systems,
        **scores,
        **{"fall (points)": ["20.0", "-5.0", "19.5", "0.0"]},
    )
    add_rows(
        folder,
        "20_comparisons",
        "Pairs",
        modalities=["face + text"] * 3,
        system=["mean"] * 3,
        protocol=["new speakers", "random split", "new speakers"],
        **{"compared with": ["A", "A", "majority"]},
        verdict=["worse", "better", "better"],
    )
    cells = {"MELD": ["+0.5 n", "+50.6", "-"], "EmoSynth": ["+90.0 b", "+2.9", "+7.0"]}
    add_rows(folder, "10_mistakes", "Points that each mistake adds", mistake=["luck", "copies", "scaling"], **cells)
    add_rows(folder, "10_orders", "What is said to be better", claim=["R: weights"], verdict=["holds"])
    add_figure(folder, "09_leaks")
    home = {"tested on RAVDESS": ["60.1 [1, 2]", "22.7", "99.0"], "tested on TESS": ["51.3", "54.1 [-]", "99.0"]}
    learned = {"system": ["MLP"] * 3, "trained on": ["RAVDESS", "TESS", "all others"]}
    add_rows(root / "across" / "paper", "14_matrix", "Trained on one, tested on another", **learned, **home)


def add_stamp(folder, slug, **parameters):
    (folder / "stamps").mkdir(exist_ok=True)
    stamp = {"corpus": "f00d", "runs": [], "reads": [], "files": {}, "parameters": parameters}
    (folder / "stamps" / f"{slug}.json").write_text(json.dumps(stamp))


def add_run(folder, **changes):
    record = RUN | changes
    (folder / "runs").mkdir(exist_ok=True)
    (folder / "runs" / f"{record['run_id']}.json").write_text(json.dumps(record))


@pytest.fixture
def root(tmp_path):
    """EmoSynth with all kinds of files, RAVDESS with a single table, and folders that do not belong in a report."""
    folder = tmp_path / "emosynth" / "class"
    for slug in ("02_roc", "20_differences", "20_protocols"):
        add_figure(folder, slug)
    for slug in ("02_results", "20_comparisons", "20_results"):
        add_table(folder, slug, f"Caption of {slug}")
    add_notebook(folder, "02_face_cnn")
    add_run(folder)
    add_run(folder, run_id="b", seed=2, environment={"commit": "beef"})
    add_table(tmp_path / "ravdess" / "paper", "03_results", "Only this")
    add_table(tmp_path / "emosynth" / "smoke", "03_results", "Never a smoke result")
    add_table(tmp_path / "unknown" / "class", "03_results", "Never a corpus without a card")
    return tmp_path


def corpus_page(root, name="emosynth_class"):
    """What a report that is written now says of one corpus."""
    return Page(report.write(root).parent / f"{name}.html")


@pytest.mark.parametrize("name", ["index", "emosynth_class", "ravdess_paper"])
def test_page_is_well_built(root, name):
    page = corpus_page(root, name)
    assert page.path == root / "report" / f"{name}.html" and not page.open
    assert page.all("html")[0][1]["lang"] == "en"
    assert [len(page.all(tag)) for tag in ("header", "nav", "main", "h1")] == [1, 1, 1, 1]
    levels = [int(tag[1]) for tag, *_ in page.elements if tag in ("h1", "h2", "h3", "h4")]
    assert levels[0] == 1 and all(after - before <= 1 for before, after in pairwise(levels))
    ids = page.addresses("id")
    assert len(ids) == len(set(ids)), "an id is there twice"
    assert {link[1:] for link in page.addresses("href") if link.startswith("#")} <= set(ids)
    assert page.all("a")[0][1] == {"class": "skip", "href": "#content"}
    assert "prefers-color-scheme: dark" in page.html and "@media print" in page.html
    assert not page.all("script")


def test_each_link_leads_to_a_file_of_the_results_and_to_a_place_on_it(root):
    add_mistakes(root)
    report.write(root)
    pages = {path.name: Page(path) for path in (root / "report").glob("*.html")}
    assert set(pages) == {f"{name}.html" for name in ("index", "emosynth_class", "ravdess_paper", "across_paper")}
    for page in pages.values():
        links = [link for link in page.addresses("href", "src") if not link.startswith(("#", "https://"))]
        assert len(links) > 4
        assert [link for link in links if not (page.path.parent / unquote(link.partition("#")[0])).is_file()] == []
    main, own = (pages[name].addresses("href") for name in ("index.html", "emosynth_class.html"))
    assert {"emosynth_class.html", "ravdess_paper.html"} <= set(main) and "index.html" in own
    back = re.search(
        r'href="\.\./(emosynth_class\.html)#([^"]+)"',
        next(iter(root.glob("report/notebooks/*.html"))).read_text("utf-8"),
    )
    assert back[2] in pages[back[1]].addresses("id")


def test_only_folders_with_tables_of_known_corpora_are_shown_but_no_smoke(root):
    (root / "ravdess" / "class" / "figures").mkdir(parents=True)
    page = Page(report.write(root))
    assert [text for text in page.texts("h3") if "·" in text][:2] == ["EmoSynth · class", "RAVDESS · paper"]
    assert not [path for path in root.glob("report/*.html") if "Never" in path.read_text("utf-8")]
    assert corpus_page(root).texts("h1") == ["EmoSynth, made by this study · class"]


def test_a_study_cut_short_for_a_test_is_shown_where_there_is_no_other_and_says_so(tmp_path):
    add_table(tmp_path / "emosynth" / "smoke", "03_results", "Cut short")
    page = Page(report.write(tmp_path))
    assert "Training was cut short for a test: no number here means anything." in page.texts("p")
    assert "Cut short: the best of each set" in page.texts("caption")
    (tmp_path / "claims").mkdir()
    (tmp_path / "claims" / "claims.png").write_bytes(png())
    (tmp_path / "claims" / "claims.txt").write_text("Of 2 printed numbers 1 reproduced.")
    assert "What the study finds" not in report.write(tmp_path).read_text("utf-8")
    add_table(tmp_path / "emosynth" / "class", "03_results", "Whole")
    assert "cut short" not in report.write(tmp_path).read_text("utf-8")
    assert [path.name for path in (tmp_path / "report").glob("emosynth*")] == ["emosynth_class.html"], (
        "the old page stays"
    )


def test_figures_have_their_words_twice_and_their_files(root):
    short = Page(report.write(root))
    assert short.texts("figcaption") == [f"{ALT} 20_differences svg pdf png"], "all figures are on the main page"
    page = corpus_page(root)
    assert [attributes["alt"] for _, attributes, _, _ in page.all("img")] == [ALT] * 3
    captions = page.texts("figcaption")
    assert captions[0] == f"{ALT} 20_protocols svg pdf png" and len(captions) == 3
    main, roc = page.all("img")[0][1], page.all("img")[-1][1]
    assert main["src"] == "../emosynth/class/figures/20_protocols.png" and (main["width"], main["height"]) == (
        "22",
        "11",
    )
    assert roc["src"].endswith("02_roc.png"), "the paper's figures come first"


def test_tables_are_tables_with_captions_scopes_and_numbers_to_the_right(root):
    page = corpus_page(root)
    order = [f"Caption of {slug}" for slug in ("20_results", "20_comparisons", "02_results")]
    assert page.texts("caption") == order and corpus_page(root, "ravdess_paper").texts("caption") == ["Only this"]
    heads = [attributes for tag, attributes, _, _ in page.elements if tag == "th"]
    assert {attributes["scope"] for attributes in heads} == {"col", "row"}
    assert page.texts("th")[:9] == ["modalities", "system", "UAR", "face", "A", "face", NASTY, "text", "a | b"]
    assert [attributes["class"] for _, attributes, _, _ in page.all("td")] == ["right"] * 9
    boxes = [attributes for _, attributes, _, _ in page.all("div") if attributes.get("class") == "scroll"]
    assert len(boxes) == 3 and all(box["tabindex"] == "0" for box in boxes)
    assert page.html.count("Percent &amp; more.") == 3


def test_what_is_in_a_cell_a_caption_or_a_name_is_text(root):
    folder = root / "emosynth" / "class"
    add_table(folder, "20_a b#c", NASTY)
    add_figure(folder, "20_50% off", NASTY)
    page = corpus_page(root)
    assert NASTY not in page.html and NASTY in page.texts("caption")
    assert NASTY not in Page(report.write(root)).html
    assert "../emosynth/class/tables/20_a%20b%23c.csv" in page.addresses("href")
    assert "../emosynth/class/figures/20_50%25%20off.png" in page.addresses("src")


def test_the_corpus_its_protocols_and_where_numbers_come_from_are_told(root):
    page = corpus_page(root, "ravdess_paper")
    told = dict(zip(page.texts("dt"), page.texts("dd"), strict=True))
    assert told["Licence"] == "CC BY-NC-SA 4.0" and "Livingstone" in told["Citation"]
    assert told["Access"] == "free download, https://zenodo.org/records/1188976" and told["Clips"] == "1440"
    assert told["Cluster unit"] == "speaker: intervals resample whole speakers" and "Actor_07" in told["Known faults"]
    assert told["new speakers"].startswith("No speaker is in two of train, dev and test.")
    page = corpus_page(root)
    told = dict(zip(page.texts("dt"), page.texts("dd"), strict=True))
    assert (
        told["Folds"] == "random split: 1"
        and told["Commit"] == "beef (1 run); c0ffee-dirty (1 run)"
        and told["Training time"].startswith("2 min 2 s")
    )
    assert told["Runs"].startswith("2: 2 trained") and told["Seeds"] == "1, 2" and told["Device"] == "cpu, None"


def test_commands_to_run_it_again_are_understood(root):
    lines = "\n".join(Page(report.write(root)).texts("pre"))
    commands = re.findall(r"emostudy (run --corpus \w+ --profile \w+(?: --data-dir DATA)?)", lines)
    assert [command.split()[2] for command in commands] == ["emosynth", "ravdess"]
    assert parser().parse_args(commands[1].split()).data_dir == "DATA"


def test_notebooks_become_pages_that_keep_alternative_texts_and_fetch_nothing(root):
    page = corpus_page(root)
    assert "notebooks/emosynth_class_02_face_cnn.html" in page.addresses("href")
    html = (root / "report" / "notebooks" / "emosynth_class_02_face_cnn.html").read_text("utf-8")
    assert """alt='UAR of "A" &amp; &lt;B&gt;: 60 on new speakers.'""" in html
    assert not re.search("<(script|iframe|link|base|object|embed)|http-equiv=.?refresh", html)
    assert not re.search(r"""<[a-z]+\b[^>]*?\s(src|srcset|poster)\s*=\s*["']?(https?:)?//""", html)
    assert "@font-face" not in html and html.index("default-src 'none'") < html.index("<style")
    assert 'href="../emosynth_class.html#emosynth-class-02_face_cnn"' in html and "data-src" in html


@pytest.mark.parametrize("name", ["index", "emosynth_class"])
def test_nothing_on_the_page_is_loaded_from_elsewhere(root, name):
    page = corpus_page(root, name)
    loaded = [attributes for tag, attributes, _, _ in page.elements if tag != "a"]
    assert not [a for a in loaded for name in ("src", "href", "srcset") if "//" in a.get(name, "")]
    assert "default-src 'none'" in page.html and "url(" not in page.html


def test_a_second_call_converts_nothing_and_gives_the_same_bytes(root):
    def written():
        return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in root.glob("report/notebooks/*")}

    first = report.make(root)
    index, pages = first.path.read_bytes(), written()
    second = report.make(root)
    assert (first.num_converted, second.num_converted) == (1, 0)
    assert second.path.read_bytes() == index and written() == pages and len(pages) == 1
    add_notebook(root / "emosynth" / "class", "02_face_cnn", "# Another")
    assert report.make(root).num_converted == 1 and "Another" in next(iter(pages)).read_text("utf-8")


def test_the_page_of_a_notebook_that_is_gone_goes(root):
    report.write(root)
    (root / "emosynth" / "class" / "notebooks" / "02_face_cnn.ipynb").unlink()
    page = corpus_page(root)
    assert not list((root / "report" / "notebooks").iterdir())
    assert "Not here yet: executed notebook." in page.texts("p")


def test_what_is_not_there_is_said_in_a_sentence(root):
    paragraphs = [
        text for name in ("index", "emosynth_class", "ravdess_paper") for text in corpus_page(root, name).texts("p")
    ]
    assert "No figure of all systems is here: notebook 20_paper draws it where systems were trained." in paragraphs
    assert any(text.startswith("No record of a run is here") for text in paragraphs)
    assert "Left out: it needs text; the corpus has face, speech." in paragraphs
    assert "Not here yet: executed notebook, figures." in paragraphs
    assert "Not here yet: executed notebook, figures, tables." in paragraphs


SECTIONS = ["Question", "Corpora", "Protocols", "Results", "Across corpora", "Leaks", "Claims", "Limits"]
SECTIONS += ["Data and ethics", "How to cite", "How to rerun"]


def test_the_main_page_is_read_from_the_question_to_the_rerun(root):
    page = Page(report.write(root))
    assert page.texts("h2") == ["Contents", *SECTIONS]
    contents = [text for _, _, text, around in page.all("a") if "nav" in around]
    assert contents[: len(SECTIONS)] == SECTIONS
    assert page.html.count("Not here yet") == 3, "what is not there is not said"  # across, leaks, claims


def test_claims_of_all_corpora_are_shown_once_they_are_there(root):
    assert "Not here yet: notebook 10" in report.write(root).read_text("utf-8")
    folder = root / "claims"
    folder.mkdir()
    claimed = pd.DataFrame({"claim": ["F: LSTM", "M: BERT"], "verdict": ["not reproduced", "reproduced"]})
    (folder / "claims.md").write_text(table_files.markdown(claimed, "Claimed, reproduced, honest"), "utf-8")
    (folder / "claims.csv").write_text("claim\n")
    (folder / "claims.png").write_bytes(png())
    (folder / "claims.txt").write_text("Of 2 printed numbers 1 reproduced.")
    page = Page(report.write(root))
    assert "Claims: Of 2 printed numbers 1 reproduced. (claims)" in page.texts("li")
    assert "Claimed, reproduced, honest" in page.texts("caption") and "not reproduced" in page.texts("td")
    assert {"../claims/claims.png", "../claims/claims.csv"} <= set(page.addresses("src", "href"))
    assert any(alt == "Of 2 printed numbers 1 reproduced." for alt in page.addresses("alt"))
    (folder / "claims.md").write_text("no table")
    told = report.make(root)
    assert "claims/claims.md" in told.faults and told.path.is_file()


def test_a_failed_notebook_is_said(root):
    notebooks = root / "emosynth" / "class" / "notebooks"
    (notebooks / "02_face_cnn.failed.ipynb").write_text("{}")
    made = report.make(root)
    assert made.faults == {}
    assert "The last run of this notebook failed" in (made.path.parent / "emosynth_class.html").read_text("utf-8")


def spoil_picture(folder):
    path = folder / "figures" / "02_roc.png"
    path.write_bytes(path.read_bytes()[:-40])
    return path


def spoil_alt(folder):
    (folder / "figures" / "02_roc.txt").write_text(" \n")
    return folder / "figures" / "02_roc.png"


def spoil_table(folder):
    path = folder / "tables" / "02_results.md"
    path.write_text("**Caption**\n\n| a | b |\n| :--- | ---: |\n| 1 |\n")
    return path


def spoil_encoding(folder):
    path = folder / "tables" / "02_results.md"
    path.write_bytes(b"**Caption \xff**")
    return path


def spoil_notebook(folder):
    path = folder / "notebooks" / "02_face_cnn.ipynb"
    path.write_text(path.read_text()[:100])
    return path


def spoil_run(folder):
    (folder / "runs" / "a.json").write_text("[]")
    return folder / "runs" / "a.json"


SPOILERS = (spoil_picture, spoil_alt, spoil_table, spoil_encoding, spoil_notebook, spoil_run)


@pytest.mark.parametrize("spoil", SPOILERS)
def test_a_bad_file_is_named_on_the_page_and_in_the_summary_and_stops_nothing(root, spoil):
    report.write(root)  # an old page of the notebook is there
    name = spoil(root / "emosynth" / "class").relative_to(root).as_posix()
    made = report.make(root)
    page = Page(made.path)
    assert list(made.faults) == [name] and "again" in made.faults[name] and str(root) not in made.faults[name]
    assert [line for line in made.summary() if line.startswith(f"not shown: {name}: ")]
    assert name in page.texts("code") and "#faults" in page.addresses("href")
    assert "Caption of 20_results: the best of each set" in page.texts("caption"), "the rest is not shown"
    assert "notebooks" not in name or not list((root / "report" / "notebooks").iterdir()), "its old page is still there"


def test_summary_counts_what_is_shown(root):
    lines = report.make(root).summary()
    assert lines[:2] == ["emosynth    class   2 runs", "ravdess     paper   0 runs"]
    assert lines[2] == "shown: 3 figures, 4 tables, 1 notebook; converted now: 1"
    assert lines[3].startswith("open next: ") and lines[3].endswith("index.html") and len(lines) == 4


def test_files_of_no_notebook_are_shown_too(root):
    add_table(root / "emosynth" / "class", "77_mine", "My own")
    page = corpus_page(root)
    assert "My own" in page.texts("caption") and "77Files of no notebook" in page.texts("h2")


def test_no_results_is_told_with_the_remedy(tmp_path):
    with pytest.raises(ValueError, match=r"no tables in .*run `python -m emostudy run` first"):
        report.write(tmp_path)


def test_an_interrupted_report_leaves_the_old_page(root, monkeypatch):
    path = report.write(root)
    before = path.read_bytes()
    pages = sorted(path.name for path in path.parent.glob("*.html"))
    monkeypatch.setattr(report, "_page", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        report.write(root)
    assert path.read_bytes() == before and sorted(p.name for p in path.parent.glob("*.html")) == pages
    assert report.write_atomically is write_atomically


def test_write_prints_nothing_but_the_bar(root, capsys):
    report.write(root)
    assert capsys.readouterr().out == ""


def test_a_table_is_read_as_it_was_written(tmp_path):
    cells = {"name": ["a|b", "c\\d", "e"], "value": ["1", "-2 [-]", "< 0.001"], "verdict": ["better", "", "worse"]}
    table_files.save(pd.DataFrame(cells), tmp_path, "x", "A **bold** caption", note="Note.")
    table = read_table(tmp_path / "tables" / "x.md")
    assert table.caption == "A **bold** caption" and table.note == "Note." and table.num_keys == 1
    assert table.header == list(cells) and table.right == [False, True, False]
    assert table.rows == [list(row) for row in zip(*cells.values(), strict=True)]


def test_the_findings_are_what_the_tables_hold(root):
    add_mistakes(root)
    told = [text for text in Page(report.write(root)).texts("li") if text.endswith(")")]
    fall = "EmoSynth · class: 2 of 3 systems score lower on “new speakers” than on “random split”, in the median by 19.5 points."
    best = "Highest on “new speakers”: B (face), 75.0 [-]."
    joined = "Of 1 systems that join modalities, beside A on “new speakers”: 1 worse."
    assert f"{fall} {best} {joined} (results)" in told
    assert (
        "Systems trained on one corpus reach 54.1 to 60.1 % on new speakers of it, 22.7 to 51.3 % on another corpus. (across)"
        in told
    )
    assert "Mistakes that add most points: copies (+50.6 on MELD); scaling (+7.0 on EmoSynth). (leaks)" in told


def test_what_rises_is_not_said_to_fall(root):
    scores = {"random split": ["60.0"], "new speakers": ["75.0"], "fall (points)": ["-15.0"]}
    add_rows(root / "emosynth" / "class", "20_results", "All", modalities=["face"], system=["A"], **scores)
    told = Page(report.write(root)).texts("li")
    assert any(
        "all 1 systems score higher on “new speakers” than on “random split”, in the median by 15.0" in one
        for one in told
    )


def test_the_best_of_each_set_and_every_reference_line_stand_in_the_short_table(root):
    add_mistakes(root)
    page = Page(report.write(root))
    text = page.html[page.html.index("table-emosynth-class") :].partition("</table>")[0]
    assert [re.search(r">([^<]+)</th>", row)[1] for row in text.split("<tr")[2:]] == [
        "face",
        "face + text",
        "reference lines",
    ]
    assert text.count("60.0 [50.0, 70.0]") == 1 and "75.0" not in text


def test_leaks_claims_of_order_and_the_matrix_stand_in_sections_of_their_own(root):
    add_mistakes(root)
    html = report.write(root).read_text("utf-8")
    at = [html.index(f'<h2 id="{name}"') for name in ("protocols", "results", "across", "leaks", "claims", "limits")]
    found = (
        'id="falls-emosynth-class"',
        'id="table-emosynth-class"',
        "Trained on one",
        "Points that each",
        "What is said to be better<",
    )
    places = [html.index(text) for text in found]
    assert [start < place < end for start, place, end in zip(at[:-1], places, at[1:], strict=True)] == [True] * 5
    assert html.index('id="leaks-emosynth-class"') < at[4]


def test_no_page_says_what_is_false_of_leaks_and_of_one_draw(root):
    add_run(root / "ravdess" / "paper", protocol="official")
    report.write(root)
    for path in root.glob("report/*.html"):
        html = path.read_text("utf-8")
        assert (
            "no test label is used in a run." not in html
            and "every fold is run, so each protocol tests every clip" not in html
        )
    lead = corpus_page(root, "ravdess_paper").texts("p")[1]
    assert "“official split”" in lead and "random" not in lead


def test_clips_are_counted_in_the_table_that_is_kept(root):
    folder = root / "ravdess" / "paper"
    (folder / "clips.csv").write_text("clip_id,emotion,speaker\na,sad,x\nb,sad,y\nc,sad,\n")
    row = next(text for text in Page(report.write(root)).texts("tr") if text.startswith("RAVDESS"))
    assert row.startswith("RAVDESSpaperface, speech328: neutral"), "3 clips, 2 speakers, 8 labels"
    (folder / "clips.csv").write_bytes(b"\xff")
    made = report.make(root)
    assert "ravdess/paper/clips.csv" in made.faults and made.studies[1].clips == 1440


def test_the_statement_on_data_and_ethics_is_the_readmes(root):
    page = Page(report.write(root))
    section = report.points()
    said = [re.sub(r"<[^>]+>", "", str(point)) for point in section]
    assert len(said) >= 4 and {unescape(one) for one in said} <= set(page.texts("li"))
    assert any(str(one).startswith("<strong>Must not be used</strong>") for one in section)


def test_a_section_of_the_readme_is_escaped_and_may_be_absent(tmp_path):
    path = tmp_path / "README.md"
    path.write_text(
        f"## Data and ethics\n\n* **A** {NASTY}\n  `b` [c](https://x.org/) [d](e.md)\n* two\n\n## Licence\n\n* no\n"
    )
    first, second = map(str, points(path=path))
    assert (
        first == f'<strong>A</strong> {escape(NASTY)} <code>b</code> <a href="https://x.org/">c</a> d'
        and second == "two"
    )
    assert points(path=tmp_path / "none") == [] and citation(tmp_path / "none") == ""


def test_the_study_is_cited_as_its_file_says():
    said = citation()
    assert said.startswith("The emostudy authors. emostudy: a reproducible study") and "Version 0.1.0, 20" in said


def test_a_command_asks_for_what_the_stamps_say_without_paths_of_a_machine(root):
    folder = root / "ravdess" / "paper"
    asked = {
        "protocols": ["random", "official"],
        "systems": ["a b", "c'd"],
        "text_weights": "/home/x/MiniLM",
        "note": "7",
    }
    add_stamp(
        folder,
        "03_speech_lstm",
        corpus="ravdess",
        profile="paper",
        data_dir="/home/x",
        **asked,
        **{"files of text_weights": "f"},
    )
    add_stamp(folder, "01_corpora", protocols=["random", "official"])
    (line,) = commands(folder)
    options = parser().parse_args(shlex.split(line))
    assert "/home" not in line and options.data_dir == "DATA" and options.only == ["01", "03"]
    assert (options.corpus, options.profile, options.protocols) == ("ravdess", "paper", asked["protocols"])
    told = dict(map(parse_parameter, options.parameters))
    assert told == {"systems": asked["systems"], "text_weights": "MiniLM", "note": "7"}
    assert line in unescape(Page(report.write(root)).html)


def test_a_hub_name_is_no_folder_and_all_notebooks_need_no_list(root):
    folder = root / "ravdess" / "paper"
    for node in NOTEBOOKS:
        if "text" not in node.needs and "votes" not in node.needs and not node.home:
            add_stamp(folder, node.slug, **({"weights": "org/name"} if node.slug.startswith("02") else {}))
    assert commands(folder) == ["run --corpus ravdess --profile paper --data-dir DATA -p weights=org/name"]


def test_notebooks_run_differently_have_a_command_each(root):
    folder = root / "ravdess" / "paper"
    add_stamp(folder, "02_face_cnn", seeds=[0])
    add_stamp(folder, "03_speech_lstm")
    add_stamp(folder, "05_decision_fusion", seeds=[0])
    options = [parser().parse_args(shlex.split(line)) for line in commands(folder)]
    assert [(one.only, one.seeds) for one in options] == [(["02", "05"], [0]), (["03"], [])]


def test_a_parameter_that_none_can_have_is_a_fault_and_stops_nothing(root):
    add_stamp(root / "ravdess" / "paper", "03_speech_lstm", **{"a b": "x"})
    made = report.make(root)
    assert list(made.faults) == ["ravdess/paper/stamps"] and made.path.is_file()


def test_protocols_of_which_the_same_can_be_said_share_a_row():
    told = protocols(
        [], ["random", "as_published:80_20", "as_published:100_clips", "speaker_independent", "leave_one_corpus_out"]
    )
    assert [titles for titles, _ in told] == [
        "100 clips as published, 80/20 as published",
        "random split",
        "new speakers",
        "one new corpus",
    ]
    assert not any("`" in words for _, words in told)


@pytest.mark.parametrize("name", ["20_results", "20_comparisons", "10_mistakes", "10_orders", "14_matrix"])
@pytest.mark.parametrize(
    "cells", [{"fall": ["x"]}, {"a": ["-"], "b": ["+x"]}, {"fall": [""], "fall (points)": ["1 2"]}]
)
def test_tables_of_another_shape_stop_nothing(root, name, cells):
    add_mistakes(root)
    add_rows(root / "emosynth" / "class", name, "Another shape", **cells)
    made = report.make(root)
    assert made.faults == {} and "Another shape" in (root / "report" / "emosynth_class.html").read_text("utf-8")


@pytest.mark.parametrize("name", ["20_results", "20_comparisons", "10_mistakes", "10_orders"])
def test_broken_tables_of_the_main_page_are_named_there(root, name):
    add_mistakes(root)
    (root / "emosynth" / "class" / "tables" / f"{name}.md").write_text("no table")
    made = report.make(root)
    assert list(made.faults) == [f"emosynth/class/tables/{name}.md"]
    assert f"emosynth/class/tables/{name}.md" in Page(made.path).texts("code")
