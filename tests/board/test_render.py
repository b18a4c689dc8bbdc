import csv
import io
import json
import re

import pytest

from mibench.board.build import build_board
from mibench.board.document import document
from mibench.board.figures import FIGURES
from mibench.board.render import html, json_csv, latex, markdown
from mibench.board.tables import leaderboard_table, task_detail
from mibench.board.write import FORMATS


def svg(board, key):
    return next(item for item in FIGURES if item.key == key).svg(board)


@pytest.mark.parametrize("form", FORMATS)
def test_rendering_twice_is_byte_identical(form, board, board_frame, environments):
    again = build_board(board_frame.sample(frac=1, random_state=1), environments, "trial")
    assert FORMATS[form](again) == FORMATS[form](board)


@pytest.mark.parametrize("key", ["heatmap", "ranks"])
def test_figures_twice_are_byte_identical(key, board):
    assert svg(board, key) == svg(board, key)


@pytest.mark.parametrize("form", FORMATS)
def test_failures_are_shown_and_never_bold(form, board):
    text = FORMATS[form](board)
    if form in ("csv", "json"):
        assert "13" in text
        return
    assert "(13/16 ok)" in text
    bold = {"md": r"\*\*([^*]+)\*\*", "html": r"<strong>([^<]+)</strong>", "tex": r"\\textbf\{([^}]+)\}"}[form]
    assert re.findall(bold, text)
    assert not any("ok)" in match for match in re.findall(bold, text))


def test_every_error_over_failed_cells_says_so(board):
    table = task_detail(board, "gaussian:dim=1,mi=2.0")
    titles = [column.title for column in table.columns]
    row = next(row for row in table.rows if row[0].text == "binning" and row[1].text == "250")
    shown = dict(zip(titles, (entry.text for entry in row), strict=True))
    failed = next(
        item for item in board.results
        if item.task == "gaussian:dim=1,mi=2.0" and item.estimator.startswith("binning") and item.n == 250
    ).summary  # fmt: skip
    assert 0 < failed.failed < failed.cells
    noted = {title for title, text in shown.items() if text.endswith(f"({failed.ok}/{failed.cells} ok)")}
    assert noted == set(titles) - {"Estimator", "n", "CPU (s)"}


def test_markdown_holds_every_section_in_order(board):
    text = markdown.render(board, "trial", ["trial.csv"])
    heads = re.findall(r"^## (.*)$", text, flags=re.MULTILINE)
    assert heads[:4] == ["Leaderboard", "Figures", "Families", "Tasks"]
    assert heads[-3:] == ["Estimators", "How it was made", "How to read it"]
    assert "lower is better" in text
    assert "mibench run trial" in text
    assert "closed form" in text
    assert "[trial.csv](trial.csv)" in text


def test_markdown_tables_have_as_many_cells_as_heads(board):
    widths = set()
    for block in re.findall(r"(?:^\|.*\|$\n?)+", markdown.render(board), flags=re.MULTILINE):
        counts = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(counts) == 1
        widths |= counts
    assert len(widths) > 1


def test_markdown_links_lead_somewhere(board):
    text = markdown.render(board)
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= set(re.findall(r'<a id="([^"]+)">', text))


def test_html_asks_for_nothing_outside_itself(board):
    text = html.render(board)
    scripts_out = re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
    assert not re.search(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//""", scripts_out)
    assert "@import" not in text
    assert "default-src 'none'" in text


def test_html_closes_no_script_early(board):
    text = html.render(board)
    assert len(re.findall("<script", re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL))) == 0
    assert len(re.findall(r"</script>", text)) == len(re.findall(r"<script[ >]", text.replace('"<script', "")))


def test_html_escapes_what_estimators_say(make_frame, environments):
    frame = make_frame({'evil:name="</script><b>,x"': (0, 0.1, 1.0)})
    text = html.render(build_board(frame, environments, "trial"))
    assert "<b>" not in text.replace('"<b>"', "")


def test_html_links_lead_somewhere(board):
    text = html.render(board)
    assert set(re.findall(r'href="#([^"]+)"', text)) <= set(re.findall(r'id="([^"]+)"', text))


