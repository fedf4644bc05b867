"""Predictions stay locked; every check accepts what is right and says of each known mistake what it is."""

import itertools
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from judging import judge

from gdhelpers import lessons, plots
from gdhelpers.datasets import houses
from gdhelpers.lessons import (
    check_adam,
    check_backpropagation,
    check_gradient,
    check_installation,
    check_learning_rate,
    check_loss,
    check_number,
    check_parameter_count,
    check_step,
    check_walk,
    predict,
    replies,
)
from gdhelpers.problems import LeastSquares
from gdhelpers.progress import Progress

pytestmark = pytest.mark.usefixtures("no_warning_reaches_the_learner")

SIZE, PRICE = houses()
START, RATE, N_STEPS = (0.05, 100), 1e-7, 10  # as in the lesson


def errors(w, b):
    return w * SIZE + b - PRICE


def slopes(w, b):
    return 2 * (errors(w, b) * SIZE).mean(), 2 * errors(w, b).mean()


def one_step(w, b, rate):
    slope_w, slope_b = slopes(w, b)
    return w - rate * slope_w, b - rate * slope_b


def late_b(w, b, rate):
    w = w - rate * slopes(w, b)[0]
    return w, b - rate * slopes(w, b)[1]


def late_w(w, b, rate):
    b = b - rate * slopes(w, b)[1]
    return w - rate * slopes(w, b)[0], b


def walk(step=one_step, n_steps=N_STEPS, start=START, rate=RATE):
    places = [start]
    for _ in range(n_steps):
        places.append(step(*places[-1], rate))
    return places


# Predictions

QUESTION = "Which way is <down>?"
OPTIONS = {"Left": "It falls to the left.", "Right": "It rises & rises there.", "Neither": "Only the bottom is flat."}


@pytest.fixture
def prediction():
    return predict(QUESTION, OPTIONS, answer="Left")


def revealed(prediction):
    """All that a learner could read, but for the question and the options."""
    texts = [prediction.reply.value, prediction.button.description, prediction.button.tooltip or ""]
    return " ".join(texts)


@pytest.mark.parametrize("choice", [None, *OPTIONS])
def test_nothing_is_revealed_before_the_lock(prediction, choice):
    prediction.choice.value = choice
    assert prediction.locked is None
    assert not any(reply in revealed(prediction) for reply in OPTIONS.values())
    assert "No" not in revealed(prediction)
    assert "Yes" not in revealed(prediction)


def test_lock_without_a_choice_does_not_lock(prediction):
    assert prediction.choice.value is None, "nothing must be chosen at the start"
    prediction.button.click()
    assert prediction.locked is None
    assert "Choose one first." in prediction.reply.value
    assert not prediction.choice.disabled
    assert not prediction.button.disabled
    prediction.choice.value = "Left"
    prediction.button.click()
    assert prediction.locked == "Left"


@pytest.mark.parametrize(
    ("choice", "reply", "color"),
    [
        ("Left", "Yes. It falls to the left.", replies.GREEN),
        ("Right", "No: Left. It rises & rises there.", replies.RED),
        ("Neither", "No: Left. Only the bottom is flat.", replies.RED),
    ],
)
def test_lock_tells_right_from_wrong_and_why(prediction, choice, reply, color):
    prediction.choice.value = choice
    prediction.button.click()
    box = ET.fromstring(prediction.reply.value)
    assert box.text == reply
    assert box.get("role") == "status"
    assert color in box.get("style")
    assert prediction.locked == choice
    assert prediction.choice.disabled
    assert prediction.button.disabled


def test_what_is_locked_stays_locked(prediction):
    prediction.choice.value = "Right"
    prediction.lock()
    before = prediction.reply.value
    for attempt in ("Left", "Neither", None):
        prediction.choice.value = attempt
        assert prediction.choice.value == "Right"
    prediction.choice.index = 0
    assert prediction.choice.value == "Right"
    prediction.lock()
    prediction.button.click()
    assert (prediction.locked, prediction.reply.value) == ("Right", before)


def test_a_choice_may_change_until_it_is_locked(prediction):
    for choice in ("Right", "Left", "Neither", "Left"):
        prediction.choice.value = choice
        assert prediction.choice.value == choice
    prediction.lock()
    assert "Yes." in prediction.reply.value


def test_two_predictions_do_not_know_each_other(prediction):
    other = predict(QUESTION, OPTIONS, answer="Left")
    other.choice.value = "Right"
    other.lock()
    assert prediction.locked is None
    assert not prediction.choice.disabled


def test_prediction_shows_question_options_and_a_button(prediction):
    heading, choice, button, reply, _aloud = prediction.children
    assert ET.fromstring(f"<p>{heading.value}</p>")[0].tail.strip() == QUESTION
    assert list(choice.options) == list(OPTIONS)
    assert button.description == "Lock my prediction"
    assert reply.value == ""


def test_stored_words_are_question_and_options_and_never_the_answer(prediction):
    stored = prediction._repr_mimebundle_()
    assert stored["text/plain"].splitlines() == [
        f"Predict. {QUESTION}",
        "  ( ) Left",
        "  ( ) Right",
        "  ( ) Neither",
    ]
    prediction.choice.value = "Left"
    prediction.lock()
    again = prediction._repr_mimebundle_()
    assert again["text/plain"] == stored["text/plain"]
    assert set(stored) == {"text/plain", "application/vnd.jupyter.widget-view+json"}
    assert not any(reply in str(again) for reply in OPTIONS.values())


@pytest.mark.parametrize(
    ("options", "answer", "words"),
    [
        (["Left", "Right"], "Left", "options must be"),
        ({"Left": "Yes"}, "Left", "options must be"),
        ({}, "Left", "options must be"),
        (None, "Left", "options must be"),
        (OPTIONS, "Up", "answer must be one of the options"),
        (OPTIONS, None, "answer must be one of the options"),
    ],
)
def test_bad_prediction_is_refused_in_one_sentence(complains, options, answer, words):
    with complains(words):
        predict(QUESTION, options, answer)


# What was locked and passed in an earlier run


@pytest.fixture
def restart(tmp_path, monkeypatch):
    """`restart()`: a new kernel of the lesson, in the same folder."""

    def restart(lesson="01_the_problem"):
        monkeypatch.setattr(replies, "kept", Progress(tmp_path, lesson))
        return replies.kept

    restart()
    return restart


