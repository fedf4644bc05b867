"""The training explorer: what it draws and says, and that there is one training at a time, whatever is pressed."""

import threading
import time

import numpy as np
import pytest
from matplotlib.lines import Line2D
from matplotlib.text import Text

from gdhelpers import widgets
from gdhelpers.datasets import digits
from gdhelpers.descent import descend
from gdhelpers.optimizers import GradientDescent, cosine
from gdhelpers.problems import Network
from gdhelpers.widgets import networks

SIZES = (64, 12, 10)
DATA = digits()
N_ROWS, N_EPOCHS = 200, 3


class Slow(Network):
    """Each gradient waits at a gate, when there is one. reached: how many came to it so far."""

    gate, reached = None, 0

    def batch(self, rows):
        return Slow(self.X[rows], self.labels[rows], self.sizes)

    def gradient(self, params):
        if Slow.gate is not None:
            Slow.reached += 1
            Slow.gate.acquire(timeout=10)
        return super().gradient(params)


@pytest.fixture
def parts():
    return Slow(DATA.train_X[:N_ROWS], DATA.train_labels[:N_ROWS], SIZES), Network(
        DATA.test_X[:90], DATA.test_labels[:90], SIZES
    )


@pytest.fixture
def explorer(parts):
    explorer = widgets.training_explorer(*parts, n_epochs=N_EPOCHS)
    yield explorer
    Slow.gate = None
    explorer.stop()
    assert explorer.wait(10), "a training goes on after the test"


@pytest.fixture
def gate():
    """Steps are taken one by one, as the gate is opened: `gate.release(n)`."""
    Slow.gate, Slow.reached = threading.Semaphore(0), 0
    yield Slow.gate
    Slow.gate.release(10_000)
    Slow.gate = None


def own_training(parts, learning_rate, batch_size, n_epochs, schedule="constant"):
    network = Network(parts[0].X, parts[0].labels, SIZES)  # without the gate
    n_steps = n_epochs * -(-N_ROWS // batch_size)
    rate = learning_rate if schedule == "constant" else cosine(learning_rate, n_steps)
    start, rng = network.start(np.random.default_rng(0)), np.random.default_rng(0)
    return descend(network, start, GradientDescent(rate), n_steps, batch_size=batch_size, rng=rng)


def choose(explorer, **values):
    for name, value in values.items():
        explorer.controls[name].value = value


def curves(explorer, panel):
    """(this training, the one before): the points of the lines of this panel."""
    lines = [
        actor for actor in explorer.actors if isinstance(actor, Line2D) and actor.axes is explorer.figure.axes[panel]
    ]
    before, now = sorted(lines, key=lambda line: line.get_linestyle() == "-")
    return now.get_xydata(), before.get_xydata()


def texts(explorer, panel):
    return [text.get_text() for text in explorer.figure.axes[panel].texts]


def eventually(holds, seconds=10):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.005)


# What is drawn and said


def test_at_rest_one_epoch_is_trained_and_no_number_of_it_is_said(parts, explorer):
    walk = own_training(parts, 0.1, 32, 1)
    assert np.allclose(explorer.params, walk.params[-1])
    (loss, _), (wrong, _) = curves(explorer, 0), curves(explorer, 1)
    assert loss[-1] == pytest.approx([1, walk.losses[-1]])
    assert wrong[-1, 1] == 90 - round(90 * parts[1].accuracy(walk.params[-1]))
    setting = "α = 0.1, batch size 32, constant rate"
    assert explorer.sentence == f"One epoch at {setting} is done, as a start. Next: 3 epochs at {setting}."


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
@pytest.mark.parametrize(("rate", "batch_size"), [(0.1, 32), (0.03, 4), (0.5, 200)])
def test_training_is_the_walk_of_descend(parts, explorer, rate, batch_size, schedule):
    choose(explorer, learning_rate=rate, batch_size=batch_size, schedule=schedule)
    explorer.train()
    walk = own_training(parts, rate, batch_size, N_EPOCHS, schedule)
    assert np.allclose(explorer.params, walk.params[-1])
    steps_per_epoch = len(walk.losses[1:]) / N_EPOCHS
    loss, wrong = curves(explorer, 0)[0], curves(explorer, 1)[0]
    steps = (loss[:, 0] * steps_per_epoch).round().astype(int)
    assert (steps[0], steps[-1]) == (0, walk.steps[-1])
    assert len(steps) >= min(4 * N_EPOCHS, walk.steps[-1])
    assert loss[:, 1] == pytest.approx(walk.losses[steps])
    assert wrong[:, 1] == pytest.approx([90 - 90 * parts[1].accuracy(params) for params in walk.params[steps]])
    assert explorer.sentence.startswith(
        f"Done, {walk.steps[-1]} steps at α = {rate}, batch size {batch_size}, {schedule}"
    )
    assert f"{wrong[-1, 1]:.0f} of 90 wrong" in explorer.sentence
    assert f"{parts[1].accuracy(explorer.params):.1%} of the test digits" in explorer.sentence


