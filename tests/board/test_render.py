import csv
import io
import json
import re
from urllib.parse import unquote

import pytest

from mibench.board.build import build_board
from mibench.board.document import front, index_entry, pages
from mibench.board.figures import FIGURES
from mibench.board.render import html, json_csv, latex, markdown
from mibench.board.selection import Selection
from mibench.board.tables import leaderboard_table, pair_tables, task_detail
from mibench.board.write import FORMATS, write_board, write_index


def svg(board, key):
    return next(item for item in FIGURES if item.key == key).svg(board)


@pytest.mark.parametrize("form", FORMATS)
def test_rendering_twice_is_byte_identical(form, board, board_frame, environments):
    again = build_board(Selection("trial", board_frame.sample(frac=1, random_state=1)), environments)
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
    assert "/64 ok)" in text
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


def test_the_front_page_begins_with_the_ranking(board):
    text = markdown.render_page(front(board), ["trial.csv"])
    heads = re.findall(r"^## (.*)$", text, flags=re.MULTILINE)
    assert heads == [
        "Leaderboard", "Ranks by sample size and kind of task", "Families", "Figures", "Tasks",
        "Comparisons", "Cost", "Failures", "How it was made",
        "How to read it",
    ]  # fmt: skip
    assert text.index("| Rank |") < 700
    assert "lower is better" in text
    assert "mibench run trial" in text
    assert "closed form" in text
    assert "[trial.csv](trial.csv)" in text


def test_there_is_a_page_for_each_family_task_and_estimator(board):
    names = [page.name for page in pages(board)]
    assert names[0] == "trial"
    counts = [sum(f"/{kind}/" in name for name in names) for kind in ("families", "tasks", "estimators")]
    assert counts == [len(board.families), len(board.tasks), len(board.estimators)]
    assert len(set(names)) == len(names)
    assert "trial/estimators/ksg" in names


def test_markdown_tables_have_as_many_cells_as_heads(board):
    widths = set()
    for page in pages(board):
        for block in re.findall(r"(?:^\|.*\|$\n?)+", markdown.render_page(page), flags=re.MULTILINE):
            counts = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
            assert len(counts) == 1
            widths |= counts
    assert len(widths) > 1


@pytest.mark.parametrize("suffix", ["md", "html"])
def test_links_between_pages_lead_somewhere(board, tmp_path, suffix):
    write_board(board, tmp_path, [suffix, "json"])
    write_index(tmp_path)
    pattern = r"\]\(([^)#]+)\)" if suffix == "md" else r"(?:href|src)=\"([^\"#]+)\""
    seen = 0
    for path in tmp_path.rglob(f"*.{suffix}"):
        for link in re.findall(pattern, re.sub(r"<script>.*?</script>", "", path.read_text(), flags=re.DOTALL)):
            seen += 1
            assert (path.parent / unquote(link)).is_file(), (path.name, link)
    assert seen > 50


def test_a_page_alone_links_to_nothing_beside_it(board):
    assert "](" not in markdown.render(board)
    text = re.sub(r"<script.*?</script>", "", html.render(board), flags=re.DOTALL)
    names = re.findall(r'id="([^"]+)"', text)
    assert set(re.findall(r"(?:href|src)=\"([^\"]*)\"", text)) <= {f"#{name}" for name in names}


def test_html_asks_for_nothing_outside_its_folder(board):
    for page in pages(board):
        text = html.render_page(page, board)
        scripts_out = re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
        assert not re.search(r"""(?:src|href)\s*=\s*["']?(?:\w+:)?//""", scripts_out)
        assert "@import" not in text
        assert "default-src 'none'" in text


def test_html_closes_no_script_early(board):
    text = html.render(board)
    assert len(re.findall("<script", re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL))) == 0
    assert len(re.findall(r"</script>", text)) == len(re.findall(r"<script[ >]", text.replace('"<script', "")))


