"""Reports of many settings, and what each of their pages says."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import product

from models.certification import certificate
from models.config.stream import Stream
from models.routing.policy import Policy
from review import formats
from review.report import changes, report, slider
from review.report.figures import Alarm, Era, Pace, Report
from tests.unit.review.report.report_facts import COUNTS, IN_FORCE, NOW, PROGRESS, STREAM, A, R, Row, report_of

NONE = replace(PROGRESS, certified=(), stops=(certificate.Stop(at=0, level=0.05),))
FEW = replace(NONE, labels=(20.0, 30.0), errors=(0.0, 0.0))
HOPELESS = replace(NONE, labels=(130.0, 150.0), errors=(30.0, 40.0))
BOTH = replace(PROGRESS, certified=(0, 1), stops=())
COLD = replace(IN_FORCE, policy=Policy(threshold=None, audit_rate=0.1, blind_rate=1.0))
BY_CLASS = replace(
    IN_FORCE, policy=Policy(threshold=None, by_class={"0": 0.9, "1": None}, audit_rate=0.1, blind_rate=0.3)
)
UNREAD: tuple[Row, ...] = ((0.95, R, True, 1.0, "waiting", False, 700), (0.4, R, True, 1.0, "open", False, 200))
HALF_READ: tuple[Row, ...] = (
    (0.95, R, True, 1.0, "right", False, 238),
    (0.95, R, True, 1.0, "disputed", False, 40),
    (0.95, R, True, 1.0, "waiting", False, 650),
    (0.95, R, True, 1.0, "skipped", False, 1),
    (0.4, R, True, 1.0, "open", False, 71),
)
BAD: tuple[Row, ...] = ((0.95, R, True, 1.0, "right", False, 60), (0.95, R, True, 1.0, "wrong", False, 40))
BACKWARDS: tuple[Row, ...] = (
    (0.95, A, True, 0.1, "right", False, 80),
    (0.95, A, True, 0.1, "wrong", False, 20),
    (0.4, R, True, 0.3, "right", False, 900),
)
AUDITED: tuple[Row, ...] = (
    *COUNTS[:3],
    (0.95, A, True, 0.1, "disputed", False, 6),
    (0.95, A, True, 0.1, "waiting", False, 9),
)
WHEN = formats.when(IN_FORCE.adopted_at)
ALARM = Alarm(raised_at=NOW, labels=127, errors=8, clean_until=None, suspects=161, current=True)
# Few audits say little of the released, and the labels of the cold start put the threshold above the target.
DOUBTED: tuple[Row, ...] = (
    (0.95, R, True, 1.0, "right", False, 260),
    (0.95, R, True, 1.0, "wrong", False, 40),
    (0.95, A, False, 0.1, "unsampled", False, 90),
    (0.95, A, True, 0.1, "right", False, 10),
)
ENDS, UNTIL = "2026-03-02T00:00:00.000000Z", "2026-02-10T00:00:00.000000Z"


def by_itself(stream: Stream) -> Stream:
    return stream.model_copy(update={"policy": stream.policy.model_copy(update={"per_class": "each"})})


EPOCHS = {  # counts, the last look, the policy in force, how the era can stand
    "unread": (UNREAD, FEW, COLD, ("nothing",)),
    "half read": (HALF_READ, FEW, COLD, ("nothing",)),
    "half read, no way seen": (HALF_READ, HOPELESS, COLD, ("nothing",)),
    "hopeless": (BAD, HOPELESS, COLD, ("nothing",)),
    "not looked at": (COUNTS, None, IN_FORCE, ("uncertified", "carried")),
    "to adopt": (HALF_READ, PROGRESS, COLD, ("nothing",)),
    "adopted": (COUNTS, PROGRESS, IN_FORCE, ("own",)),
    "gathering": (COUNTS, FEW, IN_FORCE, ("carried", "uncertified")),
    "too much released": (
        COUNTS,
        PROGRESS,
        replace(IN_FORCE, policy=Policy(threshold=0.3, audit_rate=0.1, blind_rate=0.3)),
        ("uncertified",),
    ),
    "adopted, disputes": (AUDITED, PROGRESS, IN_FORCE, ("own",)),
    "contradicted": (BAD, PROGRESS, COLD, ("nothing",)),
    "backwards": (BACKWARDS, BOTH, IN_FORCE, ("own", "uncertified")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What the stream file says, and how long the stream has run."""

    second_opinion: bool
    capacity: int | None
    hours: float

    def stream(self) -> Stream:
        reported = {"second_opinion": self.second_opinion, "capacity_per_day": self.capacity}
        return STREAM.model_copy(update={"review": STREAM.review.model_copy(update=reported)})

    def pace(self) -> Pace:
        return Pace(hours=self.hours, answered=300, arrived=500, answer_hours=self.hours)


