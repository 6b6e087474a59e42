"""The ledger's tables: facts only, each with its natural key. No session, no engine.

Every time is UTC, ISO 8601 with microseconds and a final Z (27 characters), so that text order is time order on every
database. Every table but `BESIDE` ends with `seal`: the number of the seal that covers the row. Rows are never updated
or deleted (triggers refuse); what something *is now* is a query (`review/queries/`).

SQLModel table classes do not validate, so the pure code does, and the CHECKs below are the second wall.

Long: it is the schema, one table below the other.
"""

from typing import ClassVar

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Text,
    text,
)
from sqlmodel import Field, SQLModel

_FOR_A_PERSON = text("route = 'REVIEW' OR blind")
_ANEW = text("item_id IS NOT NULL")


def _text(*, primary_key: bool = False, nullable: bool = False) -> Column[str]:
    return Column(Text, primary_key=primary_key, nullable=nullable)


def _seal() -> Column[int]:
    return Column(BigInteger, nullable=False)


class Seal(SQLModel, table=True):
    """One per table and transaction (or 100 000 rows of it): what was appended, hashed, chained to the seal before."""

    seq: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    table_name: str = Field(sa_column=_text())
    row_count: int = Field(sa_column=Column(BigInteger, nullable=False))
    digest: str = Field(
        sa_column=_text()
    )  # SHA-256, hex: previous digest, the fields here, columns, every row's digest
    previous: str = Field(sa_column=_text())  # digest of seal seq - 1; 64 zeros for the first
    keys: bytes = Field(sa_column=Column(LargeBinary, nullable=False))  # the rows' natural keys, to name a missing one
    marks: bytes = Field(sa_column=Column(LargeBinary, nullable=False))  # 4 bytes per row, to name an edited one
    sealed_at: str = Field(sa_column=_text())

    __table_args__ = (CheckConstraint("row_count > 0"), CheckConstraint("length(digest) = 64"))


class Extract(SQLModel, table=True):
    """What estimates need of the decisions under one seal (`ledger/rollups.py`). Made of them, and checked against them."""

    seal: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    stream: str = Field(sa_column=_text(primary_key=True))
    groups: str = Field(sa_column=_text())
    confidences: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    case_ids: str = Field(sa_column=_text())
    members: bytes | None = Field(sa_column=Column(LargeBinary))  # None: made before groups were known


class Edition(SQLModel, table=True):
    """One per version of the schema that this ledger was brought up to, and who the ledger is."""

    schema_version: str = Field(sa_column=_text(primary_key=True))
    ledger_id: str = Field(sa_column=_text())  # 32 hex characters, chosen once; stands in the mark of each project
    after_seal: int = Field(sa_column=Column(BigInteger, nullable=False))  # the last seal of the version before
    made_at: str = Field(sa_column=_text())
    digest: str = Field(sa_column=_text())  # SHA-256, hex, of the JSON list of the other columns: under no seal


class Epoch(SQLModel, table=True):
    """(model, labels, calibrator) and the salt of its samples. A new epoch starts all evidence at zero."""

    epoch_id: str = Field(sa_column=_text(primary_key=True))  # content hash
    stream: str = Field(sa_column=_text())
    model_id: str = Field(sa_column=_text())
    labels: str = Field(sa_column=_text())  # JSON list; of a record empty
    calibrator: str = Field(sa_column=_text())  # "identity": confidence is the score as given
    salt: str = Field(sa_column=_text())  # 32 hex characters, chosen once; knowing it would foretell the audits
    opened_at: str = Field(sa_column=_text())
    seal: int = Field(sa_column=_seal())
    terms: str | None = Field(
        sa_column=_text(nullable=True)
    )  # JSON: all that makes an answer, its score and its verdict


