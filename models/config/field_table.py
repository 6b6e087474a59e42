"""The table [[field]] of a stream file: one field of a record, what it holds, and when two values of it are the same."""

from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Annotated, Any, Literal

import polars as pl
from pydantic import AfterValidator, Field, model_validator

from models.answers.same import Rule
from models.config.fields import Column, Label, Labels, Share, TargetError
from models.config.table import Table

Kind = Literal["choice", "set", "text", "draft", "number", "date", "yesno", "rating", "rows", "spans", "boxes", "pair"]
Same = Literal["exact", "folded", "edits", "within", "set", "rows", "overlap"]

# By what two values of a kind can be compared; the first is what holds where the file says nothing.
SAME: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "choice": ("exact", "folded"),
        "set": ("set",),
        "text": ("exact", "folded", "edits"),
        "draft": ("exact",),  # which people let go out as it stands, or do not
        "number": ("within",),
        "date": ("within",),
        "yesno": ("exact",),
        "rating": ("within",),
        "rows": ("rows",),
        "spans": ("set", "overlap"),
        "boxes": ("overlap",),
        "pair": ("exact",),
    }
)
LABELLED = ("choice", "set", "spans", "boxes")  # kinds whose values have labels
REGIONS = ("spans", "boxes")  # kinds whose values are parts of what a person is shown
SETS = ("set", "rows", *REGIONS)  # kinds whose values are lists: an empty one says that there is none
GRADED = ("rows", *REGIONS)  # kinds of which a part can be wrong
MOST_COLUMNS = 12
MOST_FIELDS = 100
TIE = "tie"  # of a pair: neither text is better
_DAY = ("%Y", "%m", "%d")  # what a date's format must hold


def _format(text: str) -> str:
    if any(text.count(part) != 1 for part in _DAY):
        raise ValueError('must hold %Y, %m and %d, each once, as in "%d.%m.%Y"')
    day = pl.Series([date(2026, 10, 31)])
    try:
        back = day.dt.strftime(text).str.to_date(text, strict=False)
    except pl.exceptions.PolarsError:
        back = day.clear()
    if not back.equals(day):
        raise ValueError('must be of a date alone, as in "%d.%m.%Y": one that is written by it does not come back')
    return text


class FieldTable(Table):
    """One field. What the model gave for it, how sure it was, and what counts as the same value."""

    name: Annotated[Label, Field(max_length=60)]  # what people are shown, and the key in records
    value: Column | None = None  # column or path of the model's value; None: the field's name
    score: Column | None = None  # how sure the model is of it, higher = surer; None: not known, so people read it
    scale: Literal["unit", "percent", "logprob", "real"] = "unit"  # of the score
    kind: Kind = "text"
    labels: Labels | None = None  # of a choice or a set: what it may be; of spans and boxes: what each may be
    of: list[Column] | None = None  # of a pair: the columns of the two texts, which people are shown
    same: Same | None = None  # None: the kind's first in `SAME`
    within: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None  # how far apart: numbers, days, edits
    overlap: Share | None = None  # of regions: the least intersection over union; None: a half
    unit: Literal["percent", "share"] | None = None  # of the model's boxes, of the picture's sides; None: percent
    format: Annotated[str, AfterValidator(_format)] | None = None  # of the model's dates; None: ISO 8601
    most: Annotated[int, Field(ge=2, le=10)] | None = None  # of a rating, which begins at 1; None: 5
    columns: Annotated[dict[Label, Literal["text", "number"]], Field(min_length=1, max_length=MOST_COLUMNS)] | None = (
        None  # of rows: the keys of each, in the order in which people are shown them
    )
    graded: bool = (
        False  # of a list: held against `error` by the share of it that is wrong, and no part of the record's own
    )
    required: bool = True  # a record whose model gave no value for it goes to a person
    error: TargetError | None = None  # how often it may be wrong among the released; None: as often as a record may

    @model_validator(mode="before")
    @classmethod
    def _plain_labels(cls, value: Any) -> Any:
        if isinstance(value, dict) and isinstance(value.get("labels"), dict):
            raise ValueError('labels: must be a list, ["...", "..."]; for other spellings say same = "folded"')
        return value

    @model_validator(mode="after")
    def _fits(self) -> "FieldTable":
        """The keys fit the kind."""
        known = SAME[self.kind]
        if self.same is not None and self.same not in known:
            raise ValueError(
                f'same = "{self.same}": of kind "{self.kind}", two values are compared by {_listed(known)}'
            )
        if len(set(self.labels or ())) != len(self.labels or ()):
            raise ValueError("labels: every label once")
        if (self.labels is not None) != (self.kind in LABELLED):
            if self.labels is None:
                raise ValueError(f'labels: missing, and kind = "{self.kind}" needs them, as ["yes", "no"]')
            raise ValueError(f'labels: go with kind = {_listed(LABELLED)}; this is "{self.kind}": drop them')
        self._check_pair()
        if (self.columns is not None) != (self.kind == "rows"):
            if self.columns is None:
                raise ValueError(
                    'columns: missing, and kind = "rows" needs them, as { item = "text", price = "number" }'
                )
            raise ValueError(f'columns: go with kind = "rows"; this is "{self.kind}": drop them')
        if self.graded and (self.kind not in GRADED or self.error is None):
            raise ValueError(
                f"graded: goes with kind = {_listed(GRADED)} and an error, the share that may be wrong on average; "
                f'this is "{self.kind}"' + ("" if self.error is not None else ", without an error")
            )
        if self.within is not None and self.compared not in ("within", "edits", "rows"):
            raise ValueError(
                f'within: says how far apart numbers, days or edits may be, and this is compared by "{known[0]}"'
            )
        if self.within is None and self.compared == "edits":
            raise ValueError('within: same = "edits" needs the number of edits by which a text may differ')
        if self.overlap is not None and self.compared != "overlap":
            raise ValueError(f'overlap: goes with same = "overlap", and this is compared by "{self.compared}"')
        if self.unit is not None and self.kind != "boxes":
            raise ValueError('unit: goes with kind = "boxes"')
        if self.format is not None and self.kind != "date":
            raise ValueError('format: goes with kind = "date"')
        if self.most is not None and self.kind != "rating":
            raise ValueError('most: goes with kind = "rating"')
        if self.scale != "unit" and self.score is None:
            raise ValueError("scale: speaks of score, which is not given; drop it")
        try:
            _ = self.rule
        except ValueError as error:
            alike = str(error).partition(": ")[2].partition(";")[0]
            key, way = ("of", "rename one") if self.of else ('same = "folded"', "compare them exactly, or rename one")
            raise ValueError(f"{key}: {alike}; {way}") from None
        return self

    def _check_pair(self) -> None:
        if (self.of is not None) != (self.kind == "pair"):
            if self.of is None:
                raise ValueError(
                    'of: missing, and kind = "pair" needs the columns of the two texts, as ["reply_a", "reply_b"]'
                )
            raise ValueError(f'of: goes with kind = "pair"; this is "{self.kind}": drop it')
        if self.of is not None and (len(self.of) != 2 or self.of[0] == self.of[1] or TIE in self.of):
            raise ValueError(f'of: must be two columns, neither of them called "{TIE}", as in ["reply_a", "reply_b"]')
        if self.of is not None and not self.required:
            raise ValueError(f'required: a pair always has a value, which is "{TIE}" where neither is better; drop it')

    @property
    def column(self) -> str:
        """The column or path of the model's value."""
        return self.value or self.name

    @property
    def compared(self) -> str:
        """By what two of its values are compared."""
        return self.same or SAME[self.kind][0]

    @property
    def rule(self) -> Rule:
        """How its labels are read; of a kind without labels it knows none. Raises ValueError as `Rule` does."""
        return Rule(labels=self.options, fold=self.of is not None or (self.same == "folded" and bool(self.labels)))

    @property
    def options(self) -> tuple[str, ...]:
        """What it may be, or each part of it: labels, or of a pair a column or "tie"; empty: anything of its kind."""
        return (*self.of, TIE) if self.of else tuple(self.labels or ())

    @property
    def highest(self) -> int:
        """The highest rating."""
        return self.most or 5

    def terms(self) -> list[str]:
        """The field as texts, for the terms of an epoch: each key that is not as it is by default."""
        keys = self.model_dump(exclude_none=True, exclude_defaults=True)
        return [f"{key} = {value}" for key, value in sorted(keys.items())]


