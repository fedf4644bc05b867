"""The course on the oldest and the newest packages: `python tests/versions.py [3.11 ...] [--oldest] [--write]`.

For each Python that is found: a fresh environment in a temporary folder, with the oldest or the newest packages in the
ranges of requirements.txt that have a wheel for this Python; in it all unit tests and, by nbval, all notebooks. Browser
and benchmarks stay out. `--write` keeps the results in tests/VERSIONS.md, row by row, so that some can be renewed.
"""

import argparse
import datetime
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from xml.etree import ElementTree

COURSE = Path(__file__).parent.parent
RESULTS = COURSE / "tests" / "VERSIONS.md"
ENDS = ("oldest", "newest")
NOT_RUN = "not run yet"
PYTEST = ["-m", "pytest", "tests", "notebooks", "--ignore=tests/browser", "--ignore=tests/benchmarks", "-q"]


def ranges(lines):
    """{package: range} of requirement lines such as "numpy>=2.2,<3"."""
    found = (re.fullmatch(r"([\w-]+)\s*([<>=!~].*)", line.strip()) for line in lines)
    return {match[1]: match[2].replace(" ", "") for match in found if match}


def wanted():
    """{package: range} of what a learner installs."""
    return ranges((COURSE / "requirements.txt").read_text(encoding="utf-8").splitlines())


def pythons():
    """The versions of Python that the package says it supports, oldest first."""
    classifiers = tomllib.loads((COURSE / "pyproject.toml").read_text(encoding="utf-8"))["project"]["classifiers"]
    found = (re.fullmatch(r"Programming Language :: Python :: (\d\.\d+)", line) for line in classifiers)
    return [match[1] for match in found if match]


def numbers(version):
    """Version "2.10.1" as (2, 10, 1), to compare by; of "2.10.1.post2" the same."""
    return tuple(map(int, re.match(r"\d+(\.\d+)*", version)[0].split(".")))


def interpreter(version):
    """The command of a Python of this version, or None: on the path, from pyenv, or by Windows' own launcher."""
    shown = "import sys; print('%d.%d' % sys.version_info[:2])"
    inside = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    for command in ([shutil.which(f"python{version}")], *([str(path)] for path in inside), ["py", f"-{version}"]):
        if command[0] and shutil.which(command[0]):
            answer = subprocess.run([*command, "-c", shown], capture_output=True, text=True, check=False)
            if answer.stdout.strip() == version:
                return command
    return None


def fresh_environment(command, folder):
    """The path of the Python of a new virtual environment in `folder`, made by the Python that `command` calls."""
    subprocess.run([*command, "-m", "venv", folder], check=True)
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def oldest(python, package, range_):
    """The oldest version in the range that has a wheel for this Python: pip's answer, no list of ours."""
    ask = [python, "-m", "pip", "index", "versions", "--only-binary=:all:", package]
    listed = subprocess.run(ask, capture_output=True, text=True, check=True).stdout
    return oldest_of(re.search(r"^Available versions: (.*)$", listed, re.MULTILINE)[1].split(", "), range_)


def oldest_of(versions, range_):
    """The lowest of these versions that is at least the lower and below the upper end of `range_`."""
    least, limit = (numbers(re.search(rf"{sign}([\d.]+)", range_)[1]) for sign in (">=", "<"))
    return min((version for version in versions if least <= numbers(version) < limit), key=numbers)


def install(python, end, folder):
    """What the README installs; for "oldest", held down at the oldest version of each package in requirements.txt."""
    held = [f"{name}=={oldest(python, name, range_)}" for name, range_ in wanted().items()] if end == "oldest" else []
    (folder / "held.txt").write_text("\n".join(held))
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-c", folder / "held.txt"]
    subprocess.run([*pip, "-r", "requirements.txt", "-e", ".[test]"], cwd=COURSE, check=True)


