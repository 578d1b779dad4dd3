"""Slides: one for each heading and output, nothing fetched, formulas drawn; and the command that makes them."""

import base64
import shutil

import nbformat
import pytest
from nbformat import v4

from emostudy import slides
from emostudy.cli import main

PIXEL = base64.b64encode(b"no real picture").decode()


def code(source: str, **data) -> nbformat.NotebookNode:
    outputs = (
        [v4.new_output("execute_result", data={kind.replace("_", "/"): value for kind, value in data.items()})]
        if data
        else []
    )
    return v4.new_code_cell(source, outputs=outputs)


def picture(alt: str) -> nbformat.NotebookNode:
    cell = code("figure", **{"image_png": PIXEL})
    cell.outputs[0].metadata["image/png"] = {"alt": alt}
    return cell


def notebook(*cells) -> nbformat.NotebookNode:
    return v4.new_notebook(cells=list(cells))


def text_of(slide: slides.Slide) -> str:
    return " ".join(slide.blocks)


def test_a_slide_for_each_heading_with_what_follows_it_and_for_each_further_output():
    made = slides.slides_of(
        notebook(
            v4.new_markdown_cell("# 05 · Title\n\n" + "A question. " * 10),
            code("import this", text_markdown="versions"),
            v4.new_markdown_cell("## Short"),
            code("table", text_html="<table></table>"),
            picture("a finding"),
            v4.new_markdown_cell("What it means."),
            v4.new_markdown_cell("So far.\n\n## Next"),
            code("answer = None\ncheck(1)", text_markdown="not answered yet"),
        )
    )
    assert [slide.of for slide in made] == ["", "", "Short", ""]
    assert "Title" in text_of(made[0]) and "Short" in text_of(made[1]) and "<table>" in text_of(made[1])
    assert (
        'alt="a finding"' in text_of(made[2]) and "What it means." in text_of(made[2]) and "So far." in text_of(made[2])
    )
    assert "Next" in text_of(made[3]) and not any(
        "versions" in text_of(one) or "answered" in text_of(one) for one in made
    )


def test_long_prose_goes_on_on_a_further_slide_of_its_section():
    made = slides.slides_of(notebook(v4.new_markdown_cell("## Long\n\n" + "\n\n".join(["word " * 60] * 5))))
    assert len(made) >= 3 and {slide.of for slide in made[1:]} == {"Long"}


def test_code_is_shown_where_it_is_asked_for():
    cells = notebook(v4.new_markdown_cell("## One"), code("print_me = 1", text_html="<b>1</b>"))
    assert "print_me" not in text_of(slides.slides_of(cells)[0]) and "print_me" in text_of(
        slides.slides_of(cells, code=True)[0]
    )


def test_formulas_are_drawn_and_money_is_not():
    made = slides.as_html("If $e_m$ holds, $$\\sum_i p_i = 1$$ It costs $5 or $6.")
    assert made.count("<math") == 2 and 'display="block"' in made and "costs $5 or $6." in made


def test_code_is_no_formula_and_what_cannot_be_read_stays():
    fence = "```bash\nls $HOME\n\n# comment $x$\n```"
    assert "<math" not in slides.as_html(f"`$a$` and {fence}") and slides.parts_of(f"One.\n\n{fence}") == [
        f"One.\n\n{fence}"
    ]
    assert "frac" in slides.as_html(r"$\frac{1}{$") and slides.as_html("FORMULA0X").count("FORMULA0X") == 1


def test_alt_text_and_titles_are_escaped():
    made = slides.page("<x>", slides.slides_of(notebook(v4.new_markdown_cell("## A"), picture('"><script>'))))
    assert "<x>" not in made and made.count("<script>") == 1, "its own for the keys"


def test_the_command_writes_them_for_every_notebook_that_ran(smoke, tmp_path, capsys):
    corpus, ran = smoke
    folder = shutil.copytree(ran, tmp_path / corpus / "smoke")  # other tests watch that nothing is written to theirs
    root = str(tmp_path)
    for number in ("01", "05"):
        assert main(["slides", number, "--results-dir", root, "--corpus", corpus, "--code"]) == 0
        made = next((folder / "slides").glob(f"{number}_*.html")).read_text("utf-8")
        assert made.count("<section>") > 8 and "<img alt=" in made and "Traceback (most recent" not in made
        assert not [
            word
            for word in ("http://", "https://", "src=/")
            if f'src="{word}' in made or f'href="{word}' in made.split("<body>")[0]
        ]
    assert "slides: " in capsys.readouterr().out


def test_what_cannot_be_shown_is_refused_with_the_remedy(tmp_path, smoke, capsys):
    bad, empty = tmp_path / "05_x.ipynb", tmp_path / "06_x.ipynb"
    bad.write_text("no json")
    nbformat.write(notebook(v4.new_markdown_cell("# Empty")), empty)
    with pytest.raises(ValueError, match="is no notebook"):
        slides.make(bad, tmp_path / "out.html")
    with pytest.raises(ValueError, match="has no outputs: `python -m emostudy run` executes it"):
        slides.make(empty, tmp_path / "out.html")
    assert main(["slides", "11", "--results-dir", str(smoke[1].parents[1])]) == 2
    assert "11_raters was not run there" in capsys.readouterr().err
    assert main(["slides", "99"]) == 2
