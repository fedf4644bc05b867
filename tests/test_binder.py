"""What repo2docker, which Binder builds with, would do with this folder. Nothing is built, and no network is needed."""

import re

import pytest
import versions

import binder

pytest.importorskip("repo2docker", reason="repo2docker is not installed: it runs on Linux and macOS")


@pytest.fixture(scope="module")
def dockerfile():
    return binder.dockerfile()


def test_image_has_the_python_of_runtime_txt(dockerfile):
    wanted = (versions.COURSE / "binder" / "runtime.txt").read_text().strip().removeprefix("python-")
    assert f"Building conda environment for python={wanted}\n" in dockerfile


def test_image_installs_the_requirements_then_copies_the_course_then_runs_postbuild(dockerfile):
    orders = (r"^RUN .*pip install .*-r \"binder/requirements.txt\"$", r"^COPY .* src/ ", r"^RUN ./binder/postBuild$")
    places = [[match.start() for match in re.finditer(order, dockerfile, re.MULTILINE)] for order in orders]
    assert [len(found) for found in places] == [1, 1, 1]
    assert places == sorted(places)


def test_packages_of_the_image_lie_in_the_ranges_of_the_course():
    base = binder.base()
    for name in ("jupyterlab", "ipywidgets"):
        assert versions.oldest_of([base[name]], versions.wanted()[name]) == base[name]
    assert {"ipykernel", "nbconvert", "nbclient", "jupyter_server"} <= set(base), "the list could not be read"


def test_last_result_is_of_all_notebooks():
    (row,) = versions.kept("binder")
    assert row[1] == "3.13"
    assert int(row[-2]) == len(list((versions.COURSE / "notebooks").glob("*.ipynb")))
