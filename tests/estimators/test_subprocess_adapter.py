"""Programs as estimators: what they are told, what they may answer, and that they never outlive their cell."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
import venv
from pathlib import Path

import numpy as np
import psutil
import pytest

from mibench import estimate, get_estimator, get_task, run
from mibench.cell import make_cell, unsupported
from mibench.errors import MissingExtraError, ProgramError, SpecError
from mibench.estimators.peers.subprocess_adapter import Subprocess

EXAMPLES = Path(__file__).parents[2] / "examples" / "subprocess"
PAIR = get_task("gaussian:dim=2,mi=1").sample(120)


def spec(*command, **parameters):
    quoted = " ".join(shlex.quote(str(word)) for word in command).replace("\\", "\\\\").replace('"', '\\"')
    rest = "".join(f",{key}={value}" for key, value in parameters.items())
    return f'subprocess:command="{quoted}"{rest}'


def python(code, **parameters):
    return Subprocess(command=f"{shlex.quote(sys.executable)} -c {shlex.quote(code)}", **parameters)


class TestExamples:
    """Methods in other languages and environments agree with the built-in to rounding."""

    @pytest.mark.parametrize(("program", "script"), [("perl", "ksg.pl"), ("Rscript", "ksg.R")])
    @pytest.mark.parametrize("task", ["gaussian:dim=2,mi=1", "total-correlation:dim=3,kind=ar1,rho=0.5"])
    def test_ksg_in_another_language(self, program, script, task):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
        blocks = get_task(task).sample(120)
        ours = estimate(*blocks, estimator="ksg:k=5,standardize=false,ties=none").nats
        theirs = estimate(*blocks, estimator=spec(program, EXAMPLES / script, max_blocks=0, deterministic="true"))
        assert theirs.nats == pytest.approx(ours, abs=1e-12)
        assert theirs.diagnostics["k"] == 5

    def test_a_script_in_an_environment_of_its_own(self, tmp_path):
        venv.create(tmp_path / "old", with_pip=False, symlinks=True)
        interpreter = tmp_path / "old" / "bin" / "python"
        missing = subprocess.run([interpreter, "-c", "import numpy"], capture_output=True, check=False)
        assert missing.returncode, "the environment is meant to have no packages"
        x, y = get_task("gaussian:mi=1").sample(200)
        theirs = estimate(x, y, estimator=spec(interpreter, EXAMPLES / "gaussian.py", max_dim=1))
        assert theirs.nats == pytest.approx(estimate(x, y, estimator="gaussian").nats, abs=1e-12)


class TestWhatAProgramIsTold:
    def test_the_blocks_arrive_as_they_are(self):
        code = "import sys, json, numpy as np; x, y = map(np.load, sys.argv[2:]); " \
               "print(json.dumps({'nats': float(x[3, 1] - y[7, 0]), 'diagnostics': {'form': [x.dtype.str, x.shape, " \
               "bool(x.flags.c_contiguous)]}}))"  # fmt: skip
        x, y = PAIR
        found = python(code).estimate(np.asfortranarray(x), y, rng=np.random.default_rng(0))
        assert found.nats == x[3, 1] - y[7, 0]
        assert found.diagnostics["form"] == ["<f8", [120, 2], True]

    def test_the_seed_follows_from_the_streams(self):
        seed = python("import sys, json; print(json.dumps({'nats': int(sys.argv[1])}))")
        first, again, other = (estimate(*PAIR, estimator=seed, seed=number).nats for number in (1, 1, 2))
        assert first == again != other

    def test_nothing_is_left_behind(self, tmp_path, monkeypatch):
        monkeypatch.setenv("TMPDIR", str(tmp_path))
        monkeypatch.setattr("tempfile.tempdir", None)
        estimate(*PAIR, estimator=python("print('{\"nats\": 1}')"))
        assert list(tmp_path.iterdir()) == []


class TestWhatItMayAnswer:
    def test_the_last_line_counts(self):
        found = estimate(*PAIR, estimator=python("print('loading…\\n'); print('{\"nats\": 1, \"stderr\": 0.5}\\n')"))
        assert (found.nats, found.stderr, dict(found.diagnostics)) == (1.0, 0.5, {})

    def test_what_is_no_number_is_not_finite(self):
        assert np.isnan(estimate(*PAIR, estimator=python("print('{\"nats\": NaN}')")).nats)

    @pytest.mark.parametrize("printed", ["", "0.5", "nats: 1", '{"nats": "1"}', '{"nats": true}', '{"bits": 1}', "[1]",
                                         '{"nats": 1, "diagnostics": 3}'])  # fmt: skip
    def test_anything_else_is_a_typed_error(self, printed):
        with pytest.raises(ProgramError, match=r"the last line of .* allowed: a JSON object such as"):
            estimate(*PAIR, estimator=python(f"print({printed!r})"))

    def test_a_failure_shows_the_last_line_it_complained_with(self):
        code = "import sys; print('some trace\\nno package called rmi', file=sys.stderr); sys.exit(3)"
        with pytest.raises(ProgramError, match="failed with exit code 3: no package called rmi"):
            estimate(*PAIR, estimator=python(code))

    def test_a_signal_is_named(self):
        with pytest.raises(ProgramError, match="was killed by SIGKILL: no message"):
            estimate(*PAIR, estimator=python("import os; os.kill(os.getpid(), 9)"))

    def test_a_program_that_is_not_there(self):
        with pytest.raises(MissingExtraError, match="program 'no-such-program' is not found; install it"):
            estimate(*PAIR, estimator="subprocess:command=no-such-program --fast")

    def test_a_file_that_is_no_program(self, tmp_path):
        script = tmp_path / "script"
        script.write_text("no interpreter is named here")
        script.chmod(0o755)
        with pytest.raises(ProgramError, match="cannot be run: Exec format error"):
            estimate(*PAIR, estimator=spec(script))


class TestParameters:
    @pytest.mark.parametrize(
        ("text", "match"),
        [
            ("subprocess", "command"),
            ('subprocess:command=" "', "allowed: a program and its arguments"),
            ("subprocess:command='a", "cannot be split into words: No closing quotation"),
            ("subprocess:command=a,max_blocks=1", "max_blocks is 1; allowed: 2 or more, or 0"),
            ("subprocess:command=a,max_dim=-1", "max_dim is -1; allowed: 1 or more, or 0"),
        ],
    )
    def test_mistakes_are_named(self, text, match):
        with pytest.raises(SpecError, match=match):
            get_estimator(text)

    def test_they_become_tags(self):
        method = get_estimator("subprocess:command=a b,max_dim=1,kinds=continuous,deterministic=true")
        tags = method.get_tags()
        assert (tags.max_blocks, tags.max_dim, tags.deterministic) == (2, 1, True)
        assert "cannot take a block of 2 columns" in unsupported(method, get_task("gaussian:dim=2,mi=1"))
        assert "cannot take discrete blocks" in unsupported(method, get_task("binary-gaussian"))
        assert get_estimator("subprocess:command=a,max_blocks=0").get_tags().max_blocks is None

    def test_an_edited_script_is_another_cell(self, tmp_path):
        script = tmp_path / "script.R"
        keys = []
        for content in ("one", "two", "one"):
            script.write_text(content)
            keys.append(make_cell(get_estimator(spec("Rscript", script)), get_task("gaussian:mi=1"), 100, 0).key)
        assert keys[0] == keys[2] != keys[1]


HANGING = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(600)"


@pytest.fixture
def hanging(tmp_path):
    """An estimator that never ends, and a function that tells when its process is gone."""
    file = tmp_path / "pid"
    command = [sys.executable, "-c", HANGING.replace("sys.argv[1]", repr(str(file)))]

    def gone():
        try:
            psutil.Process(int(file.read_text())).wait(timeout=30)
        except psutil.NoSuchProcess:
            return True
        return True

    return spec(*command), file, gone


class TestItNeverOutlivesItsCell:
    def test_a_time_out_ends_it(self, hanging, tmp_path):
        text, _, gone = hanging
        suite = tmp_path / "hang.toml"
        suite.write_text(
            "tasks = ['gaussian:mi=1']\nestimators = ['zero']\nsamples = [20]\nseeds = 1\ntimeout_s = 3.0\n"
        )
        frame = run(suite, estimators=[text], store=tmp_path / "hang.sqlite", workers=1)
        assert list(frame["status"]) == ["timeout"], frame["message"][0]
        assert gone()

    def test_the_death_of_its_worker_ends_it(self, hanging):
        text, file, gone = hanging
        code = f"from mibench import estimate; estimate([1., 2., 4.], [2., 1., 3.], estimator={text!r})"
        worker = subprocess.Popen([sys.executable, "-c", code])
        while not (file.exists() and file.read_text()):
            assert worker.poll() is None
            os.sched_yield()
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait(timeout=30)
        assert gone()
