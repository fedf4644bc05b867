"""The command that runs the course on the oldest and newest packages, and what it last said."""

import pytest
import versions

REPORT = (
    """<testsuites><testsuite tests="12" failures="1" errors="2" skipped="3" time="90.0"></testsuite></testsuites>"""
)


def test_oldest_is_the_lowest_in_the_range_that_there_is():
    offered = ["3.0.0", "2.10.1", "2.9.5", "2.3.2.post1", "2.3.2", "2.1.9"]
    assert versions.oldest_of(offered, ">=2.2,<3") in ("2.3.2", "2.3.2.post1")
    assert versions.oldest_of(["2.10.0", "2.9.0"], ">=2.2,<3") == "2.9.0"


def test_the_newest_below_the_upper_end_is_no_oldest():
    with pytest.raises(ValueError, match="empty"):
        versions.oldest_of(["3.0.0", "2.1.0"], ">=2.2,<3")


def test_counts_are_those_of_the_report(tmp_path):
    (tmp_path / "report.xml").write_text(REPORT)
    assert versions.counts(tmp_path / "report.xml") == (6, 3, 3, 1.5)


def test_rows_are_kept_in_order_between_their_marks(tmp_path, monkeypatch):
    monkeypatch.setattr(versions, "RESULTS", tmp_path / "results.md")
    versions.RESULTS.write_text("before\n<!-- versions -->\nold\n<!-- end -->\n<!-- binder -->\n<!-- end -->\n")
    rows = [
        [python, end, *"12345678", "today"]
        for python, end in [("3.12", "oldest"), ("3.9", "newest"), ("3.9", "oldest")]
    ]
    versions.keep("versions", versions.table(rows))
    assert [row[:2] for row in versions.kept("versions")] == [["3.9", "oldest"], ["3.9", "newest"], ["3.12", "oldest"]]
    text = versions.RESULTS.read_text()
    assert text.startswith("before\n<!-- versions -->\n| Python |")
    assert text.endswith("today |\n<!-- end -->\n<!-- binder -->\n<!-- end -->\n")


def test_a_python_that_nobody_has_is_not_found():
    assert versions.interpreter("3.99") is None


def test_what_was_not_run_is_said(monkeypatch):
    monkeypatch.setattr(versions, "pythons", lambda: ["3.11", "3.12"])
    rows = versions.complete([["3.11", "newest", *"123456789", "today"]])
    assert {(*row[:2], row[-1]) for row in rows} == {
        ("3.11", "newest", "today"),
        ("3.11", "oldest", "not run yet"),
        ("3.12", "oldest", "not run yet"),
        ("3.12", "newest", "not run yet"),
    }
    assert {len(row) for row in rows} == {12}


def test_last_results_name_every_python_with_both_ends_and_nothing_failed():
    rows = versions.kept("versions")
    assert [row[:2] for row in rows] == [[python, end] for python in versions.pythons() for end in versions.ENDS]
    assert [row for row in rows if row[-1] != versions.NOT_RUN and row[-4] != "0"] == []
