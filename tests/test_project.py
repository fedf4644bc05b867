"""The files around the course: what is installed, what Binder does, what lies where."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
import yaml  # jupyterlab brings it
from versions import numbers, pythons, ranges

from gdhelpers.lessons.replies import NEEDED

COURSE = Path(__file__).parent.parent
NAMES = ("numpy", "matplotlib", "ipywidgets")
TOP = {"notebooks", "gdhelpers", "tests", "binder", ".ci", ".github"}
TOP |= {"README.md", "requirements.txt", "pyproject.toml", "conftest.py", "LICENSE", ".gitignore"}
WORKFLOWS = sorted((COURSE / ".github" / "workflows").glob("*.yml"))
NEEDS_BASH = pytest.mark.skipif(os.name == "nt", reason="a script for Linux and macOS")
# A home of somebody on some machine, package indexes other than the public ones, keys. No pattern matches itself.
PRIVATE = {
    "a home directory": re.compile(r"(?<![\w.)])/(home|root|Users)/\w|[A-Z]:\\{1,2}Users\\"),
    "a private package index": re.compile(
        r"https?://(?!pypi\.org\b|files\.pythonhosted\.org\b)[^/\s\"']+/(?:[^\s\"']*/)?simple\b"
        r"|(?:extra-)?index[-]url|\b(?:artifactor[y]|nexu[s]|devp[i])\b|https?://[^/\s\"']+\.(?:internal|corp|local|lan)\b"
    ),
    "a key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY|\bghp_\w{20}|\bAKIA[A-Z0-9]{16}\b"),
}


def text(name):
    return (COURSE / name).read_text(encoding="utf-8")


def version(range_, sign):
    return numbers(re.search(rf"{sign}([\d.]+)", range_)[1])


@pytest.fixture(scope="module")
def tracked():
    """The files that git tracks, as paths from the top."""
    if not shutil.which("git") or not (COURSE / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=COURSE, capture_output=True, text=True, check=True)
    return [Path(name) for name in listed.stdout.split("\0") if name]


def test_three_lists_of_requirements_and_the_check_of_the_first_notebook_agree():
    wanted = {name: ranges(text("requirements.txt").splitlines())[name] for name in NAMES}
    assert ranges(text("binder/requirements.txt").splitlines()) == wanted
    assert ranges(tomllib.loads(text("pyproject.toml"))["project"]["dependencies"]) == wanted
    assert {name: (version(wanted[name], ">="), version(wanted[name], "<")) for name in NAMES} == NEEDED


def test_learners_requirements_hold_lab_nbval_and_the_package_itself():
    lines = text("requirements.txt").splitlines()
    assert set(ranges(lines)) == {*NAMES, "jupyterlab", "nbval"}
    assert "-e ." in lines


def test_binder_has_a_python_that_the_package_allows():
    runtime = text("binder/runtime.txt").strip()
    assert runtime == "python-3.13"
    least = tomllib.loads(text("pyproject.toml"))["project"]["requires-python"]
    assert version(least, ">=") <= (3, 13)


@NEEDS_BASH
def test_binder_runs_a_valid_script_that_installs_the_package_and_stops_at_the_first_error():
    script = COURSE / "binder" / "postBuild"
    assert os.access(script, os.X_OK)
    assert script.read_text().startswith("#!/bin/bash\n")
    subprocess.run(["bash", "-n", script], check=True)
    lines = script.read_text().splitlines()
    assert re.search(r"^set -\w*e", script.read_text(), re.MULTILINE)
    assert any(re.fullmatch(r"(python3? -m )?pip install .*\s\.", line) for line in lines)


@NEEDS_BASH
def test_binder_clears_the_outputs(tmp_path):
    (clearing,) = [line for line in text("binder/postBuild").splitlines() if "nbconvert" in line]
    (tmp_path / "notebooks").mkdir()
    copy = shutil.copy(COURSE / "notebooks" / "00_start_here.ipynb", tmp_path / "notebooks")
    sources = [cell.source for cell in nbformat.read(copy, as_version=4).cells]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    subprocess.run(["bash", "-c", clearing], cwd=tmp_path, env=os.environ | {"PATH": path}, check=True)
    cleared = nbformat.read(copy, as_version=4)
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in cleared.cells)
    assert [cell.source for cell in cleared.cells] == sources


def test_nothing_but_the_course_lies_at_the_top(tracked):
    assert {path.parts[0] for path in tracked} <= TOP


@pytest.mark.parametrize("what", PRIVATE)
def test_no_tracked_file_holds_anything_private(tracked, what):
    found = {}
    for path in tracked:
        if (COURSE / path).is_file():
            content = (COURSE / path).read_bytes().decode("utf-8", errors="ignore")
            if match := PRIVATE[what].search(content):
                found[str(path)] = content[max(0, match.start() - 20) : match.end() + 20]
    assert found == {}


@pytest.mark.parametrize(
    ("what", "line"),
    [
        ("a home directory", 'File "{}home/jo/course/x.py"'.format("/")),
        ("a home directory", "C:{}Users{}jo".format(*"\\\\")),
        ("a home directory", "{}root/course".format("/")),
        ("a private package index", "pip install --{}-url=x".format("index")),
        ("a private package index", "https://pip.example.com/root/{}".format("simple")),
        ("a private package index", "http://registry.example.{}/x".format("internal")),
    ],
)
def test_private_lines_are_found(what, line):
    assert PRIVATE[what].search(line)


@pytest.mark.parametrize(
    "line",
    ["https://pypi.org/simple/numpy", "notebooks/home/x", "a simple line, see https://numpy.org/doc", "the root/x"],
)
def test_harmless_lines_are_allowed(line):
    assert not any(pattern.search(line) for pattern in PRIVATE.values())


def test_nothing_tracked_is_generated_or_too_large(tracked):
    assert [path for path in tracked if {"__pycache__", ".ipynb_checkpoints", "dist"} & set(path.parts)] == []
    assert [path for path in tracked if (COURSE / path).is_file() and (COURSE / path).stat().st_size > 3e6] == []


def test_readme_holds_the_two_commands():
    readme = text("README.md")
    assert "jupyter lab" in readme
    assert "pip install -r requirements.txt" in readme
    assert "pytest" in readme


@NEEDS_BASH
def test_readme_marks_the_one_command_that_runs_every_test():
    (block,) = re.findall(r"<!-- test command -->\n(.*?)<!-- end -->", text("README.md"), re.DOTALL)
    shell = re.fullmatch(r"\s*```(?:bash|sh|shell)\n(.*?)```\s*", block, re.DOTALL)
    assert shell, "a shell block and nothing else"
    assert re.search(r"^.*\bpytest\b", shell[1], re.MULTILINE)
    subprocess.run(["bash", "-n"], input=shell[1], text=True, check=True)


def test_readme_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)\s]+)\)", text("README.md")):
        if not re.match(r"https?://|#|mailto:", target):
            assert (COURSE / target.partition("#")[0]).exists(), target


def steps(workflow, job):
    """What the job does: its commands and actions, one string for each step."""
    jobs = yaml.safe_load(text(f".github/workflows/{workflow}.yml"))["jobs"]
    return [step.get("run") or step["uses"] for step in jobs[job]["steps"]]


def matrix(workflow, job):
    return yaml.safe_load(text(f".github/workflows/{workflow}.yml"))["jobs"][job]["strategy"]["matrix"]


def test_package_says_which_pythons_it_supports_from_its_oldest():
    least = tomllib.loads(text("pyproject.toml"))["project"]["requires-python"]
    supported = [numbers(python) for python in pythons()]
    assert supported == [(3, minor) for minor in range(version(least, ">=")[1], supported[-1][1] + 1)]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflow_is_whole_and_its_actions_are_held_at_a_major_version(path):
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] <= 60
        used = [step["uses"] for step in job["steps"] if "uses" in step]
        assert [action.partition("@")[0] for action in used] == ["actions/checkout", "actions/setup-python"]
        assert all(re.fullmatch(r"[\w-]+/[\w-]+@v\d+", action) for action in used)


def test_workflows_run_every_python_on_linux_and_the_ends_of_the_range_on_macos_and_windows():
    workflow = yaml.safe_load(text(".github/workflows/tests.yml"))
    assert set(workflow[True]) == {"push", "pull_request"}  # YAML reads the key `on` as a truth value
    assert {job: it["runs-on"] for job, it in workflow["jobs"].items()} == {
        "linux": "ubuntu-latest",
        "macos": "macos-latest",
        "windows": "windows-latest",
    }
    assert matrix("tests", "linux")["python"] == matrix("weekly", "oldest")["python"] == pythons()
    assert matrix("tests", "macos")["python"] == matrix("tests", "windows")["python"] == [pythons()[0], pythons()[-1]]


def test_workflow_of_each_week_takes_the_latest_of_everything_on_three_systems():
    workflow = yaml.safe_load(text(".github/workflows/weekly.yml"))
    assert re.fullmatch(r"\d+ \d+ \* \* [0-6]", workflow[True]["schedule"][0]["cron"])
    assert matrix("weekly", "latest")["system"] == ["ubuntu-latest", "macos-latest", "windows-latest"]
    *_, install, test = steps("weekly", "latest")
    assert "--upgrade --upgrade-strategy eager -r requirements.txt" in install
    assert test == "python -m pytest"


@NEEDS_BASH
def test_workflows_and_ci_call_the_readmes_own_commands():
    readme = text("README.md")
    assert steps("tests", "linux")[-1] == steps("tests", "macos")[-1] == "bash .ci/run"
    (find,) = re.findall(r"^command=.*$", text(".ci/run"), re.MULTILINE)
    found = subprocess.run(
        ["bash", "-c", f'{find}; echo "$command"'], cwd=COURSE, capture_output=True, text=True
    ).stdout
    assert f"<!-- test command -->\n```bash\n{found}```\n<!-- end -->" in readme
    (pattern,) = re.findall(r"\$pattern = '(.*)'", steps("tests", "windows")[-1])
    assert re.search(pattern, readme)[1].strip().endswith("pytest")
