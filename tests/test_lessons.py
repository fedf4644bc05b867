"""Predictions stay locked; every check accepts what is right and says of each known mistake what it is."""

import re
import warnings
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from gdhelpers import lessons, plots
from gdhelpers.datasets import houses
from gdhelpers.lessons import (
    check_gradient,
    check_installation,
    check_learning_rate,
    check_loss,
    check_number,
    check_step,
    check_walk,
    predict,
)
from gdhelpers.problems import LeastSquares

SIZE, PRICE = houses()
START, RATE, N_STEPS = (0.05, 100), 1e-7, 10  # as in the lesson
JARGON = r"Traceback|ndarray|inhomogeneous|dtype|float\(\)|broadcast|<function|0x[0-9a-f]{6}|Ellipsis"


@pytest.fixture(autouse=True)
def no_warning_reaches_the_learner():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def judge(check, mine, *others, **options):
    """The verdict, after a look at its wording: one or two plain sentences on one line."""
    verdict = check(mine, *others, **options)
    message = verdict.message
    assert "\n" not in message
    assert message[-1] in ".?"
    assert len(re.split(r"(?<=[.?!]) (?=[A-Z])", message)) <= 2
    assert not re.search(JARGON, message)
    assert repr(verdict).startswith({True: "Right. ", False: "Not yet. ", None: "Not attempted yet. "}[verdict.passed])
    return verdict


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
        ("Left", "Yes. It falls to the left.", lessons.GREEN),
        ("Right", "No: Left. It rises & rises there.", lessons.RED),
        ("Neither", "No: Left. Only the bottom is flat.", lessons.RED),
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


# What a verdict looks like


@pytest.mark.parametrize(
    ("passed", "words", "color"),
    [(True, "Right.", plots.MINIMUM), (False, "Not yet.", plots.LIMIT), (None, "Not attempted yet.", plots.FAINT)],
)
def test_verdict_says_it_in_words_and_in_the_colour_of_the_course(passed, words, color):
    verdict = lessons.Verdict(passed, "a < b & c.")
    assert repr(verdict) == f"{words} a < b & c."
    box = ET.fromstring(verdict._repr_html_())
    assert box.text == repr(verdict)
    assert color in box.get("style")


# The installation


def test_installation_is_in_place_here():
    assert judge(check_installation, lessons.NEEDED).passed
    assert check_installation().passed


@pytest.mark.parametrize(("least", "below"), [((99,), (100,)), ((0, 1), (1,))], ids=["too old", "too new"])
@pytest.mark.parametrize("package", ["numpy", "matplotlib", "ipywidgets"])
def test_installation_with_another_version_says_which_and_what_to_do(package, least, below):
    verdict = check_installation(lessons.NEEDED | {package: (least, below)})
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
    shape = {"gradient": (2,), "step": (2,), "walk": (11, 2)}.get(name, ())
    verdict = given(name, np.full(shape, np.nan))
    assert verdict.passed is False
    assert "NaN" in verdict.message


@FUNCTION_CHECKS
def test_function_that_stops_is_quoted(name):
    def mine(*arguments):
        return 1 / 0

    check = {"loss": check_loss, "gradient": check_gradient, "step": check_step}[name]
    verdict = check(mine, SIZE, PRICE)
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
