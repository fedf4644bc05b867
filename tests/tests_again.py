"""Runs tests again and again in one process, each time on the package as it lies beside them at that moment.

Each line that comes in is a list of tests, in JSON; the answer is one line, too: what became of them. Nothing of the
package or its tests is remembered from one line to the next; numpy and the like are, which makes this quick.
"""

import contextlib
import io
import json
import sys
from pathlib import Path

import pytest

COURSE = Path(__file__).parent.parent
OPTIONS = (
    "-x -q -p no:cacheprovider -p no:unraisableexception --capture=sys --override-ini=addopts= --basetemp=basetemp"
)


class Witness:
    """Counts the tests that passed, and notes in what each of the others ended, and when: at its call or before."""

    def __init__(self):
        self.passed, self.failures = 0, []

    def pytest_runtest_logreport(self, report):
        self.passed += report.when == "call" and report.passed

    def pytest_exception_interact(self, call):
        self.failures.append([call.when, call.excinfo.typename])


def forget_the_package_and_its_tests():
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if name != "__main__" and file and Path(file).is_relative_to(COURSE):
            del sys.modules[name]


def run(tests):
    forget_the_package_and_its_tests()
    witness, said = Witness(), io.StringIO()
    with contextlib.redirect_stdout(said):
        code = pytest.main([*OPTIONS.split(), *tests], plugins=[witness])
    package = getattr(sys.modules.get("gdhelpers"), "__file__", None)
    return {"code": code, "package": package, "said": said.getvalue(), **vars(witness)}


if __name__ == "__main__":
    sys.path.insert(0, str(COURSE))
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), flush=True)
