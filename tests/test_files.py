import pytest

from mibench.errors import StoreError
from mibench.files import replacing, write_text


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
