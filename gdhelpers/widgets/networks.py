"""The explorer of lesson 06: a network that is trained while you watch. No mathematics here.

A callback that trained would be deaf: all clicks come on one thread, so a Stop would wait for the end. The training
therefore has a thread of its own, and this module sees to it that there is never more than one.
"""

import math
import threading
from dataclasses import dataclass, field

import ipywidgets as widgets
import numpy as np

from gdhelpers import plots
from gdhelpers.arguments import NETWORK, TEST, takes, whole
from gdhelpers.descent import descend
from gdhelpers.live import LivePicture
from gdhelpers.optimizers import GradientDescent, cosine
from gdhelpers.plots import number
from gdhelpers.widgets.controls import alpha, batch_slider, choice, rate_slider

COLUMNS, ROWS = 4, 3  # of the digits that are read wrong
LOSSES = 1e-3, 1e2  # of the picture


@dataclass
class _Run:
    """One training: its setting in words, its length, and the points of its curves (epoch, loss, digits wrong)."""

    setting: str
    n_steps: int
    steps_per_epoch: int
    points: list = field(default_factory=list)

    def curve(self, column):
        points = list(self.points)
        return [point[0] for point in points], [point[column] for point in points]


class Training(LivePicture):
    """A network in training. See `training_explorer`.

    params: the weights as last looked at, always usable: at the end of a training, after a stop or a divergence, and
    while it runs.
    """

    _door, _at_work = threading.Lock(), None  # for all explorers together: one training at a time

    @takes(network=NETWORK, test=TEST, n_epochs=whole(1, 1000))
    def __init__(self, network, test, n_epochs=10):
        self.network, self.test, self.n_epochs = network, test, n_epochs
        self.params = network.start(np.random.default_rng(0))
        self._stop, self._free, self._note = threading.Event(), threading.Event(), ""
        self._free.set()
        self._running = False
        self._run, self._before, self._state = _Run("", 1, 1), _Run("", 1, 1), ""

        fig = plots.Figure(figsize=(10, 4.3), layout="constrained")
        left, middle, self._pictures = fig.subplots(1, 3, width_ratios=[3, 3, 2.6])
        self._lines = [plots.loss_curve(left), middle.plot([], [], color=plots.MODEL, linewidth=2)[0]]
        faint = {"color": plots.FAINT, "linestyle": ":", "linewidth": 2}
        self._old_lines = [left.plot([], [], **faint)[0], middle.plot([], [], **faint)[0]]
        plots.plain(left, "epoch", "training loss, log scale")
        plots.plain(middle, "epoch", f"read wrong, of {test.n_rows}, log scale")
        middle.set_yscale("log")
        middle.yaxis.set_major_formatter(lambda value, position: f"{value:g}")
        left.set(xlim=(0, n_epochs), ylim=LOSSES)
        middle.set(xlim=(0, n_epochs), ylim=(0.7, test.n_rows))
        middle.legend(
            [self._lines[1], self._old_lines[1]],
            ["this training", "the one before"],
            fontsize=plots.SMALL,
            loc="upper right",
        )
        above = {"fontsize": plots.SMALL, "va": "bottom", "color": plots.MODEL}
        self._next = left.text(0, 1.02, "", transform=left.transAxes, **above)
        left.set_title(" ", fontsize=plots.MEDIUM)  # room for it
        self._remark = plots.remark(left)
        self._show_misread()

        train, stop = (
            widgets.Button(description=word, icon=icon, layout={"width": "110px"})
            for word, icon in (("Train", "play"), ("Stop", "stop"))
        )
        train.on_click(lambda button: self._train_in_background())
        stop.on_click(lambda button: self.stop())
        controls = {
            "learning_rate": rate_slider(-3, 0, 0.1),
            "batch_size": batch_slider(network.n_rows, min(32, network.n_rows)),
            "schedule": choice("rate", ["constant", "cosine"], "90px"),
            "train": train,
            "stop": stop,
        }
        actors = [*self._old_lines, *self._lines, self._next, self._remark]
        alt = "Left: the loss during the training. Middle: how many test digits are read wrong. Right: some of these."
        super().__init__(fig, actors, controls, self._tell, alt=alt)

    # What is seen

    def _tell(self, learning_rate, batch_size, schedule):
        following = self._setting(learning_rate, batch_size, schedule)
        self._next.set_text(f"next: {following}".removesuffix(" rate"))
        for lines, run in ((self._lines, self._run), (self._old_lines, self._before)):
            for column, line in enumerate(lines, 1):
                line.set_data(*run.curve(column))
        losses = [loss for _, loss, _ in list(self._run.points)]
        inside = all(LOSSES[0] <= loss <= LOSSES[1] for loss in losses)
        self._remark.set_text("" if inside else "off the picture")
        ready = "" if self._running else f" Next: {self.n_epochs} epochs at {following}."
        if self._running and following != self._run.setting:
            ready = f" The next training will be at {following}."
        note, self._note = self._note, self._note if self._running else ""  # said once, or as long as it trains
        return f"{note}{self._state}{'' if inside else ' The loss leaves the picture.'}{ready}"

    @staticmethod
    def _setting(learning_rate, batch_size, schedule):
        return f"{alpha(learning_rate)}, batch size {round(batch_size)}, {schedule} rate"

    def _results(self):
        (_, loss, wrong), n_rows = self._run.points[-1], self.test.n_rows
        return f"loss {number(loss)}, {1 - wrong / n_rows:.1%} of the test digits read right, {wrong} of {n_rows} wrong"

    def _show_misread(self):
        """A few test digits that the network reads wrong, as part of the scenery."""
        read, truth = self.test.predict(self.params), self.test.labels
        wrong = np.flatnonzero(read != truth)[: COLUMNS * ROWS]
        side = math.isqrt(self.test.X.shape[1])
        captions = [f"{truth[i]} → {read[i]}" for i in wrong]
        images = self.test.X[wrong].reshape(-1, side, side)
        plots.pictures(self._pictures, images, captions, columns=COLUMNS, rows=ROWS)
        self._pictures.set_title("truth → what it read", fontsize=plots.MEDIUM, loc="left")

    # Training

    def train(self, n_epochs=None):
        """Train with the setting of the controls, and come back when it is done. n_epochs: fewer than usual."""
        if self._begin():
            self._work(self.values, n_epochs or self.n_epochs)

    def rehearse(self):
        """Train one epoch, and say no more about it than is the same on every machine."""
        self.train(n_epochs=1)
        self._state = f"One epoch at {self._run.setting} is done, as a start."
        self.refresh()

    def stop(self):
        """End the training at its next step; what it has learnt stays in `params`."""
        self._stop.set()
        self._note = "Stopping. " if self._running else "There is no training to stop. "
        self.refresh()

    def wait(self, seconds=None):
        """Until no training is running; False when that takes more than so many seconds."""
        return self._free.wait(seconds)

    def _train_in_background(self):
        if self._begin():
            arguments = self.values, self.n_epochs
            try:
                threading.Thread(target=self._work, args=arguments, daemon=True).start()
            except RuntimeError:  # Python in a browser has no threads: the button comes back when the training is done
                self._work(*arguments)

    def _begin(self):
        """Take the one place for a training. An explorer of an earlier run of the cell has to give it up."""
        with Training._door:
            if self._running:
                self._note = "One training at a time: press Stop first, or wait. "
                self.refresh()
                return False
            if (other := Training._at_work) is not None and other._running:
                other.stop()
                other.wait()
            Training._at_work = self
            self._stop.clear()
            self._free.clear()
            self._running = True
            return True

    def _work(self, setting, n_epochs):
        """One training, from the same random start each time, so that settings can be compared."""
        batch_size = round(setting["batch_size"])
        steps_per_epoch = math.ceil(self.network.n_rows / batch_size)
        self._before = self._run if self._run.points else self._before
        run = self._run = _Run(self._setting(**setting), n_epochs * steps_per_epoch, steps_per_epoch)
        self._note, self._state = "", f"Training begins at {run.setting}."
        rate = setting["learning_rate"]
        try:
            self.refresh()
            walk = descend(
                self.network,
                self.network.start(np.random.default_rng(0)),
                GradientDescent(rate if setting["schedule"] == "constant" else cosine(rate, run.n_steps)),
                run.n_steps,
                batch_size=batch_size,
                rng=np.random.default_rng(0),
                record_every=run.n_steps,
                watch=self._watch,
                watch_every=1,
            )
            self._state = self._end(walk)
            self._show_misread()
        except Exception as error:  # on a thread of its own: nobody else would see it
            self._state = f"The training ended with an error: {error}."
        finally:
            self._note, self._running = "", False
            self.refresh()
            self._free.set()

    def _watch(self, step, params):
        """After each step: listen for Stop; four times an epoch, look how good the network is."""
        run = self._run
        if step % max(1, run.steps_per_epoch // 4) == 0 or step == run.n_steps or self._stop.is_set():
            loss, wrong = float(self.network.loss(params)), int((self.test.predict(params) != self.test.labels).sum())
            if not math.isfinite(loss):
                return self._stop.is_set()  # it diverges; `descend` will soon say so
            self.params = params
            run.points.append((step / run.steps_per_epoch, loss, wrong))
            if step % run.steps_per_epoch == 0:  # the words change once in an epoch: they may be read aloud
                epoch = f"epoch {step // run.steps_per_epoch} of {run.n_steps // run.steps_per_epoch}"
                self._note, self._state = "", f"Training at {run.setting}, {epoch}: {self._results()}."
            self.refresh()
        return self._stop.is_set()

    def _end(self, walk):
        if walk.diverged:
            said = f"It diverges within {walk.diverged:,} steps at {self._run.setting}."
            return f"{said} Try a smaller rate."
        n_steps = f"{self._run.n_steps:,}"
        how = f"Done, {n_steps} steps" if walk.stopped is None else f"Stopped at step {walk.stopped:,} of {n_steps}"
        return f"{how} at {self._run.setting}: {self._results()}."


def training_explorer(network, test, n_epochs=10):
    """Sliders for learning rate and batch size, a choice of schedule, and buttons that train the network and stop it.

    network: what is trained, always from the same random start. test: the same network on the rows that it is judged
    by. Left the loss, middle how many test rows are read wrong, each with the training before for comparison; right
    some rows read wrong, as pictures. A first epoch is trained here and now. The weights are in `params`.
    """
    explorer = Training(network, test, n_epochs)
    explorer.rehearse()
    return explorer
