"""The last lesson: the table of claims, its links, the quiz, the capstone's check and the explorer of the formula."""

import ast
import html
import re
from collections import Counter
from html.parser import HTMLParser

import nbformat
import numpy as np
import pytest
from refresh import NOTEBOOKS

from gdhelpers import lessons, plots, summary, widgets
from gdhelpers.datasets import houses, many_houses, units
from gdhelpers.descent import descend
from gdhelpers.optimizers import GradientDescent
from gdhelpers.problems import LeastSquares, parabola

# The audit's verdicts, claim by claim. Change a line here only with a better experiment in the lessons.
AUDIT = {
    "exact": (
        "6 13 14 15 16 18 19 20 21 23 25 27 28 29 35 37 39 43 45 46 47 51 53 56 59 60 61 62 64 66 70 74 75 78 80 82 83 "
        "94 95"
    ),
    "condition": "8 11 32 36 38 40 41 48 49 50 54 55 57 63 65 76 77 81 86 88 92 96 97 101",
    "imprecise": "7 9 10 17 22 26 30 31 42 44 52 58 67 68 69 72 73 84 85 98 99 102",
    "wrong": "1 2 4 24 33 34 71 79 93 100",
    "unverifiable": "3 12 87 89 90 91",
    "opinion": "5",
}
SIZE, PRICE = many_houses(300, np.random.default_rng(50))
TOWN = LeastSquares.line(SIZE, PRICE)
BEST = TOWN.minimum()
STANDARDISED = units("standardised", SIZE)
CAPSTONE = "lessons.check_fit(my_params, size, price)"


@pytest.fixture(scope="module")
def table():
    return summary.claims()


@pytest.fixture(scope="module")
def notebook():
    return nbformat.read(NOTEBOOKS / "09_summary.ipynb", as_version=4)


def cells_with(claim):
    """The ids of the text cells of the claim's lesson that hold its heading."""
    path = NOTEBOOKS / f"{claim.lesson}.ipynb"
    cells = nbformat.read(path, as_version=4).cells if path.exists() else []
    texts = [cell for cell in cells if cell.cell_type == "markdown"]
    return [cell.id for cell in texts if claim.heading in re.findall(r"^#+ (.*)$", cell.source, re.MULTILINE)]


# The claims


def test_there_are_102_claims_numbered_in_order(table):
    assert [claim.number for claim in table] == list(range(1, 103))


def test_every_verdict_is_that_of_the_audit(table):
    audit = {int(number): verdict for verdict, numbers in AUDIT.items() for number in numbers.split()}
    assert {claim.number: claim.verdict for claim in table} == audit
    assert Counter(audit.values()) == dict(zip(AUDIT, (39, 24, 22, 10, 6, 1), strict=True))


def test_every_link_leads_to_the_one_cell_of_text_with_the_heading_that_it_names(table):
    """When cells have moved, the failure lists the claims as (number, cell in claims.csv, where the heading is now)."""
    found = [(claim.number, claim.cell, cells_with(claim)) for claim in table]
    assert [each for each in found if each[2] != [each[1]]] == []
    for claim in table:
        assert claim.link == f"{claim.lesson}.ipynb#cell-id={claim.cell}"


def test_claims_and_findings_are_short_different_and_free_of_what_a_page_would_take_for_mathematics(table):
    for claim in table:
        assert 3 < len(claim.claim) <= 120, claim
        assert 3 < len(claim.found) <= 120, claim
        assert claim.found.endswith("."), claim
        assert "$" not in claim.claim + claim.found, "between two dollar signs JupyterLab sees a formula"
    assert len({claim.claim for claim in table}) == len({claim.found for claim in table}) == 102


def test_lists_show_each_claim_once_under_its_verdict_with_its_link(table):
    links, lists = [], []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attributes):
            if tag == "details":
                lists.append(0)
                assert "open" not in dict(attributes)
            elif tag == "li":
                lists[-1] += 1
            elif tag == "a":
                links.append(dict(attributes)["href"])

    page = table._repr_html_()
    Reader().feed(page)
    assert lists == [39, 24, 22, 10, 6, 1]
    assert links == [claim.link for claims in table.by_verdict().values() for claim in claims]
    assert all(html.escape(claim.found) in page and claim.found in repr(table) for claim in table)


def test_part_of_the_table_shows_the_lists_that_it_has(table):
    wrong = table.by_verdict()["wrong"]
    assert wrong._repr_html_().count("<details>") == 1
    assert repr(wrong).splitlines()[0] == "wrong (10): not true"


def test_text_of_a_claim_is_no_markup():
    claim = summary.Claim(1, "a < b", "wrong", "<script>", "01_the_problem", "A & B", "01-00")
    page = summary.Claims([claim])._repr_html_()
    assert "a &lt; b" in page
    assert "&lt;script&gt;" in page
    assert "A &amp; B" in page


