"""A format by name: a preset of the keys of [input], with where its documentation stands and what of it was seen.

A stream file that says `input.format = "openai-batch"` is read as if the preset's keys stood in it; its own keys win.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from models.config import messages
from models.config.fields import Column, Columns
from models.errors import StreamInvalid

# Of files; any other format is a preset.
KINDS = ("auto", "parquet", "csv", "csv-without-header", "jsonl", "json", "fasttext-lines")

# The ways in which a confidence is given: a stream that takes one of them leaves the preset's others.
_WAYS = ({"confidence", "confidence_of", "scale"}, {"probabilities", "score"})
_SOURCES = {"columns", "logprobs", "top_logprobs", "samples", "judge"}  # keys of [score], each of which is one too

Text = Annotated[str, Field(min_length=1)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Request(_Table):
    """Where the input stands, of a format whose outputs hold none: in the file of the requests ([input.join])."""

    id: Column
    shown: Column


class Usage(_Table):
    """Where what is known of the request to the model stands, of a format in which it may: `guess` names what a file has."""

    asked_at: Column | None = None
    tokens_in: Column | None = None
    tokens_out: Column | None = None


class About(_Table):
    """Where a format comes from."""

    title: Text
    source: Text  # address of the documentation, or where in which package it was read
    version: Text  # of what is documented, as its publisher names it; "none given" where it names none
    read: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]  # the day on which the documentation was read
    seen: str = ""  # what was seen on the real thing, with its version; empty: nothing, it is documented only
    request: Request | None = None
    usage: Usage = Usage()
    tokens: Column | None = (
        None  # path to the list of the answer's tokens with their `logprob`, which not every file has
    )
    shown: Columns = []  # paths at one of which what a reviewer is to see stands, the likeliest first
    signs: Columns = []  # paths at least one of which every line has that is none of another format's


class Study(_Table):
    """Of an export of people's answers: what `study` takes for the truth, and for single people's answers."""

    truth: Column | None = None
    right: Column | None = None  # instead: a verdict, accept or reject
    votes: Columns = []
    group: Column | None = None


class Preset(_Table):
    """A format. `input`: keys of [input] as a stream file has them, `format` being one of KINDS."""

    about: About
    input: dict[str, Any]
    study: Study | None = None
    kind: Literal["text", "image", "pdf", "html", "record"] | None = None  # of the cases, where the format knows it

    def fill(self, table: Mapping[str, Any], score: object = None) -> dict[str, Any]:
        """The keys of [input]: those of `table`, but for its format, and the preset's where it has none.

        `score`: the table [score] beside it, if there is one; what comes from there is not taken from the preset.
        """
        own = {key: value for key, value in table.items() if key != "format"}
        taken = [way for way in _WAYS if way & set(own)]
        dropped = set().union(*(way for way in _WAYS if taken and way not in taken)) | _scored(score)
        return {key: value for key, value in self.input.items() if key not in dropped} | own


def _scored(score: object) -> set[str]:
    """The keys of [input] in whose place a table [score] stands."""
    if not isinstance(score, dict):
        return set()
    dropped = {"scale"} if "scale" in score else set()
    if _SOURCES & set(score):
        dropped |= set().union(*_WAYS)
    samples = score.get("samples")
    return dropped | ({"prediction"} if isinstance(samples, dict) and "answers" in samples else set())


Lookup = Callable[[str], Preset]


def parse(text: str, *, origin: str, keys: set[str]) -> Preset:
    """Read a preset's text; `origin` is its name, for messages; `keys`: what [input] may hold.

    Raises StreamInvalid with one line per problem.
    """
    try:
        preset = Preset.model_validate(messages.read(text, origin))
    except ValidationError as invalid:
        raise StreamInvalid("\n".join(messages.lines(invalid, text, origin, Preset))) from None
    if unknown := sorted(set(preset.input) - keys):
        raise StreamInvalid(f"{origin}: input.{unknown[0]}: no such key; allowed here: {', '.join(sorted(keys))}")
    if (kind := preset.input.get("format", "auto")) not in KINDS:
        raise StreamInvalid(f"{origin}: input.format = {kind!r}: a preset names a kind of file: {', '.join(KINDS)}")
    return preset


def filled(table: dict[str, Any], lookup: Lookup | None) -> dict[str, Any]:
    """A stream file's table, with the preset that its [input] names filled in. Raises what `lookup` raises."""
    input_table = table.get("input")
    name = input_table.get("format") if isinstance(input_table, dict) else None
    if lookup is None or not isinstance(input_table, dict) or not isinstance(name, str) or name in KINDS:
        return table
    return table | {"input": lookup(name).fill(input_table, table.get("score"))}
