"""The pages of a board, and the index of boards, as Markdown."""

from collections.abc import Callable, Sequence

from mibench.text import plain_text

from ..document import INDEX_CAPTION, IndexEntry, Page, Section, front
from ..model import Board, Definition
from ..table import code, escape, pipe_table, prose, relative, to_markdown

Address = Callable[[str], str]


def render(board: Board) -> str:
    """Return the front page of a board as Markdown that stands alone, without links and figures."""
    return render_page(front(board), alone=True)


def render_page(page: Page, files: Sequence[str] = (), alone: bool = False) -> str:
    """Return a page as Markdown.

    Args:
        page: what stands on it.
        files: paths, relative to the folder of the boards, of files that hold the same board and its results.
        alone: whether no other page and no figure is there to link to.
    """

    def address(link: str) -> str:
        return relative(link, page.name, ".md") if link else relative("README", page.name, ".md")

    href = None if alone else address
    parts = [f"# {_title(page)}"]
    if href and page.up:
        parts.append(" › ".join(f"[{escape(title)}]({href(link)})" for title, link in page.up))
    parts += map(prose, page.opening)
    for place, section in enumerate(page.sections):
        parts += _section(section, page, href)
        if place == 0 and files:
            parts.append(_links([(name, relative(name, page.name, "")) for name in files]))
    return "\n\n".join(part for part in parts if part) + "\n"


def _title(page: Page) -> str:
    return code(page.title) if page.spec else escape(page.title)


def _section(section: Section, page: Page, href: Address | None) -> list[str]:
    parts = [f"## {escape(section.title)}"]
    for item in section.items:
        if item.kind == "grid":
            title = f"### {escape(item.table.title)}" if len(section.items) > 1 else ""
            parts += [title, to_markdown(item.table, href), prose(item.table.caption)]
        elif item.kind == "drawing":
            if item.file and href:
                source = relative(f"{page.name}/figures/{item.file}", page.name, "")
                parts += [f"### {escape(item.title)}", f"![{escape(item.title)}]({source})", prose(item.caption)]
        elif item.kind == "text":
            parts += [_bullets(item.lines)] if item.is_list else map(prose, item.lines)
        elif item.kind == "links":
            parts += [" · ".join(f"[{code(title)}]({href(link)})" for title, link in item.links)] if href else []
        elif item.kind == "commands":
            parts.append(_block(item.lines))
        else:
            parts += _definition(item.definition)
    return parts if any(parts[1:]) else []


def render_index(entries: Sequence[IndexEntry]) -> str:
    """Return the index: each board with its summary, its ranks and its files."""
    parts = ["# Leaderboards", INDEX_CAPTION]
    for entry in entries:
        page = relative(entry.page, "", ".md")
        parts += [f"## [{escape(entry.suite)}]({page})", *map(prose, entry.opening)]
        parts += [to_markdown(entry.ranks), prose(entry.ranks.caption)]
        parts += [_links([(name, relative(name, "", "")) for name in entry.files])]
    return "\n\n".join(part for part in parts if part) + "\n"


def _links(files: Sequence[tuple[str, str]]) -> str:
    return "Also as " + ", ".join(f"[{escape(name)}]({address})" for name, address in files) + "." if files else ""


def _block(lines: Sequence[str]) -> str:
    """Return lines as a block of code that none of them can end."""
    return "\n".join(["~~~~sh", *(plain_text(line).replace("~", "∼") for line in lines), "~~~~"])


def _definition(definition: Definition) -> list[str]:
    if definition.missing:
        return [prose(definition.missing)]
    parts = [prose(definition.summary), *map(prose, definition.paragraphs)]
    if definition.facts:
        parts.append(_bullets([f"{name}: {value}" for name, value in definition.facts]))
    if definition.parameters:
        rows = [
            (code(name, in_table=True), code(value, in_table=True), prose(meaning, in_table=True))
            for name, value, meaning in definition.parameters
        ]
        parts.append(pipe_table(("Parameter", "Value", "Meaning"), rows))
    return [*parts, *map(prose, definition.references)]


def _bullets(lines: Sequence[str]) -> str:
    return "\n".join(f"- {prose(line)}" for line in lines)
