"""What the ledger tells, in lines of text: the life of one case, and the history of a stream's line."""

import json
import re
from collections.abc import Sequence
from typing import Any

import polars as pl

from models.answers import record_text
from models.errors import Misuse, printable
from models.routing import policy
from review import formats
from review.ledger.ledger import Ledger
from review.ledger.review_outcome import ReviewOutcome
from review.queries import alarms, finished, items, readings, registered, suspicion

_DATA = re.compile(r"data:[a-z]+/[a-z0-9.+-]+;base64,", re.IGNORECASE)


def case(
    ledger: Ledger,
    stream: str,
    case_id: str,
    *,
    where: str = "",
    payload: str | None = None,
    order: Sequence[str] = (),
) -> str:
    """One case from its input to what became of it; the sample is made again and compared. Raises Misuse if unknown.

    `where`: where its payload is, `payload`: the JSON object that a reader is shown, if it is to be had; `order`: its
    fields as the form has them, any others after them.
    """
    rows = ledger.read(
        """
        SELECT d.*, p.threshold, p.by_class, p.audit_rate, p.blind_rate, p.by_band, e.salt
        FROM decision d JOIN policy p ON p.policy_id = d.policy_id JOIN epoch e ON e.epoch_id = d.epoch_id
        WHERE d.stream = :stream AND d.case_id = :case
        """,
        stream=stream,
        case=case_id,
    )
    if rows.is_empty():
        if gone := _retired(ledger, stream, case_id):
            return gone
        raise Misuse(f"stream {stream!r} has no case {case_id!r}; is it spelled as in the input's id column?")
    row = rows.row(0, named=True)
    # The first version drew by the case; since then cases that belong together share one sample.
    number = float(policy.random_numbers(pl.Series([row["group_id"] or case_id]), row["salt"])[0])
    line = _releases(row)
    lines = [
        f"case        {case_id} of {stream}",
        *([f"item        {row['item_id']}, which was decided before, too"] if row["item_id"] else []),
        f"input       {row['source']}, line {row['line']}; SHA-256 {row['content']}",
        *([f"payload     {where}"] if where else []),
        *_fields(payload, order),
        f"model       {row['model_id']} {_prediction(row)}",
        *_record(ledger, row),
        f"confidence  {_number(row['confidence'])}" + (f"; unscored: {row['doubt']}" if row["doubt"] else ""),
        f"policy      {row['policy_id'][:12]}: {line}, audit rate {_audits(row)}, blind rate {row['blind_rate']:g}",
        f"number      {number:.6f} against propensity {row['propensity']:g}: "
        + ("blind" if row["blind"] else "not sampled")
        + (
            ""
            if (number < row["propensity"]) == row["blind"]
            else "  (NOT what the number says: run second-reader verify)"
        ),
        f"decided     {row['decided_at']}: {row['route']}" + (f" ({row['held']})" if row["held"] else ""),
        *_after(ledger, row),
        *_anew(ledger, stream, case_id),
        *_goes_out(ledger, row),
    ]
    return "\n".join(lines)


def _anew(ledger: Ledger, stream: str, case_id: str) -> list[str]:
    """What the item of a case was decided anew as, later."""
    later = items.later(ledger, stream, case_id)
    return [f"anew        {at}: decided anew by {model} as {case!r}" for case, model, at in later.iter_rows()]


def _goes_out(ledger: Ledger, row: dict[str, Any]) -> list[str]:
    """Whose record is the finished one today: several readers may have corrected other fields of it."""
    if not row["field_scores"]:
        return []
    case_id, stream = row["case_id"], row["stream"]
    ended = finished.of_case(ledger, stream, case_id)
    if ended is None:
        return ["goes out    nothing yet: no answer to it is settled"]
    if ended["state"] == finished.RELEASED:
        return ["goes out    the model's record"]
    claim = pl.DataFrame([{name: row[name] for name in ("case_id", "prediction", "confidence")}]).with_columns(
        overlap=pl.lit(False), record=row["blind"]
    )
    asked = (registered.terms(ledger, row["epoch_id"]) or {}).get(suspicion.SECOND_OPINION, True)
    people = readings.read(ledger, stream, case_id=case_id).readings
    apart = readings.verdicts(people, claim, second_opinion=asked)["apart"].any()
    third = "; two readers corrected it differently, and a third is asked" if apart else ""
    return [f"goes out    the record of {ended['answered_by']}, who {_answered(ended['answer'], row)}{third}"]


def _fields(payload: str | None, order: Sequence[str]) -> list[str]:
    """Each field with its lines below its name, without what a terminal would obey."""
    lines = []
    payload_fields = json.loads(payload or "{}")
    for name in dict.fromkeys((*(name for name in order if name in payload_fields), *payload_fields)):
        value = payload_fields[name]
        text = "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        lines.append(f"  {printable(name)}:")
        lines += [f"    {printable(line)}" for line in readable(text).expandtabs().splitlines()]
    return lines


