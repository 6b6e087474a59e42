"""The error of an annotation that does not answer our question."""


class Unreadable(ValueError):
    """An annotation's result does not hold one answer to our question. `reason` says why, in one line."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
