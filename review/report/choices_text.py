"""The answers to the owner's questions, for a terminal and the page. Pure."""

from collections.abc import Sequence

from review.choices.answer import Answer

BADGES = {"known": "known", "open": "open", "unasked": "missing"}


def badge(answer: Answer) -> str:
    """The state of an answer, and of what was not asked what is missing."""
    state = BADGES[answer.state]
    return f"{state}: {answer.missing}" if answer.missing else state


def halves(answer: Answer) -> tuple[str, str]:
    """What an answer comes to, its first sentence, and the rest; empty where there is no more."""
    lead, stop, rest = answer.says.partition(". ")
    return f"{lead}." if stop else lead, rest


def lines(answers: Sequence[Answer]) -> list[str]:
    """Each answer with its state, what it rests on and what would change it, and an empty line after each but the last."""
    parts: list[str] = []
    for one in answers:
        parts += ["", f"{one.question} ({badge(one)})", one.says, *(f"  {line}" for line in one.lines)]
        parts += [f"  Rests on: {one.rests_on}", f"  Would change it: {one.would_change}"]
    return parts[1:]