def installed(python, names):
    """{package: version} in the environment of this Python."""
    ask = f"import json, importlib.metadata as m; print(json.dumps({{n: m.version(n) for n in {list(names)}}}))"
    return json.loads(subprocess.run([python, "-c", ask], capture_output=True, text=True, check=True).stdout)


def counts(report):
    """(passed, failed, skipped, minutes) of a JUnit report."""
    suites = list(ElementTree.parse(report).iter("testsuite"))
    total, skipped = (sum(int(suite.get(key)) for suite in suites) for key in ("tests", "skipped"))
    failed = sum(int(suite.get(key)) for suite in suites for key in ("failures", "errors"))
    return total - failed - skipped, failed, skipped, sum(float(suite.get("time")) for suite in suites) / 60


def run(version, end):
    """The row of the table for this Python and these packages."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        python = fresh_environment(interpreter(version), folder / "environment")
        install(python, end, folder)
        quiet = {"MPLCONFIGDIR": name, "IPYTHONDIR": name, "PYTHONDONTWRITEBYTECODE": "1"}
        test = [python, *PYTEST, "-p", "no:cacheprovider", f"--junitxml={folder / 'report.xml'}"]
        subprocess.run(test, cwd=COURSE, env=os.environ | quiet, check=False)
        passed, failed, skipped, minutes = counts(folder / "report.xml")
        return [version, end, *installed(python, wanted()).values(), passed, failed, skipped, f"{minutes:.1f}"]


def table(rows):
    """Markdown, with the Pythons from old to new."""
    head = ["Python", "packages", *wanted(), "passed", "failed", "skipped", "minutes", "run on"]
    rows = sorted(rows, key=lambda row: (numbers(row[0]), ENDS.index(row[1])))
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in (head, ["---"] * len(head), *rows))


def complete(rows):
    """These rows and, for what was not run yet, one that says so."""
    known = {(row[0], row[1]) for row in rows}
    lacking = [(python, end) for python in pythons() for end in ENDS if (python, end) not in known]
    return [*rows, *([*pair, *["–"] * (len(wanted()) + 4), NOT_RUN] for pair in lacking)]


def kept(part):
    """The rows of the table in VERSIONS.md between the marks of this part."""
    (block,) = re.findall(rf"<!-- {part} -->\n(.*?)<!-- end -->", RESULTS.read_text(encoding="utf-8"), re.DOTALL)
    return [[cell.strip() for cell in line.strip("| ").split("|")] for line in block.splitlines()[2:] if line.strip()]


def keep(part, markdown):
    """Write `markdown` between the marks of this part of VERSIONS.md."""
    text = RESULTS.read_text(encoding="utf-8")
    block = f"<!-- {part} -->\n{markdown}\n<!-- end -->"
    text = re.sub(rf"<!-- {part} -->\n.*?<!-- end -->", lambda _: block, text, count=1, flags=re.DOTALL)
    RESULTS.write_text(text, encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("versions", nargs="*", help="such as 3.11; none: all that the package supports")
    for end in ENDS:
        parser.add_argument(f"--{end}", action="append_const", dest="ends", const=end, help=f"the {end} packages alone")
    parser.add_argument("--write", action="store_true", help="keep the results in tests/VERSIONS.md")
    given = parser.parse_args()
    today = f"{datetime.date.today()}, {platform.system()}"
    rows, missing = [], []
    for version in given.versions or pythons():
        if not interpreter(version):
            missing.append(version)
            continue
        for end in given.ends or ENDS:
            row = [*run(version, end), today]
            rows.append(row)
            if given.write:
                others = [old for old in kept("versions") if old[:2] != row[:2] and old[-1] != NOT_RUN]
                keep("versions", table(complete([*others, row])))
    print(table(rows))
    for version in missing:
        print(f"Python {version} was not found on this machine, and not run")
    sys.exit(any(row[-4] for row in rows) or bool(missing))


if __name__ == "__main__":
    main()