def answer(question, choice):
    question.choice.value = choice
    question.button.click()
    return question


@pytest.mark.parametrize("choice", OPTIONS)
def test_prediction_is_still_locked_after_a_restart_with_its_reply(restart, choice):
    before = answer(predict(QUESTION, OPTIONS, "Left"), choice)
    for _ in range(2):  # run again, and run again after a restart
        after = predict(QUESTION, OPTIONS, "Left")
        assert (after.locked, after.choice.value, after.reply.value) == (choice, choice, before.reply.value)
        assert after.choice.disabled
        assert after.button.disabled
        answer(after, "Neither" if choice == "Left" else "Left")
        assert (after.locked, after.choice.value) == (choice, choice)
        restart()
    entry = replies.kept.recall("predictions", QUESTION)
    assert (entry["answer"], entry["right"]) == (choice, choice == "Left")


def test_choice_that_is_not_locked_is_not_kept(restart):
    prediction = predict(QUESTION, OPTIONS, "Left")
    prediction.button.click()
    prediction.choice.value = "Left"
    restart()
    assert predict(QUESTION, OPTIONS, "Left").choice.value is None
    assert replies.kept.lessons() == {}


def test_prediction_of_other_words_or_another_lesson_is_asked_anew(restart):
    answer(predict(QUESTION, OPTIONS, "Left"), "Right")
    assert predict(QUESTION + "?", OPTIONS, "Left").locked is None
    assert predict(QUESTION, {"Left": "Yes it is.", "Up": "No."}, "Left").locked is None, "Right is no option now"
    restart("02_walk_downhill")
    assert predict(QUESTION, OPTIONS, "Left").locked is None


def test_stored_words_are_the_same_when_a_prediction_was_locked_before(restart):
    before = predict(QUESTION, OPTIONS, "Left")._repr_mimebundle_()
    answer(predict(QUESTION, OPTIONS, "Left"), "Right")
    restart()
    after = predict(QUESTION, OPTIONS, "Left")._repr_mimebundle_()
    assert after["text/plain"] == before["text/plain"]
    assert after.keys() == before.keys()


def test_passed_check_is_kept_and_an_untouched_stub_is_still_not_attempted(restart):
    height = 9
    assert check_number(height, 9).passed
    first = replies.kept.recall("checks", "check_number(height)")
    assert first["right"] is True
    restart()
    height = ...
    assert check_number(height, 9).passed is None
    height = 8
    assert check_number(height, 9).passed is False
    assert replies.kept.recall("checks", "check_number(height)") == first


def test_failed_check_is_not_kept(restart):
    assert not check_number(8, 9).passed
    assert not check_number(..., 9).passed
    assert replies.kept.lessons() == {}


def test_the_day_on_which_a_check_was_passed_first_stays(restart):
    height = 9
    path = replies.kept.path
    assert check_number(height, 9).passed
    path.write_text(re.sub(r"\d{4}-\d\d-\d\d", "2020-02-20", path.read_text()))
    assert check_number(height, 9).passed
    assert replies.kept.recall("checks", "check_number(height)")["when"] == "2020-02-20"


def test_every_lesson_goes_on_when_progress_cannot_be_saved_and_says_so_once(restart, monkeypatch):
    def fail(*args):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.replace", fail)
    prediction = answer(predict(QUESTION, OPTIONS, "Left"), "Right")
    reply, trouble = ET.fromstring(f"<p>{prediction.reply.value}</p>")
    assert reply.text == "No: Left. It rises & rises there."
    assert trouble.text.startswith("Your progress is not saved: progress.json beside the notebooks cannot be written")
    assert trouble.get("role") == "status"
    assert prediction.locked == "Right"
    assert "not saved" not in answer(predict(QUESTION + "?", OPTIONS, "Left"), "Right").reply.value
    verdict = check_number(9, 9)
    assert (verdict.passed, verdict.trouble) == (True, "")


def test_broken_file_is_said_below_the_first_question(restart):
    replies.kept.path.write_text("broken")
    assert "It is kept as progress.broken.json" in predict(QUESTION, OPTIONS, "Left").reply.value
    prediction = predict(QUESTION, OPTIONS, "Left")
    assert prediction.reply.value == ""
    assert answer(prediction, "Left").locked == "Left"


def test_trouble_is_said_with_a_verdict_and_in_a_box_of_its_own(restart):
    replies.kept.path.mkdir()
    verdict = check_number(9, 9)
    first, second = repr(verdict).splitlines()
    assert first == "Right. That is the number."
    assert second.startswith("Your progress is not saved")
    boxes = ET.fromstring(f"<p>{verdict._repr_html_()}</p>")
    assert [box.text for box in boxes] == [first, second]
    assert repr(check_number(9, 9)) == first


def test_forget_starts_this_lesson_over(restart):
    answer(predict(QUESTION, OPTIONS, "Left"), "Right")
    check_number(9, 9)
    restart("02_walk_downhill")
    answer(predict(QUESTION, OPTIONS, "Left"), "Neither")
    restart()
    assert repr(lessons.forget()) == "Forgotten in this lesson: 2. Run its cells again to start over."
    assert predict(QUESTION, OPTIONS, "Left").locked is None
    restart("02_walk_downhill")
    assert predict(QUESTION, OPTIONS, "Left").locked == "Neither"


def test_deleting_the_file_starts_over(restart):
    answer(predict(QUESTION, OPTIONS, "Left"), "Right")
    replies.kept.path.unlink()
    prediction = predict(QUESTION, OPTIONS, "Left")
    assert (prediction.locked, prediction.reply.value) == (None, "")