def readable(text: str) -> str:
    """A text as a terminal shows it: of a picture or a PDF that travels in it, what it is and how much."""
    start = _DATA.match(text)
    return text if start is None else f"{start[0]}… ({len(text) - start.end()} letters)"


def _prediction(row: dict[str, Any]) -> str:
    """What the model answered, also where that could not be scored."""
    if row["prediction"] is None:
        none = "nothing of the record" if row["field_scores"] else "none of the stream's labels"
        return f"said {none}: {row['doubt']}"
    score = "no score" if row["raw_score"] is None else f"score {_number(row['raw_score'])}"
    if row["field_scores"]:
        return f"said a record, {score}"
    return f"said {row['prediction']!r}, {score}"


def _record(ledger: Ledger, row: dict[str, Any]) -> list[str]:
    """Each field of a record with the model's value and score, in the order of the stream file it was read by."""
    if not row["field_scores"]:
        return []
    terms = registered.terms(ledger, row["epoch_id"]) or {}
    names = [
        key.removeprefix("name = ") for field in terms.get("field", ()) for key in field if key.startswith("name = ")
    ]
    values = record_text.values(row["prediction"])
    lines = []
    for name, score in zip(names, json.loads(row["field_scores"]), strict=True):
        sure = "no score" if score is None else f"score {_number(score)}"
        lines.append(f"  {printable(name)}: {_value(values.get(name))}, {sure}")
    return lines


def _answered(answer: str, row: dict[str, Any]) -> str:
    """What a reader answered; of a record the fields that are other than the model's."""
    if not row["field_scores"]:
        return f"answered {answer!r}"
    theirs = record_text.values(answer)
    other = [f"{printable(name)}: {_value(theirs[name])}" for name in record_text.differing(row["prediction"], answer)]
    return f"corrected {'; '.join(other)}" if other else "left the record as it is"


def _value(value: Any) -> str:
    return "not there" if value is None else printable(json.dumps(value, ensure_ascii=False))


def _retired(ledger: Ledger, stream: str, case_id: str) -> str | None:
    """Where the record of a case is that left the ledger; None if none left."""
    rows = ledger.read(
        """
        SELECT k.content, t.of_seal, t.file, t.file_digest, t.retired_by, t.because, t.retired_at
        FROM retired k JOIN retirement t ON t.of_seal = k.of_seal WHERE k.stream = :stream AND k.case_id = :case
        """,
        stream=stream,
        case=case_id,
    )
    if rows.is_empty():
        return None
    row = rows.row(0, named=True)
    return "\n".join(
        [
            f"case        {case_id} of {stream}: released, read by nobody",
            f"input       SHA-256 {row['content']}...",
            f"retired     {row['retired_at']} by {row['retired_by']}: {row['because']}",
            f"record      {row['file']}, seal {row['of_seal']}; SHA-256 of the file {row['file_digest']}",
            *_anew(ledger, stream, case_id),
        ]
    )


def _after(ledger: Ledger, decision: dict[str, Any]) -> list[str]:
    """What happened to the case after its decision, in order of time."""
    events: list[tuple[str, str]] = []
    parameters = {"stream": decision["stream"], "case": decision["case_id"]}
    where = "WHERE stream = :stream AND case_id = :case"
    for row in ledger.read(
        f"SELECT slot, project_id, task_id, blind, sent_at FROM dispatch {where}", **parameters
    ).rows():
        slot, project, task, blind, at = row
        shown = "blind" if blind else "with the model's answer"
        events.append((at, f"sent        {at}: reading {slot + 1}, task {task} of project {project}, {shown}"))
    again = ledger.read(f"SELECT slot, task_id, asked_by, because, sent_at FROM redispatch {where}", **parameters)
    for slot, task, who, why, at in again.rows():
        events.append((at, f"sent again  {at}: reading {slot + 1}, as task {task}; asked by {who}: {why}"))
    for row in ledger.read(f"SELECT recalled_by, because, recalled_at FROM recall {where}", **parameters).rows():
        who, why, at = row
        events.append((at, f"recalled    {at} by {who}: {why}"))
    reviews = ledger.read(
        f"SELECT reviewer, outcome, answer, seconds, submitted_at, slot, written_by, unsure, comment FROM review {where} "
        "ORDER BY submitted_at, revision",
        **parameters,
    )
    for who, outcome, answer, seconds, at, slot, writer, unsure, comment in reviews.rows():
        what = {
            ReviewOutcome.ANSWER: "" if answer is None else _answered(answer, decision),
            ReviewOutcome.REPEAT: "had read it before, which does not count",
        }.get(outcome, outcome)
        took = "" if seconds is None else f" after {seconds:.1f} s"
        hand = f", written by {writer}, who is not the reader" if writer else ""
        sure = ", not sure" if unsure else ""
        beside = "" if comment is None else f"; comment: {json.dumps(comment, ensure_ascii=False)}"
        events.append((at, f"reviewed    {at} by {who}: {what}{sure}{took} (reading {slot + 1}{hand}){beside}"))
    return [text for _, text in sorted(events)] or ["             nobody has read it"]