class EraPlan(SQLModel, table=True):
    """What the certificate of one era of an epoch fixes before the first label of it is seen. Never changes."""

    __tablename__ = "era_plan"

    epoch_id: str = Field(sa_column=_text(primary_key=True))
    part: str = Field(sa_column=_text(primary_key=True))  # the label it speaks of; empty: of all cases
    era: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))  # 1 is the first
    stream: str = Field(sa_column=_text())
    alpha: float = Field(sa_column=Column(Double, nullable=False))  # the target error
    delta: float = Field(sa_column=Column(Double, nullable=False))  # the significance level, of this era alone
    thresholds: str = Field(sa_column=_text())  # JSON list of confidences, strictest first
    starts: str = Field(sa_column=_text())  # JSON list of indices of thresholds
    weights: str = Field(sa_column=_text())  # JSON list, each start's share of delta
    group_size: int = Field(sa_column=Column(BigInteger, nullable=False))  # cases of a group that may be released
    after_seal: int = Field(sa_column=Column(BigInteger, nullable=False))  # its decisions stand under later seals
    ends_at: str = Field(sa_column=_text())  # the next era begins with the first append from then on
    registered_at: str = Field(sa_column=_text())
    seal: int = Field(sa_column=_seal())
    by_field: str | None = Field(sa_column=_text(nullable=True))  # JSON list of the fields with targets of their own
    # Of a model that was promoted: its evidence is what it said in shadow of samples decided under later seals, of epochs
    # before its own. None: the evidence is the era's own decisions.
    shadow_after: int | None = Field(sa_column=Column(BigInteger, nullable=True))

    __table_args__ = (
        CheckConstraint("era >= 1"),
        CheckConstraint("alpha > 0 AND alpha < 1"),
        CheckConstraint("delta > 0 AND delta < 1"),
        CheckConstraint("group_size >= 1"),
        ForeignKeyConstraint(["epoch_id"], ["epoch.epoch_id"]),
    )


class Look(SQLModel, table=True):
    """What was certified at one look at the labels of an era, as they were then. Kept as history: a later look starts anew."""

    epoch_id: str = Field(sa_column=_text(primary_key=True))
    part: str = Field(sa_column=_text(primary_key=True))
    era: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    look: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))  # 1 is the first
    stream: str = Field(sa_column=_text())
    threshold: float | None = Field(sa_column=Column(Double))  # the least strict certified one; None: none is
    standing: str = Field(sa_column=_text())  # JSON: log E, certified, cases, labels, errors, stops
    made_at: str = Field(sa_column=_text())
    seal: int = Field(sa_column=_seal())

    __table_args__ = (
        CheckConstraint("look >= 1"),
        CheckConstraint("threshold IS NULL OR (threshold >= 0 AND threshold <= 1)"),
        ForeignKeyConstraint(["epoch_id", "part", "era"], ["era_plan.epoch_id", "era_plan.part", "era_plan.era"]),
    )


class Plan(SQLModel, table=True):
    """The plan of an epoch, as the first version registered it: kept, and no longer certified by."""

    epoch_id: str = Field(sa_column=_text(primary_key=True))
    part: str = Field(sa_column=_text(primary_key=True))  # the label it speaks of; empty: of all cases
    stream: str = Field(sa_column=_text())
    alpha: float = Field(sa_column=Column(Double, nullable=False))  # the target error
    delta: float = Field(sa_column=Column(Double, nullable=False))  # the significance level
    thresholds: str = Field(sa_column=_text())  # JSON list of confidences, strictest first
    starts: str = Field(sa_column=_text())  # JSON list of indices of thresholds
    weights: str = Field(sa_column=_text())  # JSON list, each start's share of delta
    look: str = Field(sa_column=_text())  # anytime | once
    registered_at: str = Field(sa_column=_text())
    seal: int = Field(sa_column=_seal())

    __table_args__ = (
        CheckConstraint("alpha > 0 AND alpha < 1"),
        CheckConstraint("delta > 0 AND delta < 1"),
        CheckConstraint("look IN ('anytime', 'once')"),
        ForeignKeyConstraint(["epoch_id"], ["epoch.epoch_id"]),
    )


