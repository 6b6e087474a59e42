"""What a report says of release that has stopped, or soon stops, for want of readers. Pure."""

from review.report.figures import Report

_WHY = {
    "stopped": "Nothing is released, waiting for readers: no label of what was released before was settled for as long as "
    "policy.max_silence allows.",
    "unsettled": "Nothing is released, waiting for readers: people have read what was released before, and no answer is settled "
    "before another person reads it.",
    "doubted": "Nothing is released: people have read again, and their answers, with disputes counted as wrong, say that the "
    "error has risen.",
}
_SOON = (
    "Release stops within a day unless somebody reads what was sampled of the released: no label of it was settled for nearly as "
    "long as policy.max_silence allows."
)
_GOES_ON = "It goes on by itself when labels are settled again and do not say that the error has risen."
_LAPSED = "Its threshold has lapsed meanwhile: it goes on by itself only if labels are settled again and this era certifies it."
_NO_LINE = {
    "stopped": "No threshold is proposed while nobody reads what was sampled of the released.",
    "unsettled": "No threshold is proposed before another person has read what waits for one.",
    "doubted": "No threshold is proposed while answers, with disputes counted as wrong, say that the error has risen.",
}


def of(report: Report) -> str:
    """Why release stops or has stopped, and how it goes on; empty where readers keep up with it."""
    if report.silence in _WHY:
        return f"{_WHY[report.silence]} {_GOES_ON if report.goes_on else _LAPSED}"
    return _SOON if report.silence else ""


def no_threshold(report: Report) -> str:
    """Why no threshold is proposed while release is stopped; empty where it is not."""
    return _NO_LINE.get(report.silence, "")