def test_report_counts_what_is_done(restart):
    assert repr(lessons.progress_report()) == "Nothing is done yet: lock a prediction or pass a check."
    answer(predict(QUESTION, OPTIONS, "Left"), "Right")
    answer(predict("Why?", OPTIONS, "Left"), "Left")
    check_number(9, 9)
    restart("00 & <b>")
    answer(answer(lessons.quiz(QUIZ).questions[0], "Right"), "Left")
    report = lessons.progress_report()
    assert repr(report).splitlines() == [
        "00 & <b>: predictions locked 0 (right 0), checks passed 0, quiz questions answered 1 (right 0)",
        "01_the_problem: predictions locked 2 (right 1), checks passed 1",
        "Kept in progress.json beside the notebooks, and sent nowhere.",
    ]
    table, end = ET.fromstring(f"<p>{report._repr_html_()}</p>")
    rows = [[cell.text for cell in row] for row in table.iter("tr")]
    assert rows[1:] == [["00 & <b>", "0", "0", "0", "1", "0"], ["01_the_problem", "2", "1", "1", "0", "0"]]
    assert len(rows[0]) == len(rows[1])
    assert end.text == repr(report).splitlines()[-1]


def test_report_export_and_forget_say_when_nothing_is_kept():
    for said in (lessons.progress_report(), lessons.export_progress("Ada"), lessons.forget()):
        assert "Nothing is kept here: progress is kept when a lesson is opened in JupyterLab" in repr(said)


def test_report_says_why_nothing_can_be_kept(restart):
    replies.kept.path.mkdir()
    assert "cannot be read" in repr(lessons.progress_report())
    answer(predict(QUESTION, OPTIONS, "Left"), "Right")
    assert "predictions locked 1 (right 0)" in repr(lessons.progress_report())


def test_export_is_a_file_for_the_teacher(restart):
    answer(predict(QUESTION, OPTIONS, "Left"), "Right")
    said = lessons.export_progress(" Ada Lovelace ")
    assert repr(said) == "Written: progress_Ada_Lovelace.csv, beside the notebooks. Give that file to your teacher."
    assert ET.fromstring(said._repr_html_()).text == repr(said)
    written = replies.kept.path.with_name("progress_Ada_Lovelace.csv").read_text(encoding="utf-8-sig")
    assert written.splitlines()[1].startswith("Ada Lovelace,01_the_problem,predictions,Which way is <down>?,Right,no,")


def test_export_that_fails_says_so(restart):
    replies.kept.path.with_name("progress_Ada.csv").mkdir()
    assert repr(lessons.export_progress("Ada")).startswith("The table is not written: progress_Ada.csv beside")


@pytest.mark.parametrize("student", ["", "  ", None, 7, "Ada\nLovelace"])
def test_export_wants_a_name(restart, complains, student):
    with complains("student must be a name"):
        lessons.export_progress(student)


# The quiz

QUIZ = [
    (QUESTION, OPTIONS, "Left"),
    ("Is α a <rate>?", {"Yes": "It is & stays.", "No": "Look again."}, "Yes"),
    ("How many?", {"1": "One is too few.", "2": "Two it is.", "3": "Three is too many."}, "2"),
]


def score(quiz):
    box = ET.fromstring(quiz.score.value)
    assert box.get("role") == "status"
    return box.text


def test_quiz_shows_every_question_with_options_a_button_and_a_score():
    quiz = lessons.quiz(QUIZ)
    *questions, last = quiz.children
    assert last is quiz.score
    for number, (question, (text, options, _)) in enumerate(zip(questions, QUIZ, strict=True), 1):
        heading, choice, button, reply, _ = question.children
        lead = ET.fromstring(f"<p>{heading.value}</p>")[0]
        assert (lead.text, lead.tail.strip()) == (f"Question {number} of 3.", text)
        assert list(choice.options) == list(options)
        assert (choice.value, button.description, reply.value) == (None, "Check my answer", "")
    assert score(quiz) == "The first answer to each question counts. After that, try until you know why."


def test_wrong_answer_is_explained_and_may_be_tried_again_but_the_first_counts():
    quiz = lessons.quiz(QUIZ)
    question = answer(quiz.questions[0], "Right")
    assert ET.fromstring(question.reply.value).text == "No, try another. It rises & rises there."
    assert "Left" not in question.reply.value
    assert replies.RED in question.reply.value
    assert not question.choice.disabled
    assert not question.button.disabled
    assert score(quiz) == "1 of 3 answered, 0 right at the first try."
    answer(question, "Left")
    assert ET.fromstring(question.reply.value).text == "Yes. It falls to the left."
    assert replies.GREEN in question.reply.value
    assert question.choice.disabled
    assert question.button.disabled
    question.choice.value = "Neither"
    assert question.choice.value == "Left"
    assert score(quiz) == "1 of 3 answered, 0 right at the first try."


def test_button_without_a_choice_is_no_answer():
    quiz = lessons.quiz(QUIZ)
    quiz.questions[0].button.click()
    assert "Choose one first." in quiz.questions[0].reply.value
    assert score(quiz).startswith("The first answer to each question counts.")


def test_score_counts_first_answers_and_names_what_is_not_solved():
    quiz = lessons.quiz(QUIZ)
    answer(quiz.questions[1], "Yes")
    assert score(quiz) == "1 of 3 answered, 1 right at the first try."
    answer(quiz.questions[2], "3")
    answer(quiz.questions[0], "Neither")
    assert score(quiz) == "All answered: 1 of 3 right at the first try. Not solved yet: 1, 3."
    assert replies.GREEN not in quiz.score.value
    answer(quiz.questions[2], "2")
    assert score(quiz) == "All answered: 1 of 3 right at the first try. Not solved yet: 1."
    answer(quiz.questions[0], "Left")
    assert score(quiz) == "All answered: 1 of 3 right at the first try. Every question is solved."
    assert replies.GREEN in quiz.score.value


def test_stored_words_of_a_quiz_are_its_questions_whatever_was_answered(restart):
    quiz = lessons.quiz(QUIZ)
    assert "application/vnd.jupyter.widget-view+json" in quiz._repr_mimebundle_()
    stored = quiz._repr_mimebundle_()["text/plain"]
    assert stored.splitlines()[:5] == [
        "A quiz of 3.",
        "1. Which way is <down>?",
        "  ( ) Left",
        "  ( ) Right",
        "  ( ) Neither",
    ]
    assert not any(reply in stored for _, options, _ in QUIZ for reply in options.values())
    answer(quiz.questions[0], "Left")
    assert quiz._repr_mimebundle_()["text/plain"] == stored
    assert lessons.quiz(QUIZ)._repr_mimebundle_()["text/plain"] == stored


