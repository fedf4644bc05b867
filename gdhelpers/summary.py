"""What the last lesson sums up: the article's claims and the final quiz, from two files that a teacher can edit.

claims.csv, for a spreadsheet: number, claim in our words, verdict, what was found, and the place that shows it.
quiz.toml, for a text editor: twelve times a question, its options with their replies, and the right one.
"""

import csv
import html
import tomllib
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent
VERDICTS = {  # from the best to the least decidable, with what it means
    "exact": "true as it stands",
    "condition": "true under a condition that the article doesn't state",
    "imprecise": "something true, said in a way that misleads",
    "wrong": "not true",
    "unverifiable": "nobody outside can check it",
    "opinion": "nothing to check",
}


class Claim(NamedTuple):
    """One claim of the article. lesson, heading and cell: the notebook, and where in it the claim is put to the test.

    The link goes to the cell, by its id: JupyterLab finds no heading that holds a quotation mark.
    """

    number: int
    claim: str
    verdict: str
    found: str
    lesson: str
    heading: str
    cell: str

    @property
    def link(self):
        """Where it is shown, seen from the notebooks' folder."""
        return f"{self.lesson}.ipynb#cell-id={self.cell}"

    @property
    def place(self):
        """Where it is shown, in words."""
        return (
            f"lesson {self.lesson[:2]}: {self.heading.removeprefix(f'{self.lesson[:2]} ').removeprefix('Is it true? ')}"
        )


class Claims(tuple):
    """Claims that show themselves as folded lists, one for each verdict, each claim linked to where it is shown."""

    __slots__ = ()

    def by_verdict(self):
        """{verdict: its claims}, in the order of `VERDICTS`."""
        return {verdict: Claims(claim for claim in self if claim.verdict == verdict) for verdict in VERDICTS}

    def __repr__(self):
        lines = []
        for verdict, claims in self.by_verdict().items():
            if claims:
                lines += [f"{verdict} ({len(claims)}): {VERDICTS[verdict]}"]
                lines += [f"  {it.number} {it.claim}: {it.found} ({it.place})" for it in claims]
        return "\n".join(lines)

    def _repr_html_(self):
        def item(claim):
            link = f'<a href="{html.escape(claim.link)}">{html.escape(claim.place)}</a>'
            said = f"<b>{claim.number}</b> <i>{html.escape(claim.claim)}</i>"
            return f"<li>{said}<br>{html.escape(claim.found)} ({link})</li>"

        return "".join(
            f"<details><summary><b>{verdict}</b> ({len(claims)}): {html.escape(VERDICTS[verdict])}</summary>"
            f"<ul>{''.join(item(claim) for claim in claims)}</ul></details>"
            for verdict, claims in self.by_verdict().items()
            if claims
        )


def claims():
    """The article's claims, in its order, as `Claims`."""
    with (FOLDER / "claims.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if row["verdict"] not in VERDICTS:
            allowed = ", ".join(VERDICTS)
            raise ValueError(
                f"claims.csv, claim {row['number']}: verdict must be one of {allowed}; got {row['verdict']!r}"
            )
    return Claims(Claim(**{**row, "number": int(row["number"])}) for row in rows)


def quiz_questions():
    """The final quiz: [(question, {option: reply}, right option), ...], as `lessons.quiz` wants it."""
    with (FOLDER / "quiz.toml").open("rb") as file:
        return [(each["ask"], each["options"], each["right"]) for each in tomllib.load(file)["question"]]