class Certificate(SQLModel, table=True):
    """What the first version certified, from the days on which all was settled: kept, and no longer relied on."""

    epoch_id: str = Field(sa_column=_text(primary_key=True))
    part: str = Field(sa_column=_text(primary_key=True))
    look: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))  # 1 is the first
    stream: str = Field(sa_column=_text())
    threshold: float | None = Field(sa_column=Column(Double))  # the least strict certified one; None: none is
    standing: str = Field(sa_column=_text())  # JSON: running maxima, certified, labels, errors, stops
    taken_by: str | None = Field(sa_column=_text(nullable=True))  # of a single look: the person who took it, and why
    because: str | None = Field(sa_column=_text(nullable=True))
    made_at: str = Field(sa_column=_text())
    seal: int = Field(sa_column=_seal())

    __table_args__ = (
        CheckConstraint("look >= 1"),
        CheckConstraint("threshold IS NULL OR (threshold >= 0 AND threshold <= 1)"),
        ForeignKeyConstraint(["epoch_id", "part"], ["plan.epoch_id", "plan.part"]),
    )


class Alarm(SQLModel, table=True):
    """The watchdog found the error among the released risen: the epoch was closed with this."""

    epoch_id: str = Field(sa_column=_text(primary_key=True))
    stream: str = Field(sa_column=_text())
    labels: int = Field(sa_column=Column(BigInteger, nullable=False))  # blind labels of released cases, to the alarm
    errors: int = Field(sa_column=Column(BigInteger, nullable=False))  # of these, wrong since the last clean point
    clean_until: str | None = Field(sa_column=_text(nullable=True))  # decided_at of the last case above suspicion
    raised_at: str = Field(sa_column=_text())
    seal: int = Field(sa_column=_seal())
    clean_seal: int | None = Field(sa_column=Column(BigInteger))  # batches up to this seal are above suspicion
    detector: str | None = Field(sa_column=_text(nullable=True))  # what raised it
    field: str | None = Field(sa_column=_text(nullable=True))  # of records, in which the error has risen; null: in any

    __table_args__ = (ForeignKeyConstraint(["epoch_id"], ["epoch.epoch_id"]),)


class Policy(SQLModel, table=True):
    """Where the line stands and how often the machine is checked. Immutable."""

    policy_id: str = Field(sa_column=_text(primary_key=True))  # content hash
    stream: str = Field(sa_column=_text())
    epoch_id: str = Field(sa_column=_text())
    threshold: float | None = Field(sa_column=Column(Double))  # None: +inf, nothing is automated
    by_class: str | None = Field(
        sa_column=_text(nullable=True)
    )  # JSON: label -> threshold or null; instead of threshold
    audit_rate: float = Field(sa_column=Column(Double, nullable=False))
    blind_rate: float = Field(sa_column=Column(Double, nullable=False))
    target_error: float = Field(sa_column=Column(Double, nullable=False))
    delta: float = Field(sa_column=Column(Double, nullable=False))
    cost_error: float = Field(sa_column=Column(Double, nullable=False))
    cost_review_minute: float = Field(sa_column=Column(Double, nullable=False))
    seal: int = Field(sa_column=_seal())
    # JSON list of [confidence, rate], rising: from that confidence on, released cases are audited at that rate. None: all
    # at `audit_rate`, which is the mean where bands differ.
    by_band: str | None = Field(sa_column=_text(nullable=True))

    __table_args__ = (
        CheckConstraint("audit_rate > 0 AND audit_rate <= 1"),
        CheckConstraint("blind_rate > 0 AND blind_rate <= 1"),
        CheckConstraint("target_error > 0 AND target_error < 1"),
        CheckConstraint("delta > 0 AND delta < 1"),
        ForeignKeyConstraint(["epoch_id"], ["epoch.epoch_id"]),
    )


class Adoption(SQLModel, table=True):
    """A named person put a policy in force. The policy in force is the one of the highest version."""

    stream: str = Field(sa_column=_text(primary_key=True))
    version: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    policy_id: str = Field(sa_column=_text())
    replaced: str | None = Field(sa_column=_text(nullable=True))  # policy_id; None for the first
    adopted_by: str = Field(sa_column=_text())
    because: str = Field(sa_column=_text())
    certified: bool = Field()  # False for ever where no certificate stood behind it
    evidence: str = Field(sa_column=_text())  # JSON: the figures on the table when it was adopted
    adopted_at: str = Field(sa_column=_text())
    seal: int = Field(sa_column=_seal())

    __table_args__ = (
        CheckConstraint("version >= 1"),
        CheckConstraint("length(adopted_by) > 0"),
        CheckConstraint("length(because) > 0"),
        ForeignKeyConstraint(["policy_id"], ["policy.policy_id"]),
    )