def test_quiz_survives_a_restart(restart):
    quiz = lessons.quiz(QUIZ)
    answer(quiz.questions[0], "Left")
    answer(answer(quiz.questions[1], "No"), "Yes")
    answer(quiz.questions[2], "1")
    before = score(quiz)
    restart()
    quiz = lessons.quiz(QUIZ)
    assert score(quiz) == before == "All answered: 1 of 3 right at the first try. Not solved yet: 3."
    assert [question.first for question in quiz.questions] == ["Left", "No", "1"]
    assert [question.choice.value for question in quiz.questions] == ["Left", "Yes", "1"]
    assert [question.button.disabled for question in quiz.questions] == [True, True, False]
    assert "No, try another. One is too few." in quiz.questions[2].reply.value
    answer(answer(quiz.questions[2], "3"), "2")
    restart()
    assert score(lessons.quiz(QUIZ)) == "All answered: 1 of 3 right at the first try. Every question is solved."
    kept = replies.kept.recall("quiz", "How many?")
    assert (kept["answer"], kept["latest"], kept["right"]) == ("1", "2", False)


def test_kept_answer_of_an_older_course_does_no_harm(restart):
    replies.kept.keep("quiz", "How many?", answer="2", latest="3", right=True)  # 3 was right then
    quiz = lessons.quiz(QUIZ)
    assert quiz.questions[2].locked == quiz.questions[2].choice.value == "2"
    assert "Yes. Two it is." in quiz.questions[2].reply.value


@pytest.mark.parametrize(
    ("questions", "words"),
    [
        ([], "questions must be a list of"),
        (None, "questions must be a list of"),
        ({"a": 1}, "questions must be a list of"),
        (["Why?"], "question 1 must be (question, {option: reply}, answer)"),
        ([QUIZ[0], QUIZ[1][:2]], "question 2 must be (question, {option: reply}, answer)"),
        ([(7, OPTIONS, "Left")], "question 1 must be"),
        ([QUIZ[0], QUIZ[0]], "question 2 was asked before"),
        ([QUIZ[0], ("Why?", OPTIONS, "Up")], "question 2: answer must be one of the options"),
        ([("Why?", {"Left": "It is."}, "Left")], "question 1: options must be"),
        ([("Why?", {"Left": "It is.", "Right": ""}, "Left")], "question 1: options must be"),
        ([("Why?", {"Left": "It is.", "Right": None}, "Left")], "both of them text"),
        ([("Why?", {1: "It is.", 2: "It is not."}, 1)], "both of them text"),
    ],
)
def test_bad_quiz_is_refused_in_one_sentence(complains, questions, words):
    with complains(words):
        lessons.quiz(questions)


# What a verdict looks like


@pytest.mark.parametrize(
    ("passed", "words", "color"),
    [(True, "Right.", plots.MINIMUM), (False, "Not yet.", plots.LIMIT), (None, "Not attempted yet.", plots.FAINT)],
)
def test_verdict_says_it_in_words_and_in_the_colour_of_the_course(passed, words, color):
    verdict = replies.Verdict(passed, "a < b & c.")
    assert repr(verdict) == f"{words} a < b & c."
    box = ET.fromstring(verdict._repr_html_())
    assert box.text == repr(verdict)
    assert color in box.get("style")


# The installation


def test_installation_is_in_place_here():
    assert judge(check_installation, replies.NEEDED).passed
    assert check_installation().passed


@pytest.mark.parametrize(("least", "below"), [((99,), (100,)), ((0, 1), (1,))], ids=["too old", "too new"])
@pytest.mark.parametrize("package", ["numpy", "matplotlib", "ipywidgets"])
def test_installation_with_another_version_says_which_and_what_to_do(package, least, below):
    verdict = check_installation(replies.NEEDED | {package: (least, below)})
    assert verdict.passed is False
    assert verdict.message.startswith(f"{package} ")
    assert "pip install -r requirements.txt" in verdict.message
    assert ".".join(map(str, least)) in verdict.message


def test_missing_package_is_named():
    with pytest.raises(ModuleNotFoundError) as caught:  # the first notebook catches it and says what to do
        check_installation({"no-such-package": ((1,), (2,))})
    assert caught.value.name == "no-such-package"


# Not attempted, and not understood

CHECKS = {  # name: the check as a function of the learner's value, and whether that value is a function
    "number": (lambda mine: judge(check_number, mine, 9, {6: "That is 2 · 3."}), False),
    "loss": (lambda mine: judge(check_loss, mine, SIZE, PRICE), True),
    "gradient": (lambda mine: judge(check_gradient, mine, SIZE, PRICE), True),
    "step": (lambda mine: judge(check_step, mine, SIZE, PRICE), True),
    "walk": (lambda mine: judge(check_walk, mine, SIZE, PRICE, START, RATE, N_STEPS), False),
    "rate": (
        lambda mine: judge(check_learning_rate, mine, LeastSquares.line(SIZE / 1000, PRICE), (50, 20), 60, 1),
        False,
    ),
    "adam": (lambda mine: judge(check_adam, mine), True),
    "count": (lambda mine: judge(check_parameter_count, mine), True),
    "backpropagation": (lambda mine: judge(check_backpropagation, mine), True),
}
EVERY_CHECK = pytest.mark.parametrize("name", sorted(CHECKS))
FUNCTION_CHECKS = pytest.mark.parametrize("name", sorted(name for name, (_, function) in CHECKS.items() if function))


def given(name, value):
    """The verdict on this value, or on a function that returns it."""
    check, function = CHECKS[name]
    return check((lambda *arguments: value) if function else value)


@EVERY_CHECK
@pytest.mark.parametrize("value", [..., None], ids=["dots", "None"])
def test_untouched_stub_is_not_attempted(name, value):
    for verdict in (given(name, value), CHECKS[name][0](value)):
        assert verdict.passed is None
        assert verdict.message.startswith("Put your own line where the ... is")


@pytest.mark.parametrize("empty", [[], (), np.array([])], ids=["list", "tuple", "array"])
def test_empty_history_is_not_attempted(empty):
    verdict = given("walk", empty)
    assert verdict.passed is None
    assert verdict.message == "The list is empty: fill it with the pairs (w, b), the start and then 10 steps."


