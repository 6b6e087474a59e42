"""What a stream is: one TOML file, validated. The vocabulary of the whole product."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, ValidationInfo, model_validator

from models.answers import same
from models.config import field_table, messages, presets, rules, score_table, shadow_table, token_prices
from models.config.box_table import Box
from models.config.fields import (
    LONGEST,
    Amount,
    Columns,
    Cron,
    Labels,
    Name,
    Rate,
    Share,
    TargetError,
    Timezone,
    leads_into,
)
from models.config.input_table import Input
from models.config.release_table import Release
from models.config.table import Table
from models.errors import StreamInvalid


def _spellings(labels: Any) -> Any:
    """The table; a list says nothing of spellings."""
    return labels if isinstance(labels, dict) else {}


MOST_LINES = 200  # labels that may have a line of their own
HISTORY = "history"  # validation context of a stream that is made to read a labelled history by


class Model(Table):
    """What answered. With `file`, second-reader applies it itself to the raw items of the input."""

    id: Annotated[str, Field(min_length=1)]  # changes whenever the model or its prompt does: a new id is a new epoch
    file: str | None = None  # a scikit-learn classifier saved with skops; relative to the data folder
    features: Columns | None = None  # its input columns; one column of lists or of text is handed over as such


class Review(Table):
    """What a reviewer sees and how the queue is kept."""

    kind: Literal["text", "image", "pdf", "html", "record"]
    question: Annotated[str, Field(min_length=1, max_length=300)]
    instructions: str = ""
    box: Box | None = None  # where on its picture the case lies; None: it is the whole picture
    show_id: bool = False  # show the case's id above it, for a reviewer who looks the case up elsewhere
    project: Annotated[str, Field(min_length=3, max_length=50)]  # title in Label Studio
    deadline_hours: Annotated[float, Field(gt=0, le=24 * LONGEST, allow_inf_nan=False)] = 48.0
    queue_depth: Annotated[int, Field(ge=1, le=10_000)] = 200  # open cases in Label Studio at any time
    second_opinion: bool = (
        True  # a blind answer that disagrees with the model is read by another person, a tie by a third
    )
    overlap: Annotated[float, Field(ge=0, le=1)] = 0.1  # of blind answers that agree, read by another person too
    # Reviews people can do a day, if that is known. 0: none yet; the length of an era then follows the samples alone.
    capacity_per_day: Annotated[int, Field(ge=0)] | None = None


class Target(Table):
    """The promise asked for: at most `error` among the released, with confidence 1 - `delta`."""

    error: TargetError
    delta: Share = 0.05


class Costs(Table):
    """What an error and a minute of review cost, and the tokens of the model where its answers have no price of their own."""

    error: Amount
    review_minute: Amount
    minutes_per_review: Amount | None = None  # None: as measured
    human_error: Share | None = None  # share of reviews that are wrong, if that is known; priced like an error
    million_tokens_in: Amount | None = None  # that the model reads
    million_tokens_out: Amount | None = None  # that it writes
    currency: str = "EUR"


class Policy(Table):
    """How often the machine is checked, and whether each class has a line of its own."""

    audit_rate: Rate = 0.05  # of the released, labelled blind
    audit_bands: bool = True  # more often where earlier labels show errors, less where they do not; the mean stays
    blind_rate: Rate = 0.2  # of the reviewed, labelled without the model's answer
    cold_blind_rate: Rate = 1.0  # the same while nothing is released yet
    per_class: Literal["no", "joint", "each"] = (
        "no"  # a line per label: all keep the target together, or each for itself
    )
    group_size: Annotated[int, Field(ge=1)] | None = None  # cases of one group that may be released in an era
    # None: 60, up to 365 where the pace could not certify in a third of that.
    era_days: Annotated[int, Field(ge=1, le=LONGEST)] | None = None
    max_silence: Annotated[float, Field(gt=0, le=LONGEST, allow_inf_nan=False)] = (
        7.0  # days without a settled label of a release
    )


class Schedule(Table):
    """When the flows run: five cron fields each. `timezone` is of those that name an hour or a day (`cron.zone`)."""

    score: Cron = "*/15 * * * *"
    dispatch: Cron = "*/5 * * * *"
    collect: Cron = "*/5 * * * *"
    measure: Cron = "0 * * * *"
    release: Cron = "*/5 * * * *"  # only with a table [release]
    retrain: Cron | None = None  # None: by hand alone
    timezone: Timezone = "UTC"


def _doubled(tables: Any, info: ValidationInfo) -> Any:
    if isinstance(tables, dict):
        raise ValueError(f"must be [[{info.field_name}]], in double brackets: a table for each")
    return tables


def _condition(text: str) -> str:
    rules.condition(text)
    return text


class Rule(Table):
    """A condition on columns of the input (`models.config.rules`) that goes before every threshold."""

    code: Name  # stands in the ledger and in the report
    when: Annotated[str, AfterValidator(_condition)]


class Spellings(Table):
    """The table [labels]: how else they are written."""

    names: Any = None  # the labels themselves, which `Stream.labels` takes
    fold: bool = False  # case, outer white space, final punctuation and the form of a number make no other label
    also: dict[str, list[Annotated[str, Field(min_length=1)]]] = {}  # label -> other texts that mean it


class Stream(Table):
    """One stream of a model's outputs, from its files to its reports."""

    name: Name
    title: Annotated[str, Field(min_length=1, max_length=200)]
    labels: Labels = []  # a list, or a table with `names` and the keys of Spellings; of a record none
    spellings: Annotated[Spellings, BeforeValidator(_spellings), Field(validation_alias="labels")] = Spellings()
    field: Annotated[
        list[field_table.FieldTable], BeforeValidator(_doubled)
    ] = []  # of a record: what it holds; else none
    input: Input
    # What makes the confidence, where one column is not it; and what ranks the cases in its place.
    score: Annotated[score_table.Score | None, BeforeValidator(score_table.without_second_stage)] = None
    ranked: Annotated[
        score_table.SecondStage, BeforeValidator(score_table.second_stage), Field(validation_alias="score")
    ] = score_table.SecondStage()
    model: Model
    # What other models said of the same cases, in columns of the input.
    shadow: Annotated[list[shadow_table.ShadowTable], BeforeValidator(_doubled)] = []
    review: Review
    target: Target
    costs: Costs
    policy: Policy = Policy()
    schedule: Schedule = Schedule()
    release: Release | None = None  # None: finished answers leave by `export` only
    never_release: list[Rule] = []  # a case that one of them holds of goes to a person, however sure the model is
    always_audit: list[Rule] = []  # a case that one of them holds of is read by a person, blind, also if it is released

    @model_validator(mode="after")
    def _agree(self) -> "Stream":
        """What no single key can say: the tables agree with each other."""
        field_table.check(self.field, self.labels, self.review.kind, self.input.payload, self._instead_of_fields())
        field_table.check_targets(self.field, self.target.error)
        if len(set(self.labels)) != len(self.labels):
            raise ValueError("labels: every label once")
        if self.policy.per_class != "no" and len(self.labels) > MOST_LINES:
            raise ValueError(
                f"policy.per_class: a line for each of {len(self.labels)} labels is too many; at most {MOST_LINES}, else "
                '"no"'
            )
        codes: set[str] = set()
        for table, ruled_by in (("never_release", self.never_release), ("always_audit", self.always_audit)):
            for place, rule in enumerate(ruled_by):
                if rule.code in codes:
                    raise ValueError(f"{table}[{place}]: another rule has the code {rule.code!r}; give each its own")
                codes.add(rule.code)
        _ = self.rule
        columns = self.input.probabilities
        if columns is not None and self.input.confidence is not None:
            raise ValueError("input: give confidence or probabilities, not both")
        if self.input.confidence_of is not None:
            self._check_of(self.input.confidence_of)
        if self.input.scale != "unit" and self.input.confidence is None:
            raise ValueError("input.scale: speaks of input.confidence, which is not given; drop it")
        if columns is not None and len(columns) not in (1, len(self.labels)):
            raise ValueError(
                f"input.probabilities: {len(columns)} columns for {len(self.labels)} labels; "
                "give one column per label, in the order of labels, or one list column"
            )
        if (self.model.file is None) != (self.model.features is None):
            raise ValueError("model: file and features come together")
        if self.model.file is not None and (columns or self.input.confidence or self.input.prediction):
            raise ValueError(
                "input: with model.file the answers come from the model; drop prediction, confidence and probabilities"
            )
        answers_within = bool(self.field) or (self.score is not None and self.score.answers_within)
        if self.model.file is None and self.input.prediction is None and columns is None and not answers_within:
            raise ValueError("input: name the prediction column, or the probabilities it follows from")
        if self.score is not None:
            self.score.check(self.input.confidence, self.input.prediction, columns, self.labels, self.model.file)
            if self.input.scale != "unit" or self.input.confidence_of is not None:
                raise ValueError(
                    "score: input.scale and { of, column } say the same in [input]; give them in [score] alone"
                )
        shadow_table.check(self.shadow, self.model.id, self.labels, [field.name for field in self.field])
        if self.input.join is not None:
            self.input.join.check(self.input.source)
        token_prices.check(
            {"tokens_in": self.input.tokens_in, "tokens_out": self.input.tokens_out},
            {"tokens_in": self.costs.million_tokens_in, "tokens_out": self.costs.million_tokens_out},
        )
        if self.review.box is not None:
            marked = [field.name for field in self.field if field.kind == "boxes"]
            self.review.box.check(self.review.kind, self.input.payload, marked)
        if self.review.kind != "record" and len(self.input.payload) != 1:
            raise ValueError(
                f"input.payload: kind {self.review.kind!r} shows one column; use kind 'record' for several"
            )
        return self

    def _instead_of_fields(self) -> dict[str, object]:
        """The keys that say what an answer is where there are no fields, and their values."""
        keys = ("prediction", "confidence", "probabilities")
        return {f"input.{key}": getattr(self.input, key) for key in keys} | {
            "score": self.score,
            "input.score": "score" in self.input.model_fields_set,
            "model.file": self.model.file,
            "policy.per_class": self.policy.per_class != "no",
        }

    @model_validator(mode="after")
    def _blind(self, info: ValidationInfo) -> "Stream":
        """A payload tells no model's answer; of a history, whose payload nobody is shown, it may."""
        input_table = self.input
        answer_columns = {input_table.prediction, input_table.confidence, *(input_table.probabilities or [])} - {None}
        answer_columns |= set() if self.score is None else set(self.score.read)
        answer_columns |= {name for field in self.field for name in (field.column, field.score) if name is not None}
        whose = {"the model's": answer_columns} | {f"{other.model}'s": set(other.telling) for other in self.shadow}
        for owner, names in whose.items() if info.context != HISTORY else ():
            shown = [column for column in self.shown if any(leads_into(column, str(name)) for name in names)]
            if shown:
                key = "input.payload" if shown[0] in input_table.payload else "review.box"
                raise ValueError(
                    f"{key}: shows {shown[0]!r}, which tells {owner} answer or how sure it is to a reader who must not know "
                    "it; leave it out (who is to see the answer has it beside the payload; a value to correct is a [[field]])"
                )
        return self

    def _check_of(self, label: str) -> None:
        input_table = self.input
        if input_table.confidence is None or input_table.prediction is None:
            raise ValueError('input.confidence: { of = "...", column = "..." } needs input.prediction')
        if label not in self.labels or len(self.labels) != 2:
            raise ValueError(
                f"input.confidence: of = {label!r}: must be one of two labels; of more, give a confidence of the answer, or "
                "probabilities"
            )
        if input_table.scale == "real":
            raise ValueError('input.scale: "real" is no probability, and input.confidence is that of a label')

    @property
    def shown(self) -> list[str]:
        """The columns that say what people are shown, each once: the payload, and where on a picture its box lies."""
        return [*self.input.payload, *([] if self.review.box is None else self.review.box.columns)]

    @property
    def least_error(self) -> float:
        """The strictest of the target errors: of the records, or of a field."""
        return min([self.target.error, *(field.error for field in self.field if field.error is not None)])

    @property
    def rule(self) -> same.Rule:
        """How answers are read, whoever gives them. Raises ValueError if a text could be two labels."""
        return same.Rule(labels=tuple(self.labels), also=self.spellings.also, fold=self.spellings.fold)


def parse(text: str, *, origin: str, lookup: presets.Lookup | None = None) -> Stream:
    """Read a stream file's text; `origin` is its name, for messages; `lookup` finds the preset of a format's name.

    Raises StreamInvalid with one line per problem: file, line, key, value, what is allowed.
    """
    try:
        return Stream.model_validate(presets.filled(messages.read(text, origin), lookup))
    except ValidationError as invalid:
        raise StreamInvalid("\n".join(messages.lines(invalid, text, origin, Stream))) from None