class Decision(SQLModel, table=True):
    """One case, decided once: released or sent to a person, sampled for a blind label or not."""

    stream: str = Field(sa_column=_text(primary_key=True))
    case_id: str = Field(sa_column=_text(primary_key=True))
    payload: str | None = Field(
        sa_column=_text(nullable=True)
    )  # JSON object: the columns a reviewer is shown; None: by reference, they stand in `line` of `source`
    model_id: str = Field(sa_column=_text())
    prediction: str | None = Field(
        sa_column=_text(nullable=True)
    )  # a label, or of a record a JSON object; None: the model gave none
    raw_score: float | None = Field(sa_column=Column(Double))  # in [0, 1]; None: unscorable
    confidence: float | None = Field(sa_column=Column(Double))  # calibrated; None: unscorable, hence REVIEW
    doubt: str | None = Field(sa_column=_text(nullable=True))  # why it could not be scored
    route: str = Field(sa_column=_text())
    blind: bool = Field()
    propensity: float = Field(sa_column=Column(Double, nullable=False))  # fixed before sampling
    policy_id: str = Field(sa_column=_text())
    epoch_id: str = Field(sa_column=_text())
    slices: str = Field(sa_column=_text())  # JSON object, column -> value
    cost: float | None = Field(sa_column=Column(Double))  # of the model's answer, in the stream's currency
    latency_ms: float | None = Field(sa_column=Column(Double))
    produced_at: str | None = Field(sa_column=_text(nullable=True))  # when the model answered, if the input says
    content: str = Field(sa_column=_text())  # SHA-256 of what the input said: the same id with other content is a fault
    source: str = Field(sa_column=_text())  # file name
    line: int = Field(sa_column=Column(BigInteger, nullable=False))  # 1-based row of that file
    run_id: str = Field(sa_column=_text())
    decided_at: str = Field(sa_column=_text())
    seal: int = Field(sa_column=_seal())
    group_id: str | None = Field(sa_column=_text(nullable=True))  # 16 hex: of what may be right or wrong with it
    held: str | None = Field(sa_column=_text(nullable=True))  # sure enough, and yet for a person: why
    field_scores: str | None = Field(sa_column=_text(nullable=True))  # of a record: JSON list, a score or null a field
    request: str | None = Field(sa_column=_text(nullable=True))  # JSON object: channel, asked_at, tokens_in, tokens_out
    item_id: str | None = Field(
        sa_column=_text(nullable=True)
    )  # decided anew: the id that the input gave; None: case_id

    __table_args__: ClassVar = (
        CheckConstraint("route IN ('AUTOMATE', 'REVIEW')"),
        CheckConstraint("propensity > 0 AND propensity <= 1"),
        CheckConstraint("confidence IS NULL OR (confidence >= 0 AND confidence <= 1)"),
        CheckConstraint("raw_score IS NULL OR (raw_score >= 0 AND raw_score <= 1)"),
        # What is uncertain goes to a person: what has no confidence or no prediction is never released.
        CheckConstraint("route = 'REVIEW' OR (confidence IS NOT NULL AND prediction IS NOT NULL AND doubt IS NULL)"),
        # What a person will read is here, whatever becomes of the file.
        CheckConstraint("payload IS NOT NULL OR (route = 'AUTOMATE' AND NOT blind)"),
        # policy_id and epoch_id refer to facts too, but a check for each of millions of rows took half of PostgreSQL's
        # time: the ledger looks once per append (review/ledger/appends.py).
        # Only what a person has to read: the queue is found without a walk over what was released.
        Index("decision_queue", "stream", "decided_at", sqlite_where=_FOR_A_PERSON, postgresql_where=_FOR_A_PERSON),
        Index("decision_item", "stream", "item_id", sqlite_where=_ANEW, postgresql_where=_ANEW),
    )


