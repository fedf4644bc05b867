"""Questions to choose an answer to: a prediction, locked before the result is seen, and a quiz."""

import html
from collections.abc import Mapping

import ipywidgets as widgets

from gdhelpers.arguments import short
from gdhelpers.lessons import replies
from gdhelpers.lessons.replies import GREEN, GREY, RED, box, trouble_box
from gdhelpers.live import aloud, heard_while_busy


class Question(widgets.VBox):
    """A question with its options, a button and a reply. `Prediction` and `QuizQuestion` say when it is settled."""

    kind, action, icon = "", "", ""  # how its answer is kept, and what stands on the button

    def __init__(self, question, options, answer, lead):
        if not isinstance(question, str) or not question.strip():
            raise ValueError(f"question must be text; got {short(question)}")
        said = "options must be a dictionary of at least two {option: reply}"
        if not isinstance(options, Mapping) or len(options) < 2:
            raise ValueError(f"{said}; got {short(options)}")
        for option, reply in options.items():
            if not isinstance(option, str) or not isinstance(reply, str) or not option.strip() or not reply.strip():
                raise ValueError(f"{said}, both of them text; got {short(option)}: {short(reply)}")
        if not isinstance(answer, str) or answer not in options:
            raise ValueError(f"answer must be one of the options {short(list(options))}; got {short(answer)}")
        self.question, self.options, self.answer = question, dict(options), answer
        self.first, self.locked = None, None  # the first answer, and the one that can no longer be changed
        self.choice = widgets.RadioButtons(options=list(options), index=None, layout={"width": "auto"})
        self.button = widgets.Button(description=self.action, icon=self.icon, layout={"width": "200px"})
        self.reply = widgets.HTML()
        self.button.on_click(lambda button: self.lock())
        self.choice.observe(self._hold, "value")
        heading = widgets.HTML(f"<b>{lead}</b> {html.escape(question)}")
        super().__init__([heading, self.choice, self.button, self.reply, aloud()], layout={"margin": "4px 0 12px 0"})
        self._restore()
        heard_while_busy(self.choice, self.button)  # both on one thread: first the choice, then the button

    def lock(self):
        """Answer with what is chosen, and keep that."""
        if self.locked is not None:
            return
        if self.choice.value is None:
            self.reply.value = box(GREY, "Choose one first. A wrong guess teaches more than none.")
            return
        self._show(self.choice.value)
        latest = {} if self.choice.value == self.first else {"latest": self.choice.value}
        replies.kept.keep(self.kind, self.question, answer=self.first, right=self.first == self.answer, **latest)
        self.reply.value += trouble_box()

    def _restore(self):
        """Show the answer of an earlier run, if one was kept that can still be given."""
        entry = replies.kept.recall(self.kind, self.question) or {}
        answers = [entry[key] for key in ("answer", "latest") if key in entry]
        if all(answer in self.options for answer in answers):
            for answer in answers:
                self.choice.value = answer
                if self.locked is None:
                    self._show(answer)
        self.reply.value += trouble_box()

    def _show(self, choice):
        """Reply to this choice, and hold it if it settles the question."""
        self.first = choice if self.first is None else self.first
        right = choice == self.answer
        if self._settles(right):
            self.locked = choice
            self.choice.disabled = self.button.disabled = True
        self.reply.value = box(GREEN if right else RED, f"{self._verdict(right)} {self.options[choice]}")

    def _hold(self, change):
        if self.locked is not None and change["new"] != self.locked:
            self.choice.value = self.locked

    def _words(self, lead):
        return "\n".join([f"{lead} {self.question}", *(f"  ( ) {option}" for option in self.options)])


class Prediction(Question):
    """A question to answer before the cell below is run. See `predict`."""

    kind, action, icon = "predictions", "Lock my prediction", "lock"

    def __init__(self, question, options, answer):
        super().__init__(question, options, answer, "Predict.")

    def _settles(self, right):
        return True

    def _verdict(self, right):
        return "Yes." if right else f"No: {self.answer}."

    def _repr_mimebundle_(self, **kwargs):
        return {**(super()._repr_mimebundle_(**kwargs) or {}), "text/plain": self._words("Predict.")}


def predict(question, options, answer):
    """Ask for a prediction: choose, lock, then see. What is locked cannot be changed.

    It is still locked when the cell is run again or the kernel was restarted; `forget()` starts the lesson over.

    options: {option: reply}, the reply tells why this choice is right or what it overlooks. answer: the right option.
    """
    return Prediction(question, options, answer)


class QuizQuestion(Question):
    """One question of a quiz: it may be tried until the answer is right, and the first answer counts."""

    kind, action, icon = "quiz", "Check my answer", "check"

    def _settles(self, right):
        return right

    def _verdict(self, right):
        return "Yes." if right else "No, try another."


class Quiz(widgets.VBox):
    """Several questions with a score. See `quiz`."""

    def __init__(self, questions):
        if not isinstance(questions, list | tuple) or not questions:
            raise ValueError(
                f"questions must be a list of (question, {{option: reply}}, answer); got {short(questions)}"
            )
        self.questions = []
        for number, parts in enumerate(questions, 1):
            if not isinstance(parts, list | tuple) or len(parts) != 3 or not isinstance(parts[0], str):
                raise ValueError(f"question {number} must be (question, {{option: reply}}, answer); got {short(parts)}")
            if parts[0] in [earlier.question for earlier in self.questions]:
                raise ValueError(f"question {number} was asked before: {short(parts[0])}")
            try:
                question = QuizQuestion(*parts, f"Question {number} of {len(questions)}.")
            except ValueError as error:
                raise ValueError(f"question {number}: {error}") from None
            question.reply.observe(self._count, "value")
            self.questions.append(question)
        self.score = widgets.HTML()
        super().__init__([*self.questions, self.score])
        self.add_class("gd-quiz")
        self._count()

    def _count(self, change=None):
        """Say how far the learner is, in one or two sentences."""
        n_answered = sum(question.first is not None for question in self.questions)
        n_right = sum(question.first == question.answer for question in self.questions)
        still = [str(number) for number, question in enumerate(self.questions, 1) if question.locked is None]
        if n_answered == 0:
            text = "The first answer to each question counts. After that, try until you know why."
        elif n_answered < len(self.questions):
            text = f"{n_answered} of {len(self.questions)} answered, {n_right} right at the first try."
        else:
            text = f"All answered: {n_right} of {len(self.questions)} right at the first try."
            text += f" Not solved yet: {', '.join(still)}." if still else " Every question is solved."
        self.score.value = box(GREY if still else GREEN, text)

    def _repr_mimebundle_(self, **kwargs):
        lines = [question._words(f"{number}.") for number, question in enumerate(self.questions, 1)]
        text = "\n".join([f"A quiz of {len(lines)}.", *lines])
        return {**(super()._repr_mimebundle_(**kwargs) or {}), "text/plain": text}


def quiz(questions):
    """Ask several questions. Each answer is explained at once and may be tried again; the first one counts.

    questions: [(question, {option: reply}, answer), ...], each like the arguments of `predict`. The reply to a wrong
    option says why it is wrong. Answers are kept as predictions are, and `forget()` starts over.
    """
    return Quiz(questions)