def test_html_ids_are_unique(board):
    names = re.findall(
        r'<(?!script)[a-z0-9]+ [^>]*?\bid="([^"]+)"',
        re.sub(r"<script.*?</script>", "", html.render(board), flags=re.DOTALL),
    )
    assert len(names) == len(set(names))


def test_latex_tables_are_balanced_and_in_the_booktabs_style(board):
    text = latex.render(board)
    assert text.count(r"\begin{table}") == text.count(r"\end{table}") == text.count(r"\toprule") == 3
    assert text.count(r"\begin{tabular}") == text.count(r"\end{tabular}")
    for block in re.findall(r"\\toprule\n(.*?)\\bottomrule", text, flags=re.DOTALL):
        rows = [line for line in block.splitlines() if line.endswith(r"\\")]
        assert len({len(re.findall(r"(?<!\\)&", row)) for row in rows}) == 1
    assert not re.search(r"(?<!\\)[%_#](?!.*\n%)", re.sub(r"^%.*$", "", text, flags=re.MULTILINE).replace(r"\%", ""))
    assert text.isascii() or not re.search("[±−–°†∝]", text)


def test_csv_has_a_row_for_each_supported_estimator_task_and_n(board):
    rows = list(csv.DictReader(io.StringIO(json_csv.render_csv(board))))
    assert len(rows) == 4 * 4 * 2 - 2
    row = next(
        item for item in rows if item["estimator"].startswith("binning") and item["task"] == "gaussian:dim=1,mi=2.0"
    )
    assert int(row["cells"]) == 8
    assert int(row["ok"]) < 8
    assert float(row["truth_nats"]) == 2.0


def test_json_is_the_view_model(board):
    content = json.loads(json_csv.render_json(board))
    assert [item["label"] for item in content["estimators"]] == [item.label for item in board.estimators]
    assert content["estimators"][0]["standing"]["score"]["mean"] == pytest.approx(
        board.estimators[0].standing.score.mean, rel=1e-5
    )
    assert len(content["results"]) == len(board.results)


def test_the_index_entry_survives_json(board, tmp_path):
    path = tmp_path / "trial.json"
    path.write_text(json_csv.render_json(board), encoding="utf-8")
    entry = json_csv.read_index_entry(path, ("trial.md",))
    assert entry.suite == "trial"
    assert [row[1].text for row in entry.ranks.rows] == [row[1].text for row in leaderboard_table(board).rows]
    text = markdown.render_index([entry])
    assert "[trial](trial.md)" in text
    page = html.render_index([entry])
    assert 'href="trial.html"' in page


def test_the_page_keeps_one_order_of_estimators(board):
    page = document(board)
    assert [row[1].text.split(" †")[0] for row in page.glance.rows] == [item.label for item in page.estimators]


@pytest.mark.parametrize("key", [item.key for item in FIGURES])
def test_every_figure_is_drawn_and_names_its_units(key, board):
    text = svg(board, key)
    assert text.startswith("<svg")
    units = {
        "truth": "(nats)", "bias-sd": "Bias / scale", "samples": "CPU time (s)", "dimension": "Dimension",
        "heatmap": "Bias / scale (%)", "pareto": "(s)", "ranks": "Range of ranks",
    }  # fmt: skip
    assert units[key] in text


@pytest.mark.parametrize("key", ["bias-sd", "samples", "dimension", "pareto"])
def test_figures_of_many_estimators_have_a_legend(key, board):
    assert "role-legend" in svg(board, key)


def test_colours_go_by_name_and_stay_when_the_results_change(make_frame, environments):
    from mibench.board.figures.style import Style

    good = {"a": (0, 0.1, 1.0), "b": (0.3, 0.1, 1.0)}
    swapped = {"a": (0.3, 0.1, 1.0), "b": (0, 0.1, 1.0)}
    looks = []
    for methods in (good, swapped):
        style = Style(build_board(make_frame(methods), environments, "trial"))
        scale = style.colour().to_dict()["scale"]
        looks.append(dict(zip(scale["domain"], scale["range"], strict=True)))
    assert looks[0] == looks[1]
    assert len(set(looks[0].values())) == 3


def test_captions_say_what_is_better(board):
    page = document(board)
    for figure in page.figures:
        if figure.key in ("samples", "dimension", "pareto"):
            assert "better" in figure.caption