def test_verdict_that_does_not_exist_is_named(tmp_path, monkeypatch):
    head, first, *_ = (summary.FOLDER / "claims.csv").read_text(encoding="utf-8").splitlines()
    (tmp_path / "claims.csv").write_text(f"{head}\n{first.replace(',wrong,', ',false,')}\n", encoding="utf-8")
    monkeypatch.setattr(summary, "FOLDER", tmp_path)
    with pytest.raises(ValueError, match=r"claim 1: verdict must be one of exact, .*; got 'false'"):
        summary.claims()


def test_every_verdict_has_a_colour():
    assert list(plots.VERDICTS) == list(summary.VERDICTS)


def test_picture_counts_the_table(notebook):
    said = "exact 39, condition 24, imprecise 22, wrong 10, unverifiable 6, opinion 1"
    cell = next(cell for cell in notebook.cells if "tally = Counter" in cell.source)
    assert not re.search(r"\b(39|24|22|102)\b", cell.source), "a count is typed, not computed"
    assert cell.outputs[0].text.strip() == said
    assert said in cell.outputs[1].data["text/plain"]


# The quiz


def test_quiz_has_twelve_questions_that_cover_lessons_01_to_08():
    questions = summary.quiz_questions()
    assert len(questions) == 12
    named = re.findall(r"[Ll]esson (\d\d)", str(questions))
    assert {"01", "03", "04", "05", "06", "07", "08"} <= set(named)


@pytest.mark.parametrize("number", range(12))
def test_every_reply_explains_and_names_its_lesson(number):
    ask, options, right = summary.quiz_questions()[number]
    assert len(options) == 3
    assert right in options
    assert len(set(options.values())) == 3
    for reply in options.values():
        assert re.search(r"[Ll]esson 0[1-8]", reply), reply
        assert 40 < len(reply) <= 230, (len(reply), reply)
        assert len(re.findall(r"[.?](?= |$)", reply)) <= 3, reply
    assert len(ask) <= 130


def test_right_answers_stand_in_different_places():
    places = Counter(list(options).index(right) for _, options, right in summary.quiz_questions())
    assert min(places[place] for place in range(3)) >= 2


def test_right_answer_is_not_given_away_by_its_length():
    longest = [max(options, key=len) == right for _, options, right in summary.quiz_questions()]
    assert sum(longest) <= 6


def test_quiz_can_be_answered_and_counts():
    quiz = lessons.quiz(summary.quiz_questions())
    for question in quiz.questions:
        question.choice.value = question.answer
        question.lock()
    assert "12 of 12" in quiz.score.value


# The capstone


def check(params):
    return lessons.check_fit(params, SIZE, PRICE)


def off_by(share):
    """A line whose loss is this share above the least."""
    return BEST + np.array([0, np.sqrt(share * TOWN.loss(BEST))])


def walked(n_steps, learning_rate, batch_size=None, seed=0):
    scaled = LeastSquares.line(STANDARDISED.convert(SIZE), PRICE)
    rule, rng = GradientDescent(learning_rate), np.random.default_rng(seed)
    return STANDARDISED.to_sq_ft(descend(scaled, (0, 0), rule, n_steps, batch_size=batch_size, rng=rng).params[-1])


@pytest.mark.parametrize("params", [BEST, tuple(BEST), list(BEST), BEST.astype(np.float32)])
def test_best_line_passes(params):
    assert check(params).passed


@pytest.mark.parametrize("share", [0.0099, 0.0101])
def test_border_is_one_per_cent_above_the_least_loss(share):
    assert check(off_by(share)).passed == (share < 0.01)
    assert TOWN.loss(off_by(share)) / TOWN.loss(BEST) - 1 == pytest.approx(share)


def test_praise_says_how_far_above_the_least_it_is_and_what_would_have_been_shorter():
    assert "The best line there is" in repr(check(BEST))
    assert "0.5 % above the least loss" in repr(check(off_by(0.005)))
    assert "formula" in repr(check(off_by(0.005)))
    assert "one full step" in repr(check(off_by(5e-5)))


@pytest.mark.parametrize("stub", [..., None])
def test_stub_is_not_attempted(stub):
    assert check(stub).passed is None


