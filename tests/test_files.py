import os

import pytest

from mibench.errors import StoreError
from mibench.files import is_regular, read_text, replacing, safe_name, subfolder, write_text


def test_a_file_appears_only_when_it_is_whole(tmp_path):
    path = tmp_path / "page.md"
    path.write_text("before")
    with replacing(path) as temporary:
        temporary.write_text("after")
        assert path.read_text() == "before"
    assert path.read_text() == "after"


def test_a_failure_leaves_the_old_file_and_no_rest(tmp_path):
    path = tmp_path / "page.md"
    path.write_text("before")
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "half \ud800")
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_missing_is_named(tmp_path):
    with pytest.raises(StoreError, match=r"page\.md' cannot be written"):
        write_text(tmp_path / "none" / "page.md", "text")


@pytest.mark.parametrize("name", ["quick", "my suite (2)", "größer", "a.b", "A" * 100, "dimension-scaling"])
def test_a_plain_name_is_returned_as_it_is(name):
    assert safe_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "", ".", "..", "../x", "/etc/x", "a/b", "a\\b", ".hidden", "-o", " x", "a\nb", "a\x00", "a\x1b[2J", "\u202eabc",
        "a" * 101, "😀" * 51, "\ud83d",
    ],
)  # fmt: skip
def test_a_name_that_could_leave_its_place_is_refused_in_one_line(name):
    with pytest.raises(StoreError, match=r"suite is .*; allowed: a plain name") as caught:
        safe_name(name, "suite")
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 250


def test_a_subfolder_is_made_and_a_link_out_of_the_folder_refused(tmp_path):
    inside, outside = tmp_path / "boards", tmp_path / "outside"
    outside.mkdir()
    assert subfolder(inside, "quick").is_dir()
    (inside / "link").symlink_to(outside)
    with pytest.raises(StoreError, match="is a link"):
        subfolder(inside, "link")
    (inside / "file").touch()
    with pytest.raises(StoreError, match="cannot be made"):
        subfolder(inside, "file")


def test_only_regular_files_of_bounded_size_are_read(tmp_path):
    file, link, pipe = tmp_path / "file", tmp_path / "link", tmp_path / "pipe"
    file.write_text("π")
    link.symlink_to(file)
    os.mkfifo(pipe)
    assert read_text(file, 2) == "π"
    assert [is_regular(path) for path in (file, link, pipe, tmp_path, tmp_path / "none")] == [True] + [False] * 4
    for path, words in ((link, "cannot be read"), (pipe, "no regular file"), (tmp_path, "no regular file")):
        with pytest.raises(StoreError, match=words):
            read_text(path, 100)
    with pytest.raises(StoreError, match="more than 1 bytes"):
        read_text(file, 1)
    file.write_bytes(b"\xff")
    with pytest.raises(StoreError, match="not UTF-8"):
        read_text(file, 100)


def test_a_pipe_or_link_in_the_place_of_a_file_is_replaced_and_never_opened(tmp_path):
    target, link, pipe = tmp_path / "target", tmp_path / "link", tmp_path / "pipe"
    target.write_text("untouched")
    link.symlink_to(target)
    os.mkfifo(pipe)
    for path in (link, pipe):
        write_text(path, "new")
        assert is_regular(path)
    assert target.read_text() == "untouched"