@EVERY_CHECK
@pytest.mark.parametrize(
    "value",
    ["nine", "9", [[1, 2], [3]], {"w": 1}, np.zeros((2, 3, 4)), 1j, [], [...], [None, 1], object],
    ids=["word", "digits", "ragged", "dict", "array", "complex", "empty", "list of dots", "None inside", "class"],
)
def test_what_is_no_number_is_refused_in_plain_words(name, value):
    verdict = given(name, value)
    assert not verdict.passed
    assert re.search("Wanted|Put your own line|The list is empty", verdict.message)


@EVERY_CHECK
def test_not_a_number_is_named(name):
    shape = {"gradient": (2,), "step": (2,), "walk": (11, 2), "adam": (3,), "backpropagation": (4, 3)}.get(name, ())
    verdict = given(name, np.full(shape, np.nan))
    assert verdict.passed is False
    assert "NaN" in verdict.message


@FUNCTION_CHECKS
def test_function_that_stops_is_quoted(name):
    def mine(*arguments):
        return 1 / 0

    alone = {"adam": check_adam, "count": check_parameter_count, "backpropagation": check_backpropagation}
    checks = {"loss": check_loss, "gradient": check_gradient, "step": check_step}
    verdict = alone[name](mine) if name in alone else checks[name](mine, SIZE, PRICE)
    assert verdict.passed is False
    assert verdict.message == "Your function stopped with ZeroDivisionError: division by zero"


@FUNCTION_CHECKS
@pytest.mark.parametrize("value", [3.0, (1.0, 2.0), "text"])
def test_result_handed_over_in_place_of_the_function_is_explained(name, value):
    verdict = CHECKS[name][0](value)
    assert verdict.passed is False
    assert verdict.message.startswith("Hand over the function itself, without brackets")


@FUNCTION_CHECKS
def test_warning_inside_the_function_does_not_reach_the_learner(name):
    assert CHECKS[name][0](lambda *arguments: np.float64(1) / np.float64(0)).passed is False


# check_number


@pytest.mark.parametrize("value", [9, 9.0, np.float64(9), np.array(9), 3**2, 9 + 1e-9])
def test_number_accepts_every_kind_of_number(value):
    assert given("number", value).passed


def test_number_praises_in_the_words_given():
    assert check_number(9, 9).message == "That is the number."
    assert check_number(9, 9, praise="So high.").message == "So high."


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (6, "That is 2 · 3."),
        (6.0000001, "That is 2 · 3."),
        (-9, "The size is right, the sign is not."),
        (8, "8 is not it."),
        (9.01, "9.01 is not it."),
        (np.inf, "inf is not it."),
    ],
)
def test_number_says_what_is_wrong(value, words):
    verdict = given("number", value)
    assert verdict.passed is False
    assert verdict.message.startswith(words)


def test_number_of_zero_has_no_sign_to_be_wrong():
    assert check_number(0.0, 0).passed
    assert "sign" not in check_number(1, 0).message


# check_loss

RIGHT_LOSSES = {
    "numpy": lambda w, b: (errors(w, b) ** 2).mean(),
    "plain": lambda w, b: sum((w * x + b - y) ** 2 for x, y in zip(SIZE, PRICE, strict=True)) / len(SIZE),
    "0-d array": lambda w, b: np.array(np.mean(errors(w, b) ** 2)),
    "library": lambda w, b: LeastSquares.line(SIZE, PRICE).loss((w, b)),
    "actual - predicted": lambda w, b: np.mean((PRICE - b - w * SIZE) ** 2),
}
WRONG_LOSSES = {
    "sum": (lambda w, b: (errors(w, b) ** 2).sum(), "You added the squares up"),
    "not squared": (lambda w, b: errors(w, b).mean(), "You averaged the errors without squaring them"),
    "absolute": (lambda w, b: abs(errors(w, b)).mean(), "You averaged the distances |error|"),
    "RMSE": (
        lambda w, b: np.sqrt((errors(w, b) ** 2).mean()),
        "You took the square root at the end (that is the RMSE)",
    ),
    "half": (lambda w, b: (errors(w, b) ** 2).mean() / 2, "You halved it."),
    "square of the mean": (lambda w, b: errors(w, b).mean() ** 2, "You squared the mean"),
    "sign": (lambda w, b: -(errors(w, b) ** 2).mean(), "The size is right, the sign is not"),
    "constant": (lambda w, b: 6875, "At w = 0.2, b = 30.0 it gives 6875 and the loss is"),
    "for each house": (lambda w, b: errors(w, b) ** 2, "Wanted: loss(w, b) returns one number."),
}


@pytest.mark.parametrize("mine", RIGHT_LOSSES.values(), ids=RIGHT_LOSSES)
def test_right_loss_is_accepted_in_every_style(mine):
    assert CHECKS["loss"][0](mine).passed


@pytest.mark.parametrize(("mine", "words"), WRONG_LOSSES.values(), ids=WRONG_LOSSES)
def test_wrong_loss_is_diagnosed(mine, words):
    verdict = CHECKS["loss"][0](mine)
    assert verdict.passed is False
    assert verdict.message.startswith(words)


# check_gradient

