"""A day's load: what is delivered and what people do, hour by hour. Hour 0 begins at midnight."""

# Rows in a delivery; there is one every quarter of an hour. Two peaks, and a trickle at night: 1,864 in all. Not fewer
# than four: a file in which every row happens to be broken is refused whole, and stops the stream until it is taken away.
ROWS = (4, 4, 4, 4, 4, 4, 8, 16, 30, 44, 50, 44, 32, 36, 42, 40, 32, 22, 14, 10, 8, 6, 4, 4)
# Answers in five minutes, if there is that much to answer. Nobody works at night: what comes then waits till morning.
ANSWERS = (0, 0, 0, 0, 0, 1, 3, 6, 10, 12, 12, 12, 8, 12, 12, 12, 12, 10, 6, 4, 3, 2, 1, 0)
RIGHT = 0.99  # how often a reader agrees with the model: the stream's target is met
DELIVERY_MINUTES = 15
# When the owner stops the release, and when it goes on: hour, minute, flow, what its form is given.
OWNER = (
    (13, 5, "halt", {"because": "the noon's errors looked odd"}),
    (13, 35, "adopt", {"because": "they were not", "threshold": 0.5, "uncertified": True}),
)


def changes(minute: int) -> tuple[int, int]:
    """How many answers are edited and how many deleted in the five minutes from `minute` of an hour."""
    return int(minute == 20), int(minute == 40)