SETTINGS = [
    Setting(second_opinion=second, capacity=capacity, hours=hours)
    for second, capacity, hours in product((True, False), (None, 100), (2.0, 48.0))
]


def reports() -> Iterator[tuple[str, Setting, Report]]:
    for setting in SETTINGS:
        known = {"stream": setting.stream(), "pace": setting.pace()}
        for name, (rows, progress, policy, states) in EPOCHS.items():
            # Without a second opinion an answer against the model is settled at once.
            reported = (
                rows
                if setting.second_opinion
                else tuple((*row[:4], row[4].replace("disputed", "wrong"), *row[5:]) for row in rows)
            )
            disputed = {"disputed": sum(row[-1] for row in rows if row[4] == "disputed")}
            for state in (None, *states):
                era = (
                    None
                    if state is None
                    else Era(
                        number=2,
                        ends_at=ENDS,
                        until=UNTIL,
                        state=state,  # type: ignore[arg-type]
                    )
                )
                result = report_of(reported, policy=policy, progress=progress, totals=disputed, era=era, **known)  # type: ignore[arg-type]
                yield f"{name}, era {state}", setting, result
        classes = {"0": (PROGRESS, COUNTS), "1": (FEW, COUNTS[4:])}
        yield "per class", setting, report_of(policy=BY_CLASS, classes=classes, **known)  # type: ignore[arg-type]
        backwards = {"0": (BOTH, BACKWARDS), "1": (FEW, COUNTS[4:])}
        yield "a class backwards", setting, report_of(policy=BY_CLASS, classes=backwards, **known)  # type: ignore[arg-type]
        each = known | {"stream": by_itself(setting.stream())}
        yield "per class, each", setting, report_of(policy=BY_CLASS, classes=classes, **each)  # type: ignore[arg-type]
        for who in ("ann@example.org", "the era"):
            stopped = replace(COLD, adopted_by=who)
            yield f"stopped by {who}", setting, report_of(policy=stopped, progress=PROGRESS, **known)  # type: ignore[arg-type]
        for silence, goes_on in product(("stopped", "unsettled", "doubted"), (True, False)):
            era = None if goes_on else Era(number=2, ends_at=ENDS, until=ENDS, state="nothing")
            silent = known | {"silence": silence, "goes_on": goes_on, "era": era}
            policy = replace(COLD, adopted_by="the silence rule")
            result = report_of(policy=policy, progress=PROGRESS, **silent)  # type: ignore[arg-type]
            yield f"silenced, {silence}, goes on: {goes_on}", setting, result
        carried = Era(number=2, ends_at=ENDS, until=UNTIL, state="carried")
        own = replace(carried, state="own")
        for era, progress in ((carried, FEW), (own, PROGRESS)):
            result = report_of(DOUBTED, progress=progress, era=era, **known)  # type: ignore[arg-type]
            yield f"released against the labels, era {era.state}", setting, result
        before = {"decisions": 900, "disputed": 3}
        for name, alarm in (("a new epoch", None), ("a new epoch after an alarm", ALARM)):
            yield name, setting, report_of((), policy=COLD, totals=before, alarm=alarm, **known)  # type: ignore[arg-type]
        past = replace(ALARM, current=False, model="m-1")
        yield "past alarm", setting, replace(report_of(progress=PROGRESS, **known), past_alarms=(past,))  # type: ignore[arg-type]
        yield "alarm", setting, report_of(policy=COLD, progress=FEW, alarm=ALARM, **known)  # type: ignore[arg-type]
        yield "empty", setting, report_of((), policy=None, **known)  # type: ignore[arg-type]


@cache
def all_of_them() -> list[tuple[str, Setting, Report]]:
    return list(reports())


def plain(text: str) -> str:
    return text.replace(formats.SPACE, " ").replace(formats.THIN, "")


@cache
def _texts() -> dict[int, str]:
    """What is said of each of them, by its identity: a report holds frames, which have no hash."""
    return {id(result): _text(result) for _, _, result in all_of_them()}


def text_of(result: Report) -> str:
    """Everything that is said in sentences of a report that is one of them."""
    return _texts()[id(result)]


def _text(result: Report) -> str:
    rows = [str(value) for row in slider.of(result)["rows"] for value in row["say"].values()]
    return plain("\n".join([report.lines(result), changes.forecast(result), *changes.drift(result), *rows]))


def check(name: str, rule: str, holds: object) -> None:
    assert holds, f"{name}: {rule}"