RIGHT_GRADIENTS = {
    "tuple": slopes,
    "list": lambda w, b: list(slopes(w, b)),
    "array": lambda w, b: np.array(slopes(w, b)),
    "plain": lambda w, b: (
        2 / 5 * sum((w * x + b - y) * x for x, y in zip(SIZE, PRICE, strict=True)),
        2 / 5 * sum(w * x + b - y for x, y in zip(SIZE, PRICE, strict=True)),
    ),
    "matrix": lambda w, b: LeastSquares.line(SIZE, PRICE).gradient((w, b)),
}
WRONG_GRADIENTS = {
    "sign": (lambda w, b: -np.array(slopes(w, b)), "The sizes are right, the signs are not"),
    "missing 2": (lambda w, b: np.array(slopes(w, b)) / 2, "It is half of what it should be"),
    "sum": (lambda w, b: np.array(slopes(w, b)) * 5, "You added the houses up; the mean divides"),
    "sum, missing 2": (lambda w, b: np.array(slopes(w, b)) * 2.5, "You added up and left out the 2"),
    "swapped": (lambda w, b: slopes(w, b)[::-1], "The two are swapped"),
    "no size": (lambda w, b: (slopes(w, b)[1], slopes(w, b)[1]), "Slope in w: each error must be multiplied"),
    "size in both": (lambda w, b: (slopes(w, b)[0], slopes(w, b)[0]), "Slope in b: its errors are not multiplied"),
    "only w": (lambda w, b: (slopes(w, b)[0], 7), "At w = 0.05, b = 100.0: only the slope in b is wrong"),
    "only b": (lambda w, b: (7, slopes(w, b)[1]), "At w = 0.05, b = 100.0: only the slope in w is wrong"),
    "neither": (lambda w, b: (7, 7), "At w = 0.05, b = 100.0: it differs from the slope measured by differences"),
    "constant": (lambda w, b: (-275000, -150), "At w = 0.2, b = 30.0: it differs"),
    "one number": (lambda w, b: slopes(w, b)[0], "Wanted: gradient(w, b) returns a pair"),
    "three numbers": (lambda w, b: (1, 2, 3), "Wanted: gradient(w, b) returns a pair"),
    "for each house": (lambda w, b: 2 * errors(w, b) * SIZE, "Wanted: gradient(w, b) returns a pair"),
}


@pytest.mark.parametrize("mine", RIGHT_GRADIENTS.values(), ids=RIGHT_GRADIENTS)
def test_right_gradient_is_accepted_in_every_style(mine):
    assert CHECKS["gradient"][0](mine).passed


@pytest.mark.parametrize(("mine", "words"), WRONG_GRADIENTS.values(), ids=WRONG_GRADIENTS)
def test_wrong_gradient_is_diagnosed(mine, words):
    verdict = CHECKS["gradient"][0](mine)
    assert verdict.passed is False
    assert verdict.message.startswith(words)


# check_step

RIGHT_STEPS = {
    "tuple": one_step,
    "list": lambda w, b, rate: list(one_step(w, b, rate)),
    "array": lambda w, b, rate: np.array([w, b]) - rate * np.array(slopes(w, b)),
}
WRONG_STEPS = {
    "uphill": (lambda w, b, rate: one_step(w, b, -rate), "You walk uphill"),
    "w first": (late_b, "b was updated with the slope at the new w."),
    "b first": (late_w, "w was updated with the slope at the new b."),
    "no rate": (lambda w, b, rate: one_step(w, b, 1), "The learning rate is missing"),
    "change alone": (lambda w, b, rate: -rate * np.array(slopes(w, b)), "That is the change alone"),
    "nothing": (lambda w, b, rate: (w, b), "Nothing moved"),
    "slopes swapped": (lambda w, b, rate: np.array([w, b]) - rate * np.array(slopes(w, b))[::-1], "The two slopes are"),
    "swapped": (lambda w, b, rate: one_step(w, b, rate)[::-1], "The two are swapped: return w first"),
    "missing 2": (lambda w, b, rate: one_step(w, b, rate / 2), "Your steps are half as long"),
    "w alone": (lambda w, b, rate: (one_step(w, b, rate)[0], b), "From w = "),
    "b alone": (lambda w, b, rate: (w, one_step(w, b, rate)[1]), "From w = "),
    "one number": (lambda w, b, rate: one_step(w, b, rate)[0], "Wanted: step(w, b, learning_rate) returns"),
}


@pytest.mark.parametrize("mine", RIGHT_STEPS.values(), ids=RIGHT_STEPS)
def test_right_step_is_accepted_in_every_style(mine):
    assert CHECKS["step"][0](mine).passed


@pytest.mark.parametrize(("mine", "words"), WRONG_STEPS.values(), ids=WRONG_STEPS)
def test_wrong_step_is_diagnosed(mine, words):
    verdict = CHECKS["step"][0](mine)
    assert verdict.passed is False
    assert verdict.message.startswith(words)


# check_walk


def in_place(first):
    """What becomes of a history that is filled with one array, changed again and again."""
    params = np.array(START, dtype=float)
    history = first(params)
    for _ in range(N_STEPS):
        params -= RATE * np.array(slopes(*params))
        history.append(params)
    return history


RIGHT_WALKS = {
    "tuples": walk(),
    "lists": [list(place) for place in walk()],
    "array": np.array(walk()),
    "arrays": [np.array(place) for place in walk()],
    "tuple of tuples": tuple(walk()),
}
WRONG_WALKS = {
    "in place": (in_place(lambda params: [params]), "the same array was changed in place"),
    "in place after the start": (in_place(lambda params: [START]), "the same array was changed in place"),
    "in place, copied start": (in_place(lambda params: [params.copy()]), "the same array was changed in place"),
    "nothing moved": ([START] * 11, "Nothing moved"),
    "no start": (walk()[1:], "All steps are right, but the start itself is missing"),
    "no start, w first": (walk(late_b)[1:], "There should be 11 pairs, the start and 10 steps; got 10."),
    "one too few": (walk(n_steps=9), "There should be 11 pairs, the start and 10 steps; got 10."),
    "one too many": (walk(n_steps=11), "There should be 11 pairs, the start and 10 steps; got 12."),
    "uphill": (walk(rate=-RATE), "You walk uphill"),
    "w first": (walk(late_b), "b was updated with the slope at the new w."),
    "b first": (walk(late_w), "w was updated with the slope at the new b."),
    "half": (walk(rate=RATE / 2), "Your steps are half as long"),
    "no rate": (walk(rate=1), "It diverges: the numbers explode."),
    "too large": (walk(rate=1e-5), "It diverges: the numbers explode."),
    "until infinity": (np.vstack([walk(n_steps=9), [np.inf, np.inf]]), "It diverges: the numbers explode."),
    "another start": (walk(start=(0.06, 100)), "The first wrong pair is number 0, counting the start as 0."),
    "wrong later": ([*walk()[:4], (0.07, 3), *walk()[5:]], "The first wrong pair is number 4"),
    "b never moves": ([(w, 100) for w, _ in walk()], "The first wrong pair is number 1"),
    "only w": ([w for w, _ in walk()], "Wanted: a list of the pairs (w, b)"),
    "two lists": (np.transpose(walk()), "Wanted: a list of the pairs (w, b)"),
}