def check(
    fields: Sequence[FieldTable],
    labels: Sequence[str],
    shown: str,
    payload: Sequence[str],
    others: Mapping[str, object],
) -> None:
    """Raises ValueError, which names the key at fault, where the fields do not agree with each other or with other keys.

    `shown`: review.kind. `payload`: input.payload. `others`: the keys that a stream without fields has in their place, and
    their values; None and False: not given.
    """
    if not labels and not fields:
        raise ValueError("labels: missing; add this key, or a table [[field]] for each field of a record")
    if labels and fields:
        raise ValueError("labels: a stream has either labels or fields; give one of them")
    if len(fields) > MOST_FIELDS:
        raise ValueError(f"field: {len(fields)} of them; at most {MOST_FIELDS}")
    names = [field.name for field in fields]
    for place, name in enumerate(names):
        if name in names[:place]:
            raise ValueError(f"field[{place}]: another field is called {name!r}; give each a name of its own")
    for place, field in enumerate(fields):
        wanted = {"spans": "text", "boxes": "image", "pair": "record"}.get(field.kind, shown)
        if wanted != shown:
            raise ValueError(
                f'field[{place}].kind: "{field.kind}" needs review.kind = "{wanted}", and that is "{shown}"'
            )
        if hidden := [column for column in field.of or () if column not in payload]:
            raise ValueError(f"field[{place}].of: people are shown {hidden[0]!r}; put it into input.payload too")
    for key, value in others.items():
        if fields and value:
            raise ValueError(f"{key}: the fields say what the model answered and how sure it was; drop it")


def check_targets(fields: Sequence[FieldTable], error: float) -> None:
    """Raises ValueError, naming the key, where a field's own target asks for no more than `error`, that of the records."""
    if fields and all(field.graded for field in fields):
        raise ValueError(
            "field[0].graded: a graded field is no part of whether a record is right, and this stream has no other; drop graded, "
            "or add a field beside it"
        )
    for place, field in enumerate(fields):
        if field.error is not None and field.error >= error and not field.graded:
            raise ValueError(
                f"field[{place}].error: {field.error:g} is not below target.error = {error:g}, which each field keeps anyway (a "
                "record is wrong where any field is); lower it, or drop it"
            )


def paired(fields: Sequence[FieldTable]) -> frozenset[str]:
    """The columns whose texts stand side by side."""
    return frozenset(column for field in fields for column in field.of or ())


def _listed(names: Sequence[str]) -> str:
    return " or ".join(f'"{name}"' for name in names)