class Retirement(SQLModel, table=True):
    """Decisions under one seal were taken out of the ledger; all of that seal's rows are in a file (`retention/archive.py`).

    Those left are the ones a person had to read. The digests let `verify` hold what is left against what was sealed.
    """

    of_seal: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    stream: str = Field(sa_column=_text())
    row_count: int = Field(sa_column=Column(BigInteger, nullable=False))  # taken out
    all_digest: str = Field(sa_column=_text())  # content digest of every row the seal covers: the seal was made of it
    kept_digest: str | None = Field(sa_column=_text(nullable=True))  # of those still here; None: none is
    keys_digest: str = Field(sa_column=_text())  # of the rows of `retired`
    marks_digest: str = Field(sa_column=_text())  # of the seal's marks
    extract_digest: str = Field(sa_column=_text())
    file: str = Field(sa_column=_text())  # its name; where it lies is for the owner to know
    file_digest: str = Field(sa_column=_text())  # SHA-256 of its bytes
    retired_by: str = Field(sa_column=_text())
    because: str = Field(sa_column=_text())
    retired_at: str = Field(sa_column=_text())
    seal: int = Field(sa_column=_seal())

    __table_args__ = (
        CheckConstraint("row_count > 0"),
        CheckConstraint("length(retired_by) > 0"),
        CheckConstraint("length(because) > 0"),
        ForeignKeyConstraint(["of_seal"], ["seal.seq"]),
    )


class Retired(SQLModel, table=True):
    """The key of a decision that was taken out: a case is decided once, also after its record has left the ledger."""

    stream: str = Field(sa_column=_text(primary_key=True))
    case_id: str = Field(sa_column=_text(primary_key=True))
    content: str = Field(sa_column=_text())  # the first 16 of the 64 digits: enough to tell the same from another
    of_seal: int = Field(sa_column=Column(BigInteger, nullable=False))


for _name in ("policy", "epoch"):  # which come before decisions in `names`, as if there were a foreign key
    SQLModel.metadata.tables["decision"].add_is_dependent_on(SQLModel.metadata.tables[_name])


class Recall(SQLModel, table=True):
    """A named person wants a released case read by a person after all. Its answer corrects; it is never evidence."""

    stream: str = Field(sa_column=_text(primary_key=True))
    case_id: str = Field(sa_column=_text(primary_key=True))
    recalled_by: str = Field(sa_column=_text())
    because: str = Field(sa_column=_text())
    recalled_at: str = Field(sa_column=_text())
    seal: int = Field(sa_column=_seal())

    __table_args__ = (
        CheckConstraint("length(recalled_by) > 0"),
        CheckConstraint("length(because) > 0"),
        ForeignKeyConstraint(["stream", "case_id"], ["decision.stream", "decision.case_id"]),
    )


class Project(SQLModel, table=True):
    """The Label Studio project of a stream, and the labelling config we gave it."""

    stream: str = Field(sa_column=_text(primary_key=True))
    config_hash: str = Field(sa_column=_text(primary_key=True))
    project_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    config: str = Field(sa_column=_text())
    created_at: str = Field(sa_column=_text())
    seal: int = Field(sa_column=_seal())


class Dispatch(SQLModel, table=True):
    """One case put before a person. `slot` 0 is the first reading; 1 and on are further ones."""

    stream: str = Field(sa_column=_text(primary_key=True))
    case_id: str = Field(sa_column=_text(primary_key=True))
    slot: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    task_key: str = Field(sa_column=_text())  # our own key in the task's data
    project_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    task_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    blind: bool = Field()
    wave: str = Field(sa_column=_text())  # run id of the dispatch that sent it
    sent_at: str = Field(sa_column=_text())
    seal: int = Field(sa_column=_seal())

    __table_args__ = (
        CheckConstraint("slot >= 0"),
        ForeignKeyConstraint(["stream", "case_id"], ["decision.stream", "decision.case_id"]),
        Index("dispatch_task", "project_id", "task_id"),
        Index(
            "dispatch_key", "task_key"
        ),  # a task is known by its key: a restored Label Studio gives its ids out again
    )