@pytest.mark.parametrize("mine", RIGHT_WALKS.values(), ids=RIGHT_WALKS)
def test_right_walk_is_accepted_in_every_style(mine):
    assert given("walk", mine).passed


@pytest.mark.parametrize(("mine", "words"), WRONG_WALKS.values(), ids=WRONG_WALKS)
def test_wrong_walk_is_diagnosed(mine, words):
    verdict = given("walk", mine)
    assert verdict.passed is False
    assert words in verdict.message


def test_check_of_a_walk_changes_nothing_that_it_is_given():
    history = [np.array(place) for place in walk()]
    before = np.array(history)
    given("walk", history)
    assert np.array_equal(history, before)


# check_learning_rate


@pytest.mark.parametrize("rate", [0.2, 0.22, np.float64(0.2), np.array(0.2)])
def test_good_learning_rate_is_accepted_with_its_number_of_steps(rate):
    verdict = given("rate", rate)
    assert verdict.passed
    steps = next(n for n in range(61) if own_loss(walk_in_thousands(float(rate), n)) <= 1)
    assert verdict.message == f"{steps} of 60 steps."


def walk_in_thousands(rate, n_steps):
    w, b = 50.0, 20.0
    for _ in range(n_steps):
        gap = w * SIZE / 1000 + b - PRICE
        w, b = w - rate * 2 * (gap * SIZE / 1000).mean(), b - rate * 2 * gap.mean()
    return w, b


def own_loss(params):
    return ((params[0] * SIZE / 1000 + params[1] - PRICE) ** 2).mean()


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        (0, "A learning rate is positive; with 0 you would walk uphill or stand still."),
        (-0.1, "A learning rate is positive; with -0.1 you would walk uphill"),
        (0.3, "It diverges: 0.3 is not below the limit 2/λmax = 0.2769."),
        (LeastSquares.line(SIZE / 1000, PRICE).learning_rate_limit(), "It diverges: 0.276889 is not below"),
        (1e300, "It diverges: 1e+300 is not below"),
        (np.inf, "It diverges: inf is not below"),
        (0.1, "It gets there, but it needs "),
        (1e-6, "It gets there, but it needs 10,"),  # millions
        (1e-300, "It gets there, but it needs more than anyone can wait steps and you have 60."),
        ([0.2], "Wanted: one number, the learning rate."),
    ],
)
def test_bad_learning_rate_is_diagnosed(rate, words):
    verdict = given("rate", rate)
    assert verdict.passed is False
    assert verdict.message.startswith(words)


# check_adam


def adam(
    w,
    m,
    v,
    g,
    t,
    *,
    share=0.1,
    square=lambda g: g**2,
    shift=0,
    root=np.sqrt,
    correct_m=True,
    correct_v=True,
    inside=0.0,
):
    """Adam's step, and by its options one with a mistake."""
    m, v = 0.9 * m + share * g, 0.999 * v + 0.001 * square(g)
    with np.errstate(all="ignore"):
        m_hat = m / (1 - np.float64(0.9) ** (t + shift)) if correct_m else m
        v_hat = v / (1 - np.float64(0.999) ** (t + shift)) if correct_v else v
        return w - 0.1 * m_hat / (root(v_hat + inside) + (0 if inside else 1e-8)), m, v


def spoiled(**options):
    return lambda w, m, v, g, t: adam(w, m, v, g, t, **options)


def changed(change):
    """Adam whose three results are changed at the end: change(old w, old m, old v, new w, new m, new v)."""
    return lambda w, m, v, g, t: change(w, m, v, *adam(w, m, v, g, t))


RIGHT_ADAMS = {
    "tuple": adam,
    "list": lambda w, m, v, g, t: list(adam(w, m, v, g, t)),
    "array": lambda w, m, v, g, t: np.array(adam(w, m, v, g, t)),
    "constants with defaults": lambda w, m, v, g, t, alpha=0.1: adam(w, m, v, g, t),
}
WRONG_ADAMS = {
    "no correction": (spoiled(correct_m=False, correct_v=False), "That is the article's formula: the bias correction"),
    "m not corrected": (spoiled(correct_m=False), "m is not corrected"),
    "v not corrected": (spoiled(correct_v=False), "v is not corrected"),
    "no root": (spoiled(root=lambda v: v), "The square root of v is missing"),
    "no epsilon": (spoiled(inside=1e-30), "Epsilon is missing"),
    "epsilon inside": (spoiled(inside=1e-8), "Epsilon stands inside the root"),
    "g for its square": (spoiled(square=lambda g: g), "v averages the squares: g**2, not g"),
    "t from 0": (spoiled(shift=-1), "You correct as if this were step t - 1: t counts from 1"),
    "t one too many": (spoiled(shift=1), "You correct as if this were step t + 1: t counts from 1"),
    "heavy ball": (spoiled(share=1), "In m the new gradient counts (1 - beta1) times"),
    "corrected m kept": (changed(lambda w, m, v, a, b, c: (a, b / (1 - 0.9**3), c)), "m keeps the plain average"),
    "corrected v kept": (changed(lambda w, m, v, a, b, c: (a, b, c / (1 - 0.999**3))), "v keeps the plain average"),
    "old m": (changed(lambda w, m, v, a, b, c: (a, m, c)), "m did not change"),
    "old v": (changed(lambda w, m, v, a, b, c: (a, b, v)), "v did not change"),
    "old w": (changed(lambda w, m, v, a, b, c: (w, b, c)), "w did not change"),
    "uphill": (changed(lambda w, m, v, a, b, c: (2 * w - a, b, c)), "You walk uphill"),
    "no rate": (changed(lambda w, m, v, a, b, c: (w + 10 * (a - w), b, c)), "The learning rate alpha is missing"),
    "order": (changed(lambda w, m, v, a, b, c: (b, c, a)), "At w = 1.0, m = 0.2"),
    "w alone": (lambda *given: adam(*given)[0], "Wanted: adam_step(w, m, v, g, t) returns the new w, m and v."),
    "m, shares swapped": (
        lambda w, m, v, g, t: (w, 0.1 * m + 0.9 * g, v), "In m the two shares are swapped"),
    "v, shares swapped": (
        lambda w, m, v, g, t: (w, 0.9 * m + 0.1 * g, 0.001 * v + 0.999 * g**2), "In v the two shares are swapped"),
    "v with beta1": (lambda w, m, v, g, t: (w, 0.9 * m + 0.1 * g, 0.9 * v + 0.1 * g**2), "v used beta1"),
    "v, whole squares": (lambda w, m, v, g, t: (w, 0.9 * m + 0.1 * g, 0.999 * v + g**2), "In v the new square counts"),
}  # fmt: skip