def policies(ledger: Ledger, stream: str) -> str:
    """The history of the threshold: adoptions, certificates that changed what is certified, alarms. Raises Misuse if none."""
    adoptions = ledger.read(
        """
        SELECT a.version, a.adopted_at, a.adopted_by, a.because, a.certified, a.evidence, p.threshold, p.by_class, p.epoch_id
        FROM adoption a JOIN policy p ON p.policy_id = a.policy_id WHERE a.stream = :stream ORDER BY a.version
        """,
        stream=stream,
    )
    if adoptions.is_empty():
        raise Misuse(f"stream {stream!r} has no policy yet; run: second-reader init {stream}")
    events: list[tuple[str, int, str]] = []
    for row in adoptions.iter_rows(named=True):
        where = _releases(row)
        stand = "" if where == "nothing released" else ", certified" if row["certified"] else ", NOT certified"
        evidence = ", ".join(
            f"{name} {value}" for name, value in json.loads(row["evidence"]).items() if name in _REPORTED
        )
        text = f"{row['adopted_at']}  version {row['version']}: {where}{stand}\n  by {row['adopted_by']}: {row['because']}\n"
        events.append((row["adopted_at"], 1, f"{text}  on {evidence}; epoch {row['epoch_id'][:12]}"))
    last: dict[tuple[str, str, int], float | None] = {}
    looks = ledger.read(
        """
        SELECT l.epoch_id, l.part, l.era, l.look, l.threshold, l.made_at, l.seal, p.shadow_after FROM look l
        JOIN era_plan p ON p.epoch_id = l.epoch_id AND p.part = l.part AND p.era = l.era WHERE l.stream = :stream
        UNION ALL
        SELECT epoch_id, part, 0 AS era, look, threshold, made_at, seal, NULL AS shadow_after FROM certificate
        WHERE stream = :stream ORDER BY seal
        """,
        stream=stream,
    )
    for epoch, part, era, look, threshold, at, _, shadow in looks.rows():
        of = f" for {part}" if part else ""
        which = f"era {era}, look {look}" if era else f"look {look} of the first version"
        which = which if shadow is None else f"{which}, in shadow"
        if threshold is not None and last.get((epoch, part, era)) != threshold:
            events.append((at, 0, f"{at}  {which}: certified down to {formats.number(threshold)}{of}"))
        last[epoch, part, era] = threshold
    begun = ledger.read(
        "SELECT DISTINCT p.era, p.ends_at, p.registered_at, p.shadow_after, e.model_id FROM era_plan p "
        "JOIN epoch e ON e.epoch_id = p.epoch_id WHERE p.stream = :stream ORDER BY p.registered_at, p.era",
        stream=stream,
    )
    for era, ends, at, shadow, model in begun.rows():
        what = f"era {era} begins: evidence from zero, until {ends}"
        if shadow is not None:
            what = (
                f"{model} is promoted: era {era} of its epoch is what it said in shadow of cases that people had read"
            )
        events.append((at, 0, f"{at}  {what}"))
    raised = alarms.alarms(ledger, stream).select("labels", "errors", "raised_at", "model_id", "stopped", "field")
    for labels, errors, at, model, stopped, field in raised.rows():
        then = (
            "the epoch is closed"
            if stopped
            else f"the epoch of model {model} was closed before, and what is in force stays"
        )
        where = f" in the field {field}" if field else ""
        events.append(
            (at, 0, f"{at}  ALARM after {labels} blind labels, {errors} of the last ones wrong{where}: {then}")
        )
    return "\n".join(text for _, _, text in sorted(events))


def _releases(row: dict[str, Any]) -> str:
    return formats.releases(row["threshold"], None if row["by_class"] is None else json.loads(row["by_class"]))


def _audits(row: dict[str, Any]) -> str:
    """The rate at which released cases are audited, and of each band where they differ."""
    mean = f"{row['audit_rate']:g}"
    if row["by_band"] is None:
        return mean
    return f"{mean} (from {', from '.join(f'{begin:.6g}: {rate:.4g}' for begin, rate in json.loads(row['by_band']))})"


_REPORTED = ("decisions", "automated", "reviewed", "era", "look")


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.6g}"
