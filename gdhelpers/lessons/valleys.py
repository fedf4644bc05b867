"""The check of lesson 07: a step of Adam."""

import numpy as np

from gdhelpers.lessons.checking import check, diagnose, returned

ADAM_PLACES = ((1.0, 0.2, 0.3, 0.5, 3), (-2.0, 1e-5, 1e-8, -2e-4, 5), (0.7, 0.0, 0.0, 0.4, 1))  # w, m, v, g, t


@check
def check_adam(adam_step):
    """adam_step(w, m, v, g, t) should return w, m, v after Adam's step number t (from 1), with the usual constants."""
    alpha, beta1, beta2, epsilon = 0.1, 0.9, 0.999, 1e-8
    for w, m, v, g, t in ADAM_PLACES:
        what = "adam_step(w, m, v, g, t) returns the new w, m and v"
        mine = returned(adam_step, (w, m, v, g, t), (3,), what)
        new_m, new_v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
        m_hat, v_hat = new_m / (1 - beta1**t), new_v / (1 - beta2**t)
        before = f"At w = {w}, m = {m}, v = {v}, g = {g}, t = {t}: "
        suspects = {
            "In m the new gradient counts (1 - beta1) times, not once.": beta1 * m + g,
            "In m the two shares are swapped: beta1 belongs to the old m.": (1 - beta1) * m + beta1 * g,
            "m keeps the plain average: put the corrected one into a variable of its own.": m_hat,
            "m used beta2; it has beta1.": beta2 * m + (1 - beta2) * g,
            "m did not change: return the new one.": m,
        }
        diagnose(mine[1], new_m, suspects, f"{before}m should be {new_m:.6g}; yours is {mine[1]:.6g}.")
        suspects = {
            "v averages the squares: g**2, not g.": beta2 * v + (1 - beta2) * g,
            "In v the new square counts (1 - beta2) times, not once.": beta2 * v + g**2,
            "In v the two shares are swapped: beta2 belongs to the old v.": (1 - beta2) * v + beta2 * g**2,
            "v keeps the plain average: put the corrected one into a variable of its own.": v_hat,
            "v used beta1; it has beta2.": beta1 * v + (1 - beta1) * g**2,
            "v did not change: return the new one.": v,
        }
        diagnose(mine[2], new_v, suspects, f"{before}v should be {new_v:.6g}; yours is {mine[2]:.6g}.", rtol=1e-7)
        right = w - alpha * m_hat / (np.sqrt(v_hat) + epsilon)
        suspects = {
            "That is the article's formula: the bias correction of m and v is missing.": w
            - alpha * new_m / (np.sqrt(new_v) + epsilon),
            "m is not corrected, only v is.": w - alpha * new_m / (np.sqrt(v_hat) + epsilon),
            "v is not corrected, only m is.": w - alpha * m_hat / (np.sqrt(new_v) + epsilon),
            "The square root of v is missing.": w - alpha * m_hat / (v_hat + epsilon),
            "Epsilon stands inside the root; add it after the root.": w - alpha * m_hat / np.sqrt(v_hat + epsilon),
            "Epsilon is missing: add it after the root.": w - alpha * m_hat / np.sqrt(v_hat),
            "You divided by the corrected v with g in the place of m.": w - alpha * g / (np.sqrt(v_hat) + epsilon),
            "You walk uphill: subtract.": 2 * w - right,
            "The learning rate alpha is missing.": w - m_hat / (np.sqrt(v_hat) + epsilon),
            "w did not change: return the new one.": w,
        }
        for shift, said in ((-1, "t - 1"), (1, "t + 1")):
            if t + shift > 0:
                early_m, early_v = new_m / (1 - beta1 ** (t + shift)), new_v / (1 - beta2 ** (t + shift))
                sentence = f"You correct as if this were step {said}: t counts from 1, use it as it is."
                suspects[sentence] = w - alpha * early_m / (np.sqrt(early_v) + epsilon)
        diagnose(mine[0], right, suspects, f"{before}w should be {right:.6g}; yours is {mine[0]:.6g}.")
    return "This is Adam, at every place tried."
