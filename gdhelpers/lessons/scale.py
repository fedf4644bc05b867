"""The check of lesson 08: the way uphill for preferences."""

import numpy as np

from gdhelpers.lessons.checking import check, diagnose, returned


@check
def check_policy_gradient(uphill):
    """uphill(pulled, p, reward) should return the way to change the preferences: reward · (pulled - p)."""
    places = (  # pulled, p, reward
        ((0.0, 1.0, 0.0), (0.2, 0.5, 0.3), 0.6),
        ((1.0, 0.0, 0.0), (0.6, 0.3, 0.1), 1.0),
        ((0.0, 0.0, 1.0), (0.1, 0.2, 0.7), 0.0),
    )
    for pulled, p, reward in places:
        pulled, p = np.array(pulled), np.array(p)
        what = "uphill(pulled, p, reward) returns one number for each arm"
        mine, right = returned(uphill, (pulled, p, reward), (len(p),), what), reward * (pulled - p)
        suspects = {
            "It is turned round: what was done minus what was to be expected, pulled - p.": -right,
            "The reward is missing: a pull that earned nothing should change nothing.": pulled - p,
            "The reward is missing, and it is turned round: start from pulled - p.": p - pulled,
            "The probabilities are missing: an arm that is pulled anyway should rise only a little.": reward * pulled,
            "What was pulled is missing: reward the arm that earned it.": -reward * p,
            "That rewards every arm for what one of them did: start from pulled - p.": reward * p,
            "That is the slope in the probability itself; here it is the slope in the preference.": reward * pulled / p,
            "The pulled arm is right; the others must sink, each by its own p.": reward * pulled * (1 - p),
            "The reward is added, and it should multiply.": pulled - p + reward,
            "The learning rate belongs into the loop, not in here.": 0.1 * right,
        }
        diagnose(mine, right, suspects, f"For reward {reward:g} it differs from reward · (pulled - p).")
    return "Every arm moves the right way, by the right amount."