def test_the_training_before_stays_for_comparison(explorer):
    for rate in (0.05, 0.2):
        now = [curves(explorer, panel)[0] for panel in (0, 1)]
        choose(explorer, learning_rate=rate)
        explorer.train()
        for panel in (0, 1):
            assert (curves(explorer, panel)[1] == now[panel]).all()


def test_pictures_are_the_first_digits_read_wrong(parts, explorer):
    test = parts[1]
    for rate in (0.001, 0.3):
        choose(explorer, learning_rate=rate)
        explorer.train()
        read = test.predict(explorer.params)
        wrong = np.flatnonzero(read != test.labels)[:12]
        assert texts(explorer, 2) == [f"{test.labels[i]} → {read[i]}" for i in wrong]
        shown = [image.get_array() for image in explorer.figure.axes[2].images]
        assert np.allclose(shown, test.X[wrong].reshape(-1, 8, 8))


def test_a_training_without_mistakes_shows_no_digits(parts):
    network, _ = parts
    easy = Network(network.X[:2], network.labels[:2], SIZES)
    explorer = widgets.training_explorer(easy, easy, n_epochs=200)
    explorer.train()
    assert texts(explorer, 2) == []
    assert "100.0% of the test digits read right, 0 of 2 wrong" in explorer.sentence


def test_next_setting_stands_in_the_picture(explorer):
    choose(explorer, learning_rate=0.01, batch_size=8, schedule="cosine")
    assert explorer._next.get_text() == "next: α = 0.01, batch size 8, cosine"
    assert "Next: 3 epochs at α = 0.01, batch size 8, cosine rate." in explorer.sentence


def test_batch_sizes_go_from_one_to_all(explorer):
    slider = explorer.controls["batch_size"]
    for power, said in ((slider.min, "batch size 1,"), (slider.max, "batch size 200,")):
        slider.value = slider.base**power
        assert said in explorer.sentence
        explorer.train()
        assert explorer.sentence.startswith("Done, ")


def test_divergence_is_drawn_and_said_and_leaves_numbers(parts):
    big = Network(parts[0].X * 1e3, parts[0].labels, SIZES)
    explorer = widgets.training_explorer(big, Network(parts[1].X * 1e3, parts[1].labels, SIZES), N_EPOCHS)
    choose(explorer, learning_rate=1.0)
    explorer.train()
    assert "The loss leaves the picture." in explorer.sentence
    assert [a.get_text() for a in explorer.actors if isinstance(a, Text)].count("off the picture") == 1
    assert np.isfinite(explorer.params).all()
    assert curves(explorer, 0)[0][:, 1].max() > explorer.figure.axes[0].get_ylim()[1]


def test_walk_without_numbers_says_how_soon(parts, monkeypatch):
    explorer = widgets.training_explorer(*parts, N_EPOCHS)
    monkeypatch.setattr(
        networks, "GradientDescent", lambda rate: lambda params, gradient, state: (params * 1e60, state)
    )
    explorer.train()
    assert explorer.sentence.startswith("It diverges within 3 steps at α = 0.1")
    assert np.isfinite(explorer.params).all()


def test_divergence_that_a_big_network_notices_late_leaves_the_last_usable_weights(parts, monkeypatch):
    explorer = widgets.training_explorer(*parts, N_EPOCHS)
    monkeypatch.setattr("gdhelpers.descent.MANY", 0)  # then only every tenth step is looked at
    monkeypatch.setattr(
        networks, "GradientDescent", lambda rate: lambda params, gradient, state: (params * 1e60, state)
    )
    explorer.train()
    assert explorer.sentence.startswith("It diverges within 10 steps at α = 0.1")
    assert np.isfinite(explorer.params).all()
    assert np.isfinite(curves(explorer, 0)[0]).all()


# The buttons, and the thread


def test_train_button_comes_back_at_once_and_the_training_ends_as_without_a_thread(parts, explorer, gate):
    explorer.controls["train"].click()
    assert explorer.sentence.startswith("Training")
    gate.release(10_000)
    assert explorer.wait(10)
    assert np.allclose(explorer.params, own_training(parts, 0.1, 32, N_EPOCHS).params[-1])
    assert explorer.sentence.startswith("Done, 21 steps")


