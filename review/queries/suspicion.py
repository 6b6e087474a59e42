"""What an alarm puts under suspicion, by what people have said until now: a dispute that settles later may prove that the
rise began before the clean point which the alarm states.

Suspicion only grows. Whatever somebody said against the model stays said, so what was reported to be suspect at one time is
suspect at every later one.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from models.answers import record_text
from models.certification.era_plan import FieldTarget
from models.monitoring import change_detection
from models.routing.policy import Route
from review.ledger.ledger import Ledger
from review.queries import certificates, policy_history, readings, registered

SECOND_OPINION = "review.second_opinion"  # a term of the epoch


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """Suspect are the released cases of an epoch under later seals than `clean`, and those under the seals `doubted`."""

    epoch_id: str
    clean: int  # 0: nothing is above suspicion
    doubted: tuple[int, ...] = ()  # at or before `clean`, rising

    @property
    def suspect(self) -> pl.Expr:
        """Whether a row with epoch_id and seal is of a suspect batch."""
        here = pl.col("epoch_id") == self.epoch_id
        return here & ((pl.col("seal") > self.clean) | pl.col("seal").is_in(self.doubted))


def of(ledger: Ledger, stream: str, alarm: Mapping[str, object], claims: pl.DataFrame) -> Suspicion:
    """What an alarm (a row of `alarms.alarms`) makes suspect today. `claims`: `readings.claims` of the stream.

    Suspect is a batch with a label that was disputed when the alarm was raised, or against which somebody has spoken
    since. With these counted as wrong, the clean point is reported anew, each time that one of them came. An alarm in a field of
    records is about the label of that field alone, and one of the records about all fields but the graded ones.
    """
    epoch_id, clean, raised = str(alarm["epoch_id"]), int(str(alarm["clean_seal"])), int(str(alarm["seal"]))
    targets = {
        target.field: target for plan in certificates.plans(ledger, epoch_id).values() for target in plan.by_field
    }
    own = targets.get(str(alarm["field"] or ""))
    labels = _labels(ledger, stream, epoch_id, raised, claims, _Asked(own=own, targets=tuple(targets.values())))
    target = policy_history.targets(ledger, stream)[epoch_id] if own is None else own.alpha
    # Of a list nobody knows by then how much of it will be wrong: the clean point stays where the alarm put it.
    for seal in labels["doubted_at"].drop_nulls().unique().sort() if own is None or not own.graded else ():
        if not clean:
            break
        then = labels.filter(pl.col("known") | (pl.col("doubted_at") <= seal))
        clean = min(clean, _clean(then, pl.col("wrong_then") | (pl.col("doubted_at") <= seal), target, clean))
    suspect = labels.filter(pl.col("doubted_at").is_not_null(), pl.col("seal") <= clean)
    return Suspicion(epoch_id=epoch_id, clean=clean, doubted=tuple(suspect["seal"].unique().sort()))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What of a record an alarm is about: the field `own`, or where that is None all but the graded ones of `targets`."""

    own: FieldTarget | None
    targets: tuple[FieldTarget, ...]

    def of(self, texts: pl.Series) -> pl.Series:
        """The part of each record, as a text; of a stream in which no field has a target the texts as they are."""
        if not self.targets:
            return texts
        parts = {one: self._part(one) for one in texts.drop_nulls().unique()}
        return texts.replace_strict(parts, default=None, return_dtype=pl.String)

    def _part(self, text: str) -> str:
        values = record_text.values(text)
        if self.own is not None:
            return record_text.text({name: one for name, one in values.items() if name == self.own.field})
        graded = {target.field for target in self.targets if target.graded}
        return record_text.text({name: one for name, one in values.items() if name not in graded})


def clean_seal(labels: pl.DataFrame, clean: int) -> int:
    """The last batch above suspicion: a batch that holds one suspect label is suspect whole. 0: none is.

    `labels`: with their seal, in order. `clean`: the place of the last label above suspicion; -1: none is.
    """
    if clean < 0:
        return 0
    calm, suspect = int(labels["seal"][clean]), int(labels["seal"][clean + 1])
    return min(calm, suspect - 1)


def _clean(labels: pl.DataFrame, counts_as_wrong: pl.Expr, target: float, stated: int) -> int:
    """The last seal above suspicion by some labels, or the one `stated` where these raise no alarm."""
    wrong = labels.select(wrong=counts_as_wrong.fill_null(False))["wrong"].to_numpy()
    raised = change_detection.alarm(wrong, target)
    return stated if raised is None else clean_seal(labels, change_detection.clean(wrong, target, raised))


def _labels(
    ledger: Ledger, stream: str, epoch_id: str, raised: int, claims: pl.DataFrame, asked: _Asked
) -> pl.DataFrame:
    """The released cases of an epoch that somebody has read blind, in the order of decision: seal (of the batch), known and
    wrong_then (when the alarm was raised under seal `raised`), doubted_at (the seal under which the case came under suspicion;
    null: it never did)."""
    ours = claims.filter(pl.col("epoch_id") == epoch_id, pl.col("route") == Route.AUTOMATE)
    ours = ours.with_columns(prediction=asked.of(ours["prediction"]))
    read = readings.read(ledger, stream, until=raised).readings.join(ours, on="case_id", how="semi")
    read = read.with_columns(answer=asked.of(read["answer"]))
    terms = registered.terms(ledger, epoch_id) or {}
    then = readings.verdicts(read, ours, second_opinion=terms.get(SECOND_OPINION, True))
    against = _against(ledger, stream, raised, ours, asked)
    member = pl.coalesce("group_id", "case_id")
    return (
        ours.join(then, on="case_id", how="left")
        .join(against, on="case_id", how="left")
        .with_columns(member=member)
        .sort("seal", pl.col("content").min().over("seal", "member"), "member", "content", "case_id")
        .select(
            "seal",
            known=pl.col("readings").is_not_null(),
            wrong_then=(2 * pl.col("agree") <= pl.col("readings")).fill_null(False),
            doubted_at=pl.when(pl.col("disputed")).then(pl.lit(raised, pl.Int64)).otherwise("said_at"),
        )
    )


def _against(ledger: Ledger, stream: str, raised: int, claims: pl.DataFrame, asked: _Asked) -> pl.DataFrame:
    """Cases against which a blind answer came after a seal, and the seal of the first: case_id, said_at."""
    answers = ledger.read(
        "SELECT case_id, answer, seal AS said_at FROM review "
        "WHERE stream = :stream AND seal > :raised AND blind AND outcome = 'answer'",
        stream=stream,
        raised=raised,
    )
    read = answers.join(claims.select("case_id", "prediction"), on="case_id")
    return (
        read.with_columns(answer=asked.of(read["answer"]))
        .filter(pl.col("answer") != pl.col("prediction"))
        .group_by("case_id")
        .agg(pl.col("said_at").min().cast(pl.Int64))
    )
