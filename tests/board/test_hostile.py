"""Labels, messages and names from results are text in every format: they never change what a page is made of."""

import csv
import dataclasses
import io
import json
import os
import re
import stat
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from mibench.board.build import build_board
from mibench.board.document import front, pages
from mibench.board.figures import FIGURES
from mibench.board.render import html, json_csv, latex, markdown
from mibench.board.selection import Selection
from mibench.board.write import write_all, write_board, write_index
from mibench.errors import StoreError
from mibench.files import OutputFolder
from mibench.store import read_frame
from mibench.store.interchange import write_jsonl

HOSTILE = [
    "<img src=x onerror=alert(1)>", "<script>alert(1)</script>", "</script><script>alert(1)</script>",
    "[click](javascript:alert(1))", "![x](http://evil.example/x.png)", "<http://evil.example>", "http://evil.example",
    "www.evil.example", "a | b | c", "`code` and ``more``", "a\n\n# heading\n\n- item", "line\rover\x0bwrites",
    "**bold** _it_ ~~gone~~", "&lt;b&gt; &#x3c;", "\\", "\\`", "`", "``", "\x1b[31mred\x1b[0m", "\ud83d", "‮evil",
    "=1+1", "$x$ #1 ~ ^ { } \\input{/etc/passwd}", "\\end{tabular}\\input{x}", "[[x]]", "[^1]: note", "1. one",
    "{{ 7 * 7 }}", "{% raw %}", '"><svg onload=alert(1)>', "' onmouseover='alert(1)", "]]>", "<!-- x -->", "*" * 200,
    "| --- |", "~~~~\nsh", "a\\|b", "\\\\|", "[x]: http://evil.example", "<details>", "x](y) ![z",
]  # fmt: skip
FEW, MANY = settings(max_examples=3), settings(max_examples=150)
TEXTS = st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(), min_size=1, max_size=60).filter(str.strip))
BENIGN = "benign"


def spoiled(board, text):
    """The board with *text* as the label, name or value of everything that comes from results."""

    def pair(item):
        names = {board.estimators[0].spec: text}
        return dataclasses.replace(
            item, first=names.get(item.first, item.first), second=names.get(item.second, item.second)
        )

    first, task = board.estimators[0], board.tasks[0]
    definition = dataclasses.replace(first.definition, parameters=((text, text, text),), facts=((text, text),))
    estimator = dataclasses.replace(
        first, label=text, spec=text, version=text, definition=definition,
        standing=dataclasses.replace(first.standing, estimator=text),
        families={text: next(iter(first.families.values()))},
        costs=tuple(dataclasses.replace(cost, hardware=text) for cost in first.costs),
    )  # fmt: skip
    bad_task = dataclasses.replace(
        task, label=text, version=text, family=text, line=text, truth_method=text, truth_reference=text, blocks=text
    )
    results = tuple(
        dataclasses.replace(item, estimator=text) if item.estimator == first.spec else item for item in board.results
    )
    made = dataclasses.replace(
        board.provenance, run=text, render=text, hardware=(text,), software=(text,), left_out=(text,)
    )
    return dataclasses.replace(
        board, suite=text, summary=text, families=(text, *board.families),
        estimators=(estimator, *board.estimators[1:]),
        tasks=(bad_task, *board.tasks[1:]), results=results, pairs=tuple(map(pair, board.pairs)),
        unranked_pairs=tuple(map(pair, board.unranked_pairs)), reference_pairs=tuple(map(pair, board.reference_pairs)),
        provenance=made,
    )  # fmt: skip


def markdown_shape(text):
    """What a Markdown page is made of, text aside."""
    shape, links = [], []
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    for token in parser.parse(text):
        shape.append((token.type, token.tag))
        for child in token.children or ():
            if child.type not in ("text", "softbreak", "text_special", "code_inline"):
                shape.append((child.type, child.tag))
            links += [child.attrs["href"]] if "href" in child.attrs else []
    return shape, links


class Shape(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found, self.addresses = [], []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, tuple(sorted(name for name, _ in attrs))))
        self.addresses += [value for name, value in attrs if name in ("href", "src")]

    def handle_endtag(self, tag):
        self.found.append(("/", tag))

    def handle_comment(self, data):
        self.found.append(("comment", ""))


def html_shape(text):
    parser = Shape()
    parser.feed(text)
    parser.close()
    return [item for item in parser.found if item[0] != "code" and item != ("/", "code")], parser.addresses