@pytest.mark.parametrize("mine", RIGHT_ADAMS.values(), ids=RIGHT_ADAMS)
def test_right_adam_is_accepted_in_every_style(mine):
    assert CHECKS["adam"][0](mine).passed


@pytest.mark.parametrize(("mine", "words"), WRONG_ADAMS.values(), ids=WRONG_ADAMS)
def test_wrong_adam_is_diagnosed(mine, words):
    verdict = CHECKS["adam"][0](mine)
    assert verdict.passed is False
    assert verdict.message.startswith(words)


# check_parameter_count


def layers(sizes):
    return list(itertools.pairwise(sizes))


def weights(sizes):
    return sum(inputs * neurons for inputs, neurons in layers(sizes))


RIGHT_COUNTS = {
    "layer by layer": lambda sizes: sum((inputs + 1) * neurons for inputs, neurons in layers(sizes)),
    "weights, then biases": lambda sizes: weights(sizes) + sum(sizes[1:]),
    "numpy": lambda sizes: np.dot(np.array(sizes[:-1]) + 1, sizes[1:]),
    "a float": lambda sizes: float(weights(sizes) + sum(sizes[1:])),
}
WRONG_COUNTS = {
    "no biases": (weights, "These are the weights alone"),
    "biases of the inputs": (lambda sizes: weights(sizes) + sum(sizes), "You gave the inputs a bias"),
    "one for each layer": (lambda sizes: weights(sizes) + len(sizes) - 1, "One bias for each layer is too few"),
    "none at the end": (lambda sizes: weights(sizes) + sum(sizes[1:-1]), "The biases are there, but the last layer"),
    "biases alone": (lambda sizes: sum(sizes[1:]), "These are the biases alone"),
    "last layer lost": (lambda sizes: sum((i + 1) * o for i, o in layers(sizes)[:-1]), "You lost the last layer"),
    "first layer lost": (lambda sizes: sum((i + 1) * o for i, o in layers(sizes)[1:]), "You lost the first layer"),
    "the other way": (lambda sizes: sum(i * (o + 1) for i, o in layers(sizes)), "The bias belongs to each neuron"),
    "product": (lambda sizes: int(np.prod(sizes)), "For sizes (5, 7, 6, 3) it gives 630 and there are 111."),
    "the article's, by heart": (lambda sizes: 1_290_510, "For sizes (5, 7, 6, 3) it gives 1,290,510"),
    "zip without the last": (lambda sizes: [i * o for i, o in layers(sizes)], "Wanted: count(sizes) returns one whole"),
}


@pytest.mark.parametrize("mine", RIGHT_COUNTS.values(), ids=RIGHT_COUNTS)
def test_right_count_is_accepted_in_every_style(mine):
    assert CHECKS["count"][0](mine).passed


@pytest.mark.parametrize(("mine", "words"), WRONG_COUNTS.values(), ids=WRONG_COUNTS)
def test_wrong_count_is_diagnosed(mine, words):
    verdict = CHECKS["count"][0](mine)
    assert verdict.passed is False
    assert verdict.message.startswith(words)


# check_backpropagation

RIGHT_BACKPROPAGATIONS = {
    "as in the lesson": lambda p, right, W2, hidden: (p - right) / len(hidden) @ W2 * (1 - hidden**2),
    "loops": lambda p, right, W2, hidden: [
        [sum((p[r] - right[r]) * W2[:, k]) / len(p) * (1 - hidden[r, k] ** 2) for k in range(hidden.shape[1])]
        for r in range(len(p))
    ],
    "einsum": lambda p, right, W2, hidden: np.einsum("rs,sk,rk->rk", p - right, W2, 1 - hidden**2) / len(p),
}
WRONG_BACKPROPAGATIONS = {
    "sign": (lambda p, right, W2, hidden: (right - p) / len(p) @ W2 * (1 - hidden**2), "The sizes are right, the sign"),
    "no bend": (lambda p, right, W2, hidden: (p - right) / len(p) @ W2, "You did not go through the tanh"),
    "bend is hidden": (lambda p, right, W2, hidden: (p - right) / len(p) @ W2 * hidden, "You went through the tanh as"),
    "no square": (
        lambda p, right, W2, hidden: (p - right) / len(p) @ W2 * (1 - hidden), "The slope of the tanh is 1 minus the"),
    "sum for mean": (lambda p, right, W2, hidden: (p - right) @ W2 * (1 - hidden**2), "The loss is a mean over"),
    "sum, no bend": (lambda p, right, W2, hidden: (p - right) @ W2, "No division by the rows and no slope of the tanh"),
    "right forgotten": (
        lambda p, right, W2, hidden: p / len(p) @ W2 * (1 - hidden**2), "Start from probabilities - right"),
    "transposed": (
        lambda p, right, W2, hidden: (p - right) / len(p) @ W2.T * (1 - hidden**2), "The weights are transposed"),
    "no weights": (
        lambda p, right, W2, hidden: (p - right) / len(p) * (1 - hidden**2), "It differs from the slope measured"),
    "slope of W2": (
        lambda p, right, W2, hidden: (p - right).T @ hidden, "Wanted: slope_of_signal(...) returns an array"),
}  # fmt: skip


@pytest.mark.parametrize("mine", RIGHT_BACKPROPAGATIONS.values(), ids=RIGHT_BACKPROPAGATIONS)
def test_right_backpropagation_is_accepted_in_every_style(mine):
    assert CHECKS["backpropagation"][0](mine).passed


@pytest.mark.parametrize(("mine", "words"), WRONG_BACKPROPAGATIONS.values(), ids=WRONG_BACKPROPAGATIONS)
def test_wrong_backpropagation_is_diagnosed(mine, words):
    verdict = CHECKS["backpropagation"][0](mine)
    assert verdict.passed is False
    assert verdict.message.startswith(words)