with np.errstate(all="ignore"):
    DIVERGED = descend(TOWN, (0, 0), GradientDescent(1e-5), 60).params[-1]


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        (STANDARDISED.from_sq_ft(BEST), "standardised units"),
        (BEST * [1000, 1], "thousands of sq ft"),
        (BEST * 1000, "in dollars"),
        (BEST * [SIZE.max(), 1], "divided by the largest"),
        (BEST * [SIZE.std(), 1], "w still belongs to standardised sizes"),
        ((BEST[0], PRICE.mean()), "centred sizes"),
        (BEST[::-1], "swapped"),
        (-BEST, "Both signs"),
        (BEST * [1, -1], "sign of b"),
        (BEST * [-1, 1], "sign of w"),
        ((0.1, 100), "five old houses"),
        ((0, PRICE.mean()), "flat line"),
        (descend(TOWN, (0.05, 0), GradientDescent(1e-7), 1000).params[-1], "b is still too low"),
        (descend(TOWN, (0.05, 200), GradientDescent(1e-7), 1000).params[-1], "b is still too high"),
        (walked(3000, 0.05, batch_size=1), "noise floor"),
        (walked(10, 0.1), "Both w and b are on their way"),
        ((0, 0), "Both w and b are on their way"),
        (DIVERGED, "Worse than w = 0, b = 0"),
        ((0.1, np.nan), "diverged"),
        ((np.inf, np.nan), "diverged"),
        ((1e300, 1e300), "Worse than"),
        (descend(TOWN, (0, 0), GradientDescent(1e-7), 3), "whole walk"),
        ([BEST], "shape (1, 2)"),
        ((*BEST, 1), "shape (3,)"),
        (7, "shape ()"),
        ("w, b", "Wanted: the pair"),
        ({"w": 1}, "Wanted: the pair"),
        ([(1, 2), 3], "Wanted: the pair"),
        ((1 + 2j, 3), "Wanted: the pair"),
    ],
)
def test_each_known_fault_gets_its_own_sentence(params, sentence):
    verdict = check(params)
    assert verdict.passed is False
    assert sentence in verdict.message


def test_distance_is_told_in_per_cent():
    assert "5 % above the least, 372.2" in check(off_by(0.05)).message


def test_every_road_of_the_notebook_leads_to_the_target(notebook):
    """Each solution, run in the notebook's own names, passes; there are at least three that differ."""
    number = next(i for i, cell in enumerate(notebook.cells) if CAPSTONE in cell.source)
    names = {}
    for cell in notebook.cells[:number]:
        if cell.cell_type == "code" and ("import" in cell.source or "default_rng(50)" in cell.source):
            exec(cell.source, names)
    roads = re.findall(r"<b>Solution</b>.*?```python\n(.*?)```", notebook.cells[number + 1].source, re.DOTALL)
    assert len(roads) >= 5
    for road in roads:
        own = dict(names)
        exec(road, own)
        verdict = eval(CAPSTONE, own)
        assert verdict.passed, f"{road}\n{verdict}"


# The whole loop, and the formula


def test_whole_loop_fits_one_screen_and_needs_numpy_alone(notebook):
    cell = next(cell for cell in notebook.cells if "level ground: stop" in cell.source)
    assert len(cell.source.splitlines()) <= 20
    names = {"np": np}
    exec(cell.source, names)
    assert names["step"] == 90
    assert (names["w_sq_ft"], names["b_sq_ft"]) == pytest.approx(LeastSquares.line(*houses()).minimum())
    used = {node.id for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Name)}
    assert not used & {"descend", "LeastSquares", "units", "houses", "lessons", "widgets"}


@pytest.fixture
def picture():
    return widgets.formula_explorer(parabola())


def label(picture, symbol):
    """What stands on the symbol's button."""
    return next(each for each in picture.controls["symbol"].options if each.split()[0].startswith(symbol))


@pytest.mark.parametrize(
    ("symbol", "words"),
    [
        ("w_old", "where you stand: 2."),
        ("α", "0.3, so 1.2 here. In code it is learning_rate"),
        ("∇Loss", "a slope of 4, the loss rises to the right"),
        ("−", "points to the right, so you go to the left"),
        ("w_new", "0.8, and the loss goes from 4 to 0.64"),
    ],
)
def test_each_symbol_is_marked_and_explained_with_its_lesson(picture, symbol, words):
    picture.controls["symbol"].value = label(picture, symbol)
    assert words in picture.sentence
    assert re.search(r"Met in lesson 0\d\.$", picture.sentence)
    bold = [actor.get_text() for actor in picture.actors if getattr(actor, "get_fontweight", str)() == "bold"]
    assert bold == [symbol]


@pytest.mark.parametrize(("w", "rate"), [(2.0, 0.3), (-3.0, 1.2), (0.0, 0.5), (1.5, 0.0), (-0.5, 1.0)])
def test_numbers_below_the_formula_are_those_of_the_step(picture, w, rate):
    picture.controls["w"].value, picture.controls["learning_rate"].value = w, rate
    texts = [actor.get_text() for actor in picture.actors if getattr(actor, "get_fontsize", int)() == 17]
    new, old, alpha, slope = (float(texts[i].strip("()").replace("−", "-")) for i in (0, 2, 4, 6))
    assert (old, alpha, slope) == pytest.approx((w, rate, 2 * w))
    assert new == pytest.approx(w - rate * 2 * w, abs=5e-4)
    assert texts[6].startswith("(") == (slope < 0), "minus a negative number is put in brackets"


def test_level_ground_is_said(picture):
    picture.controls["w"].value = 0.0
    assert "level ground" in picture.sentence
    picture.controls["symbol"].value = label(picture, "−")
    assert "you stay" in picture.sentence


def test_step_that_leaves_the_picture_is_said(picture):
    picture.controls["w"].value, picture.controls["learning_rate"].value = 3.0, 1.2
    assert picture.sentence.endswith("That is off the picture.")
