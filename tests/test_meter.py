"""The files of ``/proc`` that are kept open."""

import os

import pytest

from mibench.meter import ProcFile, resident_bytes


def pid_told(file: ProcFile) -> int:
    return int(file.read().split()[0])


def test_a_forked_process_reads_its_own_file():
    file = ProcFile("/proc/self/stat")
    assert pid_told(file) == os.getpid()
    child = os.fork()
    if child == 0:
        os._exit(0 if pid_told(file) == os.getpid() else 1)
    assert os.waitpid(child, 0)[1] == 0


@pytest.mark.parametrize("replaced", [False, True], ids=["closed", "replaced"])
def test_a_descriptor_taken_by_other_code_is_opened_anew_and_nothing_else_is_read_written_or_closed(tmp_path, replaced):
    file = ProcFile(str(tmp_path / "told"), os.O_RDWR)
    (tmp_path / "told").write_bytes(b"before")
    (tmp_path / "other").write_bytes(b"mine")
    file.read()
    number = file._number
    if replaced:
        other = os.open(tmp_path / "other", os.O_RDWR)
        os.dup2(other, number)
        os.close(other)
    else:
        os.close(number)
    assert file.read() == b"before"
    file.write(b"after!")
    file.close()
    assert (tmp_path / "other").read_bytes() == b"mine"
    if replaced:
        assert os.pread(number, 10, 0) == b"mine"
        os.close(number)


def test_a_long_file_is_read_whole(tmp_path):
    (tmp_path / "long").write_bytes(b"x" * 100_000)
    assert len(ProcFile(str(tmp_path / "long")).read()) == 100_000


def test_a_process_that_is_gone_has_no_memory():
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    assert resident_bytes(child) == 0
