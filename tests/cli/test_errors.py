import subprocess
import sys

import pytest

from mibench.cli import main as entry
from mibench.errors import MibenchError


@pytest.fixture
def failing(monkeypatch):
    """Have the application raise an error."""

    def fail(error):
        def application(*_, **__):
            raise error

        monkeypatch.setattr(entry, "app", application)

    return fail


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["frobnicate"], "No such command 'frobnicate' (see mibench --help)"),
        (["--frobnicate"], "No such option: --frobnicate (see mibench --help)"),
        (["list", "estimators", "--jsn"], "No such option: --jsn"),
        (["list"], "Missing argument"),
        (["estimate"], "Missing argument"),
        (["estimate", "x.csv", "--seed", "many"], "Invalid value 'many' for '--seed': Input should be a valid integer"),
        (["info", "ksg:k=0"], "ksg: k is 0; allowed: 1 or more"),
        (["info", "ksg:k=[1,2]"], "a grid [1,2] stands where one value is needed"),
        (["info", "ksg:k=(1"], "spec 'ksg:k=(1': expected"),
        (["info", ""], "expected a name at position 1, found the end"),
        (["info", "nowhere.toml"], "suite file 'nowhere.toml' cannot be read"),
        (["info", "zero", "--plugin", "nowhere.py"], "plugin 'nowhere.py' is not a file"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(cli, arguments, message):
    assert message in cli(*arguments).complaint


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("tasks = [", "is not valid TOML"),
        ('tasks = ["zero"]', "estimators, samples, seeds missing"),
        ('task = ["zero"]', "unknown entry 'task'; did you mean 'tasks'?"),
        ('tasks = "gaussian"', "tasks is 'gaussian'; allowed: a list of spec strings"),
        ('tasks = ["gaussian:mi=1"]\nestimators = ["kgs"]\nsamples = [9]\nseeds = 1', "did you mean 'ksg'?"),
        ('tasks = ["gaussian:mi=1"]\nestimators = ["ksg"]\nsamples = [9]\nseeds = 0', "seeds is 0"),
    ],
)
def test_a_broken_suite_is_one_line(cli, tmp_path, content, message):
    (tmp_path / "own.toml").write_text(content)
    assert message in cli("info", tmp_path / "own.toml").complaint


def test_a_broken_plugin_file_is_one_line(cli, tmp_path):
    (tmp_path / "own.py").write_text("def broken(:\n")
    assert "SyntaxError" in cli("list", "tasks", "--plugin", tmp_path / "own.py").complaint
    (tmp_path / "empty.py").write_text("")
    assert "registers nothing" in cli("list", "tasks", "--plugin", tmp_path / "empty.py").complaint


def test_messages_of_several_lines_become_one(cli, failing):
    failing(MibenchError("first\n  second"))
    assert cli("list").complaint == "first second"


def test_a_file_of_the_system_is_named(cli, failing):
    failing(PermissionError(13, "Permission denied", "/etc/shadow"))
    assert cli("list").complaint == "'/etc/shadow': Permission denied"


def test_an_unforeseen_error_is_one_line_and_exit_code_1(cli, failing):
    failing(ZeroDivisionError("division by zero"))
    result = cli("list")
    assert (result.code, result.out) == (1, "")
    assert (
        result.err == "mibench: internal error: ZeroDivisionError: division by zero (mibench --debug … shows where)\n"
    )


def test_an_interrupt_is_one_line(cli, failing):
    failing(KeyboardInterrupt())
    result = cli("list")
    assert (result.code, result.err) == (130, "mibench: stopped\n")


@pytest.mark.parametrize("arguments", [["--debug", "info", "ksg:k=0"], ["info", "ksg:k=0", "--debug"]])
def test_debug_shows_the_traceback(arguments):
    with pytest.raises(MibenchError, match="k is 0"):
        entry.main(arguments)


def test_no_arguments_show_the_help(cli):
    result = cli()
    assert result.code == 0
    assert "Usage: mibench" in result.out
    assert result.out == cli("--help").out


def test_version(cli):
    from mibench import __version__

    assert cli("--version").out == f"mibench {__version__}\n"


def run(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "mibench", *arguments],
        capture_output=True, text=True, check=False, **options,
    )  # fmt: skip


def test_a_real_process_ends_without_a_traceback(tmp_path):
    done = run("estimate", "nowhere.csv", "--x", "a", "--y", "b", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "mibench: error: file 'nowhere.csv' does not exist\n"
    assert "Traceback" in run("--debug", "info", "ksg:k=0").stderr


def test_a_reader_that_leaves_is_no_error():
    with subprocess.Popen(
        [sys.executable, "-m", "mibench", "info", "gaussian"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