class Redispatch(SQLModel, table=True):
    """A case whose task was gone was put before people again, under the same key; a named person asked for it."""

    stream: str = Field(sa_column=_text(primary_key=True))
    case_id: str = Field(sa_column=_text(primary_key=True))
    slot: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    project_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    task_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    wave: str = Field(sa_column=_text())  # run id
    asked_by: str = Field(sa_column=_text())
    because: str = Field(sa_column=_text())
    sent_at: str = Field(sa_column=_text())
    seal: int = Field(sa_column=_seal())

    __table_args__ = (
        CheckConstraint("length(asked_by) > 0"),
        CheckConstraint("length(because) > 0"),
        ForeignKeyConstraint(["stream", "case_id", "slot"], ["dispatch.stream", "dispatch.case_id", "dispatch.slot"]),
    )


class Review(SQLModel, table=True):
    """One revision of one annotation: an answer, a skip, a deletion, an answer no person gave (a bulk action), or one of a
    person who had read the case before (a repeat)."""

    project_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    annotation_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    revision: str = Field(
        sa_column=_text(primary_key=True)
    )  # the annotation's updated_at; of a deletion, a time, "deleted" and the task
    stream: str = Field(sa_column=_text())
    case_id: str = Field(sa_column=_text())
    slot: int = Field(sa_column=Column(BigInteger, nullable=False))
    task_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    reviewer: str = Field(sa_column=_text())  # e-mail address of the account
    outcome: str = Field(sa_column=_text())
    answer: str | None = Field(sa_column=_text(nullable=True))  # one of the stream's labels, or a record
    blind: bool = Field()  # as dispatched
    seconds: float | None = Field(sa_column=Column(Double))  # time on the task, as Label Studio measured it
    submitted_at: str = Field(sa_column=_text())
    collected_at: str = Field(sa_column=_text())
    seal: int = Field(sa_column=_seal())
    written_by: str | None = Field(sa_column=_text(nullable=True))  # who wrote it last; None: the reviewer
    unsure: bool | None = Field(sa_column=Column(Boolean, nullable=True))  # marked so by the reader; None: not
    comment: str | None = Field(sa_column=_text(nullable=True))  # what the reader wrote beside the answer

    __table_args__ = (
        CheckConstraint("outcome IN ('answer', 'skip', 'deleted', 'bulk', 'repeat')"),
        CheckConstraint("(outcome = 'answer') = (answer IS NOT NULL)"),
        ForeignKeyConstraint(["stream", "case_id", "slot"], ["dispatch.stream", "dispatch.case_id", "dispatch.slot"]),
        Index("review_case", "stream", "case_id", "slot"),
    )


class Fault(SQLModel, table=True):
    """One row, or one answer, that could not be read: kept whole."""

    stream: str = Field(sa_column=_text(primary_key=True))
    source: str = Field(sa_column=_text(primary_key=True))  # file name, or label-studio/<project>/<annotation>
    line: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    content: str = Field(sa_column=_text(primary_key=True))  # SHA-256 of `raw`
    reason: str = Field(sa_column=_text())
    raw: str = Field(sa_column=_text())
    run_id: str = Field(sa_column=_text())
    found_at: str = Field(sa_column=_text())
    seal: int = Field(sa_column=_seal())


class Run(SQLModel, table=True):
    """What one finished run of a flow did, in counts."""

    run_id: str = Field(sa_column=_text(primary_key=True))
    stream: str = Field(sa_column=_text())
    flow: str = Field(sa_column=_text())
    counts: str = Field(sa_column=_text())  # JSON object
    cursor: str | None = Field(
        sa_column=_text(nullable=True)
    )  # collect: the newest change seen in Label Studio; score: marks of the files it took whole (JSON list)
    started_at: str = Field(sa_column=_text())
    finished_at: str = Field(sa_column=_text())
    seal: int = Field(sa_column=_seal())