def test_html_ids_are_unique_and_links_within_a_page_lead_somewhere(board):
    for page in pages(board):
        text = re.sub(r"<script.*?</script>", "", html.render_page(page, board), flags=re.DOTALL)
        names = re.findall(r'\bid="([^"]+)"', text)
        assert len(names) == len(set(names))
        assert set(re.findall(r'href="#([^"]+)"', text)) <= set(names)


def test_a_script_stands_once_beside_the_pages(board):
    for page in pages(board):
        text = html.render_page(page, board)
        assert "vegaEmbed=" not in text
        assert "new DataTable" not in text
    assert "vegaEmbed" in html.render(board)


def test_latex_tables_are_balanced_and_in_the_booktabs_style(board):
    text = latex.render(board)
    assert (
        text.count(r"\begin{table}") == text.count(r"\end{table}") == text.count(r"\toprule") == 2 + len(board.families)
    )
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
    rows = list(csv.reader(io.StringIO(json_csv.render_csv(board))))
    assert content["results"]["columns"] == rows[0]
    assert [str(row[0]) for row in content["results"]["rows"]] == [row[0] for row in rows[1:]]


def test_the_csv_of_one_estimator_or_task_holds_its_rows(board):
    for spec in (board.estimators[0].spec, board.tasks[0].spec):
        rows = list(csv.DictReader(io.StringIO(json_csv.render_csv(board, spec))))
        assert rows
        assert all(spec in (row["estimator"], row["task"]) for row in rows)


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


def test_the_index_shows_the_first_ranks_of_a_large_board(make_frame, environments):
    frame = make_frame({f"made-up-{number}": (0.01 * number, 0.1, 1.0) for number in range(20)})
    ranks = index_entry(build_board(Selection("trial", frame), environments)).ranks
    assert len(ranks.rows) == 12
    assert ranks.caption.startswith("And ")


def test_a_large_board_shows_few_columns_and_few_pairs(make_frame, environments):
    frame = make_frame({f"made-up-{number}": (0.01 * number, 0.1, 1.0) for number in range(20)})
    board = build_board(Selection("trial", frame), environments)
    for page in pages(board):
        for section in page.sections:
            for item in section.items:
                if item.kind == "grid":
                    assert len(item.table.columns) <= 12, item.table.title
    pairs = next(table for table in pair_tables(board) if table.key == "pairs")
    assert len(board.pairs) == 190
    assert len(pairs.rows) == 19
    assert "JSON" in pairs.caption


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


def test_figures_leave_no_axis_title_cut_and_no_empty_panel(board):
    """A figure of several panels has exactly as many views as panels have data."""
    for key, least in (("truth", 4), ("bias-sd", 2)):
        spec = next(item for item in FIGURES if item.key == key).chart(board).to_dict(validate=False)
        assert len(spec["concat"]) >= least
        assert all(panel["title"]["text"] != [""] for panel in spec["concat"])
        assert "facet" not in json.dumps(spec)


def test_long_titles_are_broken_and_whole():
    from mibench.board.figures.base import _broken

    title = "dimension-scaling:mi=1.0,mode=embedded,signal_dims=1,another=3.0"
    assert "".join(_broken(title)) == title
    assert max(map(len, _broken(title))) <= 40


def test_names_in_the_pareto_figure_cover_nothing(make_frame, environments):
    from mibench.board.figures import pareto
    from mibench.board.figures.base import span

    methods = {f"made-up-{number}": (0.02 * (number % 5), 0.05, 0.01 * 1.3**number) for number in range(12)}
    rows = pareto._rows(build_board(Selection("trial", make_frame(methods)), environments))
    across = span((row["cpu"] for row in rows), margin=0.18, log=True)
    placed = pareto._names(rows, across, [0.0, 1.0])
    assert len(placed) >= 6
    assert len({name for name, *_ in placed}) == len(placed)


def test_the_front_is_drawn_with_names_at_the_points(board):
    text = svg(board, "pareto")
    assert text.count(">ksg<") == 2  # in the legend and at its point
    assert "stroke-dasharray" in text


def test_captions_say_what_is_better(board):
    for figure in FIGURES:
        if figure.key in ("samples", "dimension", "pareto"):
            assert "better" in figure.caption
