"""The table [score] of a stream file: what makes the confidence of an answer, where one column of [0, 1] is not it.

And two keys of [input] that make rows whole: an id of several columns, and what another file says of the same id.
"""

import json
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from models.config.fields import Column, Columns, Label
from models.config.table import Table

Scale = Literal["unit", "percent", "levels", "logprob", "rank", "real"]


def id_text(value: Any) -> Any:
    """A list of columns as one text, its JSON, by which the joined id is known; anything else as it stands."""
    if isinstance(value, list) and value and all(isinstance(name, str) and name for name in value):
        if len(set(value)) != len(value):
            raise ValueError("must name each column once")
        return value[0] if len(value) == 1 else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return value


def id_columns(text: str) -> list[str]:
    """The columns or paths that an id is made of: those of `id_text`, or the one it names."""
    try:
        names = json.loads(text) if text.startswith("[") else None
    except (ValueError, RecursionError):
        names = None
    return names if isinstance(names, list) and all(isinstance(name, str) for name in names) else [text]


def _word(text: str) -> str:
    if not text.isidentifier():
        raise ValueError("must be letters, digits and underscores, a letter first")
    return text


class Join(Table):
    """Another file that says more of each id, such as the requests of a batch."""

    source: Annotated[str, Field(min_length=1)]  # a file, or a folder of them; relative to the data folder
    id: Column  # the column or path in it that holds the id
    name: Annotated[str, AfterValidator(_word)] = "request"  # its columns are known as request.COLUMN, or paths of that

    def check(self, source: str) -> None:
        """Raises ValueError if the other file lies where it would itself be read as outputs. `source`: input.source."""
        ours, theirs = (path.strip("/").removeprefix("./") for path in (source, self.source))
        if f"{theirs}/".startswith(f"{ours}/"):
            raise ValueError(
                f"input.join.source: {self.source!r} lies in input.source, where it would be read as outputs; put it elsewhere"
            )


class Samples(Table):
    """Several answers to one item: the one most of them give is the prediction, its share the confidence."""

    answers: Column | None = None  # a list in each row; None: several rows of one id, each with input.prediction


class Judge(Table):
    """What another model says of the answer."""

    model: Annotated[str, Field(min_length=1)]  # a new judge, or a new prompt of it, is a new epoch
    verdict: Column | None = None  # right or wrong, accept or reject, ...
    score: Column | None = (
        None  # how sure the judge is of its verdict or, where there is none, that the answer is right
    )


def _levels(levels: list[str]) -> list[str]:
    plain = [level.strip().casefold() for level in levels]
    if len(set(plain)) != len(plain):
        raise ValueError("must name each level once; case and outer white space do not count")
    return levels


class SecondStage(Table):
    """The key of [score] that goes with every way to make a confidence, and with none."""

    second_stage: Annotated[str, Field(min_length=1)] | None = None  # its skops file; relative to the data folder


def second_stage(table: Any) -> Any:
    """Of the table [score], that key alone."""
    return {key: table[key] for key in SecondStage.model_fields if key in table} if isinstance(table, dict) else {}


def without_second_stage(table: Any) -> Any:
    """The table [score] without it; None where nothing else is in it: then the confidence is made without the table."""
    if not isinstance(table, dict) or not table.keys() & SecondStage.model_fields.keys():
        return table
    return {key: value for key, value in table.items() if key not in SecondStage.model_fields} or None


class Score(Table):
    """What makes the confidence. Only its order counts: nothing here is read as a probability of being right."""

    columns: Columns | None = None  # several scores of an answer, all on one scale; None: input.confidence
    combine: Literal["least", "product", "mean"] = "least"  # of the columns, each mapped to [0, 1] first
    scale: Scale = "unit"  # of the columns, of input.confidence, or of judge.score
    levels: (
        Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=2), AfterValidator(_levels)] | None
    ) = None
    of: Label | None = None  # the one label, of two, whose probability the score is
    logprobs: Column | None = None  # a list: the log-probability of each token of the answer
    take: Literal["mean", "least", "sum"] = "mean"  # what of them
    top_logprobs: Column | None = None  # the likeliest tokens at the place of the answer, a list of token and logprob
    samples: Samples | None = None
    judge: Judge | None = None

    @property
    def answers_within(self) -> bool:
        """Whether the answer itself comes from here, so that input.prediction is not needed."""
        return self.samples is not None and self.samples.answers is not None

    @property
    def rows(self) -> bool:
        """Whether several rows of the input make one case."""
        return self.samples is not None and self.samples.answers is None

    @property
    def numbers(self) -> list[str]:
        """The columns that hold one number or level for each row."""
        judge_scores = [self.judge.score] if self.judge is not None and self.judge.score is not None else []
        return [*(self.columns or []), *judge_scores]

    @property
    def read(self) -> list[str]:
        """All columns that this reads from the input, each once."""
        lists = [self.logprobs, self.top_logprobs, None if self.samples is None else self.samples.answers]
        verdict = None if self.judge is None else self.judge.verdict
        return list(dict.fromkeys(name for name in (*self.numbers, *lists, verdict) if name is not None))

    def check(
        self,
        confidence: str | None,
        prediction: str | None,
        probabilities: Sequence[str] | None,
        labels: Sequence[str],
        file: str | None,
    ) -> None:
        """Raises ValueError, which names the key at fault, where the tables do not agree."""
        sources = {
            "input.confidence": confidence,
            "input.probabilities": probabilities,
            "model.file": file,
            "score.columns": self.columns,
            "score.logprobs": self.logprobs,
            "score.top_logprobs": self.top_logprobs,
            "score.samples": self.samples,
            "score.judge": self.judge,
        }
        named = [key for key, value in sources.items() if value is not None]
        if len(named) != 1:
            raise ValueError(
                f"score: the confidence is to come from one place, and {', '.join(named) or 'none'} is given"
            )
        if file is not None or probabilities is not None:
            raise ValueError(f"score: {named[0]} makes the confidence; drop [score]")
        if (self.scale == "levels") != (self.levels is not None):
            raise ValueError('score.levels: goes with scale = "levels": their names, the least sure first')
        if self.scale != "unit" and not self.numbers and confidence is None:
            raise ValueError(f"score.scale: {named[0]} has a scale of its own; drop it")
        if self.judge is not None and self.judge.verdict is None and self.judge.score is None:
            raise ValueError("score.judge: name its verdict, its score, or both")
        if self.answers_within and prediction is not None:
            raise ValueError("score.samples: the answer most samples give is the prediction; drop input.prediction")
        if not self.answers_within and prediction is None:
            raise ValueError("score: name the answer in input.prediction")
        if self.of is not None:
            self._check_of(confidence, labels)

    def _check_of(self, confidence: str | None, labels: Sequence[str]) -> None:
        if self.of not in labels or len(labels) != 2:
            raise ValueError(
                f"score.of: {self.of!r} must be one of two labels; of more, give a confidence of the answer, or probabilities"
            )
        if self.columns is None and confidence is None:
            raise ValueError("score.of: goes with score.columns or input.confidence")
        if self.scale in ("levels", "rank", "real"):
            raise ValueError(f'score.of: "{self.scale}" is no probability; of goes with unit, percent and logprob')