def safe(address):
    return re.fullmatch(r"(#|\.?\.?/)?[\w./%=&#;+@~!$'()*,-]*", address) and not re.match(r"\w+:", address)


def check_markdown_keeps_its_shape(board, text):
    wanted = [markdown_shape(markdown.render_page(page))[0] for page in pages(spoiled(board, BENIGN))]
    found = [markdown_shape(markdown.render_page(page)) for page in pages(spoiled(board, text))]
    kinds = {kind for shape, _ in found for kind, _ in shape}
    assert not kinds & {"html_inline", "html_block", "fence_open", "s_open"}
    assert len(found) == len(wanted)
    for (shape, links), expected in zip(found, wanted, strict=True):
        assert [item for item in shape if item[0] == "image"] == [item for item in expected if item[0] == "image"]
        assert [item for item in shape if "link" in item[0]] == [item for item in expected if "link" in item[0]]
        blocks = [[item for item in one if "inline" not in item[0] and item[1] != "code"] for one in (shape, expected)]
        assert blocks[0] == blocks[1]
        assert all(map(safe, links)), links


def check_html_keeps_its_shape(board, text):
    wanted = [html_shape(html.render_page(page, spoiled(board, BENIGN)))[0] for page in _drawn(spoiled(board, BENIGN))]
    bad = spoiled(board, text)
    for page, expected in zip(_drawn(bad), wanted, strict=True):
        written = html.render_page(page, bad)
        shape, addresses = html_shape(written)
        assert shape == expected
        assert all(map(safe, addresses)), addresses
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202e]", written)


def _drawn(board):
    """The pages without figures, whose data stands in a script and is tested apart."""
    for page in pages(board):
        sections = tuple(
            dataclasses.replace(section, items=tuple(item for item in section.items if item.kind != "drawing"))
            for section in page.sections
        )
        yield dataclasses.replace(page, sections=sections)


def check_latex_keeps_its_commands(board, text):
    def commands(written):
        body = [line for line in written.splitlines() if not line.startswith("%")]
        found = re.findall(r"\\[a-zA-Z]+", "\n".join(body))
        escapes = {"\\textbackslash", "\\textasciitilde", "\\textasciicircum", "\\textasciigrave", "\\pm", "\\circ"}
        return [item for item in found if item not in escapes | {"\\gg", "\\propto", "\\hat", "\\dagger"}], len(body)

    written = latex.render(spoiled(board, text))
    assert commands(written) == commands(latex.render(spoiled(board, BENIGN)))
    assert sum(line.startswith("%") for line in written.splitlines()) == 3
    body = re.sub(r"(?m)^%.*$", "", written)
    assert body.replace(r"\{", "").count("{") == body.replace(r"\}", "").count("}")


def check_csv_and_json_hold_no_formula_and_no_control_character(board, text):
    bad = spoiled(board, text)
    rows = list(csv.reader(io.StringIO(json_csv.render_csv(bad))))
    assert {len(row) for row in rows} == {len(rows[0])}
    for cell in (cell for row in rows[1:] for cell in row):
        assert cell[:1] not in ("=", "+", "@", "\t", "\r")
        assert cell[:1] != "-" or re.fullmatch(r"-[\d.]+(e-?\d+)?", cell)
    written = json_csv.render_json(bad)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202e]", written)
    json.loads(written)


@pytest.mark.parametrize("text", HOSTILE[:3])
def test_figures_hold_labels_as_text(board, text):
    bad = spoiled(board, text)
    for item in FIGURES:
        if item.key in ("ranks", "pareto"):
            tags = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(item.svg(bad)).iter()}
            assert tags <= {"svg", "g", "path", "text", "rect", "defs", "clipPath", "title", "line", "tspan", "style"}


def check_data_of_figures_ends_no_script(board, text):
    page = front(spoiled(board, text))
    figures = next(section for section in page.sections if section.key == "figures")
    some = dataclasses.replace(
        figures, items=tuple(item for item in figures.items if getattr(item, "key", "") == "ranks")
    )
    page = html.render_page(dataclasses.replace(page, sections=(some,)), board)
    charts = re.search(r'<script type="application/json" id="charts">(.*?)</script>', page, re.DOTALL)[1]
    assert "<" not in charts
    assert json.loads(charts)