class Shadow(SQLModel, table=True):
    """What another model said of a case: it was asked beside the one that answered, and let nothing out."""

    stream: str = Field(sa_column=_text(primary_key=True))
    case_id: str = Field(sa_column=_text(primary_key=True))
    model_id: str = Field(sa_column=_text(primary_key=True))
    answer: str | None = Field(sa_column=_text(nullable=True))  # as a prediction; None: it gave none that could be read
    score: float | None = Field(sa_column=Column(Double))  # in [0, 1]; None exactly where `unscored` says why
    unscored: str | None = Field(sa_column=_text(nullable=True))
    cost: float | None = Field(sa_column=Column(Double))  # of its answer, in the stream's currency
    latency_ms: float | None = Field(sa_column=Column(Double))
    content: str = Field(sa_column=_text())  # SHA-256 of what the input said
    run_id: str = Field(sa_column=_text())
    recorded_at: str = Field(sa_column=_text())
    seal: int = Field(sa_column=_seal())
    request: str | None = Field(sa_column=_text(nullable=True))  # as of a decision

    __table_args__ = (
        CheckConstraint("length(model_id) > 0"),
        CheckConstraint("score IS NULL OR (score >= 0 AND score <= 1)"),
        CheckConstraint("(score IS NULL) = (unscored IS NOT NULL)"),
    )


class Outlay(SQLModel, table=True):
    """Money that a named person says was or will be spent on a stream: hosting, a licence, people, training, labels."""

    outlay_id: str = Field(sa_column=_text(primary_key=True))  # content hash
    stream: str = Field(sa_column=_text())
    model_id: str | None = Field(sa_column=_text(nullable=True))  # None: whatever model answers
    what: str = Field(sa_column=_text())
    amount: float = Field(sa_column=Column(Double, nullable=False))  # in the stream's currency, over all of its days
    from_day: str = Field(sa_column=_text())  # YYYY-MM-DD, the first day it is for
    to_day: str = Field(sa_column=_text())  # the last day
    undoes: str | None = Field(sa_column=_text(nullable=True))  # outlay_id of the entry that this one takes back
    entered_by: str = Field(sa_column=_text())
    because: str = Field(sa_column=_text())
    entered_at: str = Field(sa_column=_text())
    seal: int = Field(sa_column=_seal())

    __table_args__ = (
        CheckConstraint("amount >= 0"),
        CheckConstraint("from_day <= to_day"),
        CheckConstraint("length(what) > 0"),
        CheckConstraint("length(entered_by) > 0"),
        CheckConstraint("length(because) > 0"),
    )


class Handout(SQLModel, table=True):
    """Revisions of finished answers that left the ledger together: those between two seals. Recorded before they leave."""

    stream: str = Field(sa_column=_text(primary_key=True))
    number: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))  # 1 is the first; no gap
    after_seal: int = Field(sa_column=Column(BigInteger, nullable=False))  # where the one before ended; 0: none before
    until_seal: int = Field(sa_column=Column(BigInteger, nullable=False))
    file: str = Field(sa_column=_text())  # its name in the outbox
    digest: str = Field(sa_column=_text())  # SHA-256 of its bytes, hex
    row_count: int = Field(sa_column=Column(BigInteger, nullable=False))
    batch_rows: int = Field(sa_column=Column(BigInteger, nullable=False))  # rows in each batch of the webhook
    recorded_at: str = Field(sa_column=_text())
    seal: int = Field(sa_column=_seal())

    __table_args__ = (
        CheckConstraint("number >= 1"),
        CheckConstraint("after_seal >= 0 AND until_seal > after_seal"),
        CheckConstraint("row_count > 0"),
        CheckConstraint("batch_rows > 0"),
        CheckConstraint("length(digest) = 64"),
    )


class Delivery(SQLModel, table=True):
    """A handout has arrived: whole as a file, or one batch of it at the webhook."""

    stream: str = Field(sa_column=_text(primary_key=True))
    number: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))  # of the handout
    channel: str = Field(sa_column=_text(primary_key=True))
    batch: int = Field(
        sa_column=Column(BigInteger, primary_key=True, autoincrement=False)
    )  # of the file 0; else from 1
    delivered_at: str = Field(sa_column=_text())
    seal: int = Field(sa_column=_seal())

    __table_args__ = (
        CheckConstraint("channel IN ('file', 'webhook')"),
        CheckConstraint("batch >= 0"),
        ForeignKeyConstraint(["stream", "number"], ["handout.stream", "handout.number"]),
    )
