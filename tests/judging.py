"""How the tests look at what a check says."""

import re

JARGON = r"Traceback|ndarray|inhomogeneous|dtype|float\(\)|broadcast|<function|0x[0-9a-f]{6}|Ellipsis"


def judge(check, mine, *others, **options):
    """The verdict, after a look at its wording: one or two plain sentences on one line."""
    verdict = check(mine, *others, **options)
    message = verdict.message
    assert "\n" not in message
    assert message[-1] in ".?" or message.startswith("Your function stopped with ")  # then Python's own words follow
    assert len(re.split(r"(?<=[.?!]) (?=[A-Z])", message)) <= 2
    assert not re.search(JARGON, message)
    assert repr(verdict).startswith({True: "Right. ", False: "Not yet. ", None: "Not attempted yet. "}[verdict.passed])
    return verdict