@pytest.mark.parametrize(
    "suite", ["../outside", "/tmp/outside", "a/b", ".hidden", "..", "CON", "x" * 300, "a\nb", "-rf"]
)
def test_a_suite_s_name_leads_nowhere(make_frame, environments, tmp_path, suite):
    folder = tmp_path / "deep" / "boards"
    frame = make_frame({"made-up": (0, 0.1, 1.0)})
    board = build_board(Selection(suite, frame), environments)
    for path in write_board(board, folder, ["html", "json"] if suite.startswith("..") else ["json", "csv", "tex"]):
        assert folder in path.resolve().parents
    write_index(folder)
    assert [path.name for path in tmp_path.iterdir()] == ["deep"]
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["boards"]


def test_nothing_is_written_through_links_or_into_pipes(board, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious.csv").write_text("mine")
    boards = tmp_path / "boards"
    boards.mkdir()
    (boards / "trial.csv").symlink_to(outside / "precious.csv")
    with pytest.raises(StoreError, match="no regular file"):
        write_board(board, boards, ["csv"])
    (boards / "trial").symlink_to(outside)
    with pytest.raises(StoreError, match="no folder of its own"):
        write_board(board, boards, ["md"])
    os.mkfifo(boards / "trial.json")
    with pytest.raises(StoreError, match="no regular file"):
        write_board(board, boards, ["json"])
    assert write_index(boards)
    assert stat.S_ISFIFO((boards / "trial.json").lstat().st_mode)
    assert (outside / "precious.csv").read_text() == "mine"
    assert [path.name for path in outside.iterdir()] == ["precious.csv"]


def test_nothing_is_deleted(board, attempts, environments, tmp_path):
    write_jsonl(tmp_path / "store.jsonl", attempts, environments)
    kept = tmp_path / "boards" / "results" / "trial" / "other.jsonl.gz"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"other")
    (tmp_path / "boards" / "trial.jsonl").write_text("older")
    keys = frozenset(read_frame(tmp_path / "store.jsonl")["key"])
    write_all(board, tmp_path / "boards", ["csv"], tmp_path / "store.jsonl", keys)
    assert kept.read_bytes() == b"other"
    assert (tmp_path / "boards" / "trial.jsonl").read_text() == "older"


@pytest.mark.parametrize("name", ["../x", "/x", "a/../x", "", "a//b", ".", "a/.", "x\0y", "a\\b"])
def test_only_plain_paths_inside_the_folder_are_written(tmp_path, name):
    with pytest.raises(StoreError, match="allowed: a path inside"):
        OutputFolder(tmp_path / "out").write(name, "text")
    assert list(tmp_path.iterdir()) == []


def index_json(**changes):
    ranks = {"title": "", "caption": "", "columns": [], "rows": []} | changes.pop("ranks", {})
    return json.dumps({"index": {"suite": "x", "opening": [], "ranks": ranks} | changes})


@pytest.mark.parametrize(
    "content",
    [
        index_json(suite="javascript:alert(1)//"), index_json(suite=3), index_json(opening=[3]), "[" * 100_000,
        index_json(ranks={"columns": [{"title": "a"}], "rows": [[]]}), index_json(ranks={"columns": [{"t": "a"}]}),
        index_json(ranks={"columns": [{"title": "a"}], "rows": [[{"text": 3}]]}),
    ],
)  # fmt: skip
def test_a_foreign_json_puts_nothing_into_the_index(tmp_path, content):
    for name in ("x.json", "javascript:alert(1).json"):
        Path(tmp_path / name).write_text(content)
    written = "".join(path.read_text() for path in write_index(tmp_path))
    assert "javascript" not in written
    assert "<table" not in written


CHECKS = [
    check_markdown_keeps_its_shape, check_html_keeps_its_shape, check_latex_keeps_its_commands,
    check_csv_and_json_hold_no_formula_and_no_control_character, check_data_of_figures_ends_no_script,
]  # fmt: skip
NAMES = [check.__name__.removeprefix("check_") for check in CHECKS]


@pytest.mark.parametrize("check", CHECKS, ids=NAMES)
def test_any_text_stays_text(board, check):
    FEW(given(TEXTS)(lambda text: check(board, text)))()


@pytest.mark.slow
@pytest.mark.parametrize("check", CHECKS, ids=NAMES)
def test_every_text_stays_text(board, check):
    for text in HOSTILE:
        check(board, text)
    MANY(given(TEXTS)(lambda text: check(board, text)))()