def test_stop_ends_it_at_the_next_step_and_leaves_a_usable_state(parts, explorer, gate):
    explorer.controls["train"].click()
    gate.release(9)
    eventually(lambda: Slow.reached == 10)  # nine steps are done, the tenth waits
    explorer.controls["stop"].click()
    assert explorer.sentence.startswith("Stopping. ")
    gate.release(1)
    assert explorer.wait(10)
    walk = own_training(parts, 0.1, 32, N_EPOCHS)
    assert explorer.sentence.startswith("Stopped at step 10 of 21 at α = 0.1")
    assert np.allclose(explorer.params, walk.params[10])
    assert np.allclose(curves(explorer, 0)[0][:, 1], walk.losses[:11])
    gate.release(10_000)
    explorer.train()
    assert explorer.sentence.startswith("Done, 21 steps")


def test_train_pressed_twice_trains_once_and_says_so(parts, explorer, gate):
    before = threading.active_count()
    for _ in range(3):
        explorer.controls["train"].click()
    assert threading.active_count() == before + 1
    assert explorer.sentence.startswith("One training at a time: press Stop first, or wait. ")
    explorer.train()  # by hand, too
    assert threading.active_count() == before + 1
    gate.release(10_000)
    assert explorer.wait(10)
    assert explorer.sentence.startswith("Done, 21 steps")
    assert np.allclose(explorer.params, own_training(parts, 0.1, 32, N_EPOCHS).params[-1])


def test_sliders_moved_meanwhile_answer_and_hold_for_the_next_training(parts, explorer, gate):
    explorer.controls["train"].click()
    choose(explorer, learning_rate=0.01, batch_size=8)
    assert "at α = 0.1, batch size 32, constant rate" in explorer.sentence
    assert explorer.sentence.endswith("The next training will be at α = 0.01, batch size 8, constant rate.")
    gate.release(10_000)
    assert explorer.wait(10)
    assert np.allclose(explorer.params, own_training(parts, 0.1, 32, N_EPOCHS).params[-1])
    explorer.train()
    assert np.allclose(explorer.params, own_training(parts, 0.01, 8, N_EPOCHS).params[-1])


def test_stop_without_a_training_says_so(explorer):
    explorer.controls["stop"].click()
    assert explorer.sentence.startswith("There is no training to stop. ")
    choose(explorer, learning_rate=0.01)
    assert "no training" not in explorer.sentence


def test_cell_run_again_ends_the_training_of_the_explorer_before(parts, explorer, gate):
    explorer.controls["train"].click()
    eventually(lambda: Slow.reached == 1)

    def open_after_the_stop():
        eventually(explorer._stop.is_set)
        gate.release(10_000)

    threading.Thread(target=open_after_the_stop).start()
    other = widgets.training_explorer(*parts, n_epochs=N_EPOCHS)
    assert explorer.sentence.startswith("Stopped at step 1 of 21"), "two trainings at once"
    assert other.sentence.startswith("One epoch")
    words = other.sentence
    widgets.training_explorer(*parts, n_epochs=N_EPOCHS)
    assert other.sentence == words, "a training that had ended was stopped"


def test_error_in_the_thread_becomes_a_sentence_and_the_next_training_works(explorer, monkeypatch):
    def broken(*arguments, **options):
        raise ValueError("no more numbers")

    with monkeypatch.context() as patch:
        patch.setattr(networks, "descend", broken)
        explorer.controls["train"].click()
        assert explorer.wait(10)
    assert explorer.sentence.startswith("The training ended with an error: no more numbers.")
    explorer.train()
    assert explorer.sentence.startswith("Done, 21 steps")


def test_without_threads_as_in_a_browser_the_button_trains_all_the_same(parts, explorer, monkeypatch):
    def refuse(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    explorer.controls["train"].click()
    assert explorer.wait(0), "the explorer believes that it still trains"
    assert explorer.sentence.startswith("Done, 21 steps")
    assert np.allclose(explorer.params, own_training(parts, 0.1, 32, N_EPOCHS).params[-1])


def test_words_change_once_in_an_epoch_while_the_curve_grows(explorer, gate):
    explorer.controls["train"].click()
    gate.release(8)  # an epoch has 7 steps
    eventually(lambda: Slow.reached == 9)
    said = explorer.sentence
    assert "epoch 1 of 3: loss" in said
    gate.release(2)
    eventually(lambda: Slow.reached == 11)
    assert len(curves(explorer, 0)[0]) == 11
    assert explorer.sentence == said
