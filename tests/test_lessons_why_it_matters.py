"""The check of the policy gradient: accepts what is right in every style, and says of each known mistake what it is."""

import numpy as np
import pytest
from judging import judge

from gdhelpers.lessons import check_policy_gradient

RIGHT = {
    "as in the lesson": lambda pulled, p, reward: reward * (pulled - p),
    "multiplied out": lambda pulled, p, reward: reward * pulled - reward * p,
    "a list": lambda pulled, p, reward: [reward * (a - b) for a, b in zip(pulled, p, strict=True)],
    "only when there is a reward": lambda pulled, p, reward: reward * (pulled - p) if reward else np.zeros(3),
}
WRONG = {
    "downhill": (lambda pulled, p, reward: -reward * (pulled - p), "It is turned round"),
    "swapped": (lambda pulled, p, reward: reward * (p - pulled), "It is turned round"),
    "no reward": (lambda pulled, p, reward: pulled - p, "The reward is missing: a pull that earned nothing"),
    "no reward, swapped": (lambda pulled, p, reward: p - pulled, "The reward is missing, and it is turned round"),
    "no p": (lambda pulled, p, reward: reward * pulled, "The probabilities are missing"),
    "only what was pulled": (lambda pulled, p, reward: pulled, "it differs from reward"),
    "no pulled": (lambda pulled, p, reward: -reward * p, "What was pulled is missing"),
    "all arms": (lambda pulled, p, reward: reward * p, "That rewards every arm"),
    "slope in p": (lambda pulled, p, reward: reward * pulled / p, "That is the slope in the probability itself"),
    "pulled arm only": (lambda pulled, p, reward: reward * pulled * (1 - p), "The pulled arm is right; the others"),
    "added": (lambda pulled, p, reward: pulled - p + reward, "The reward is added, and it should multiply."),
    "with the rate": (lambda pulled, p, reward: 0.1 * reward * (pulled - p), "The learning rate belongs into the loop"),
    "no reward counts as one": (lambda pulled, p, reward: (reward or 1) * (pulled - p), "The reward is missing"),
    "right only without reward": (lambda pulled, p, reward: np.zeros(3), "For reward 0.6 it differs"),
    "one number": (lambda pulled, p, reward: reward, "Got something of shape ()."),
    "words": (lambda pulled, p, reward: "uphill", "Got 'uphill'."),
    "crash": (lambda pulled, p, reward: theta, "stopped with NameError"),  # noqa: F821
    "called": (np.zeros(3), "Hand over the function itself"),
}


@pytest.mark.parametrize("uphill", RIGHT.values(), ids=RIGHT)
def test_right_way_is_accepted_in_every_style(uphill):
    assert judge(check_policy_gradient, uphill).passed


@pytest.mark.parametrize(("uphill", "words"), WRONG.values(), ids=WRONG)
def test_wrong_way_is_diagnosed_in_plain_words(uphill, words):
    verdict = judge(check_policy_gradient, uphill)
    assert verdict.passed is False
    assert words in verdict.message


@pytest.mark.parametrize("uphill", [None, ..., lambda pulled, p, reward: ..., lambda pulled, p, reward: None])
def test_untouched_stub_is_not_attempted(uphill):
    assert judge(check_policy_gradient, uphill).passed is None


def test_check_agrees_with_the_slope_of_the_expected_reward():
    """The accepted formula, averaged over the arms, is the gradient of the expected reward, by differences."""
    chances, theta = np.array([0.2, 0.5, 0.8]), np.array([0.3, -0.2, 0.5])

    def softmax(theta):
        return np.exp(theta) / np.exp(theta).sum()

    p, uphill = softmax(theta), RIGHT["as in the lesson"]
    average = sum(p[i] * uphill(np.eye(3)[i], p, chances[i]) for i in range(3))
    nudges = 1e-6 * np.eye(3)
    slope = [(softmax(theta + nudge) - softmax(theta - nudge)) @ chances / 2e-6 for nudge in nudges]
    assert average == pytest.approx(slope, abs=1e-9)
