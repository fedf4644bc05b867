"""The parts of the static site that need no browser, and the README's link for a JupyterHub."""

import re
from urllib.parse import parse_qs, urlsplit
from zipfile import ZipFile

import lite
from versions import COURSE


def test_wheel_of_the_package_holds_all_of_it(tmp_path):
    name = lite.wheel("gdhelpers", tmp_path)
    assert re.fullmatch(r"gdhelpers-[\d.]+-py3-none-any\.whl", name)
    held = ZipFile(tmp_path / name).namelist()
    code = [path for path in (COURSE / "gdhelpers").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert {path.relative_to(COURSE).as_posix() for path in code} == {
        file for file in held if ".dist-info/" not in file
    }
    assert [file for file in held if file.endswith(".dist-info/METADATA")]
    assert len(held) == len(set(held))


def test_wheel_of_an_installed_package_can_be_imported_from_it(tmp_path):
    held = ZipFile(tmp_path / lite.wheel("ipywidgets", tmp_path)).namelist()
    assert "ipywidgets/__init__.py" in held
    assert not [file for file in held if file.startswith(("..", "/")) or "__pycache__" in file]


def test_load_counts_every_learner_and_every_byte(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"x" * 150_000)
    (tmp_path / "b.txt").write_bytes(b"x" * 50_000)
    with lite.served(tmp_path) as address:
        assert lite.fetch_all(address, ["a.txt", "b.txt"])[0] == 200_000
        assert lite.load(address, ["a.txt", "b.txt"], 20).startswith("20 learners at once, 2 files and 0.2 MB each: ")


def test_link_for_a_jupyterhub_names_this_repository_and_a_lesson_that_there_is():
    readme = (COURSE / "README.md").read_text(encoding="utf-8")
    (link,) = re.findall(r"^https://hub\.example\.org/hub/user-redirect/git-pull\?\S+$", readme, re.MULTILINE)
    (binder,) = re.findall(r"https://mybinder\.org/v2/gh/([\w/-]+)/HEAD\?", readme)
    asked = parse_qs(urlsplit(link).query, strict_parsing=True)
    assert asked["repo"] == [f"https://github.com/{binder}"]
    (place,) = asked["urlpath"]
    folder, _, lesson = place.removeprefix("lab/tree/").partition("/")
    assert place.startswith("lab/tree/")
    assert folder == binder.rpartition("/")[2]
    assert (COURSE / lesson).is_file()
