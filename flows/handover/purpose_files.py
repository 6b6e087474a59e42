"""Exports for somebody with a purpose: who trains on people's answers, and who has to show how people oversee the model."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from flows.handover import answer_files
from flows.handover import export as exports
from flows.runtime import settings
from models.errors import Misuse
from review import formats
from review.integrity import verify
from review.ledger import ledger
from review.queries import oversight, training_labels
from review.retention.verification import Verification

Purpose = Literal["training", "regulator"]
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """What was written. `what`: in words; `head`: the ledger's last seal, `NUMBER:DIGEST`."""

    file: Path
    what: str
    head: str

    def sentence(self) -> str:
        """The line to print."""
        return f"{self.file}: {self.what}. Head: {self.head}"


def named(purpose: str | None, *, since: str | None) -> Purpose | None:
    """The purpose that --for names; None: none. Raises Misuse if it is no purpose, or stands beside --since."""
    if purpose is None:
        return None
    for one in PURPOSES:
        if one == purpose and since is None:
            return one
    if purpose in PURPOSES:
        raise Misuse(f"--for {purpose}: writes everything; leave --since {since} out")
    raise Misuse(f"--for {purpose}: one of {', '.join(PURPOSES)}")


def handed(
    stream_name: str, target: str, purpose: str | None, *, since: str | None, form: answer_files.Format | None
) -> Handed | exports.Exported:
    """Write what `export` is asked for: finished answers, or what --for names. Raises as the two."""
    kind = named(purpose, since=since)
    if kind is None:
        return exports.export(stream_name, target, since=since, form=form)
    return export(stream_name, target, kind, form=form)


def export(stream_name: str, target: str, purpose: Purpose, *, form: answer_files.Format | None = None) -> Handed:
    """Write a stream's labels to train on, or its log of decisions, as of now, whole.

    Before a log is written every record of the ledger is held against its seal.

    Args:
        stream_name: The stream.
        target: A file; its ending says the format where `form` does not.
        purpose: `training` or `regulator`.
        form: The format of the file.

    Raises:
        Misuse: The file cannot be written, or its format is not said.
        Tampered: A record is not as sealed; nothing is written.
        LedgerInvalid: There is no such ledger, or it is of another version.
    """
    config = settings.read()
    stream = settings.read_stream(stream_name, config)
    file = Path(target)
    if answer_files.is_folder(target):
        raise Misuse(f"--to {target}: is a folder; --for {purpose} writes one whole file, so name it")
    form = answer_files.format_of(file, form)
    with ledger.open(config.ledger.get_secret_value()) as book:
        head, digest = book.head()
        about = {"stream": stream.name, "ledger": book.identity, "for": purpose, "head": f"{head}:{digest}"}
        if purpose == "training":
            labels = training_labels.at(book, stream.name, until=head)
            rows = labels.rows
            what = f"{formats.count(len(rows), 'label')}; {formats.count(labels.kept_back)} are kept for measuring"
        else:
            Verification(broken=verify.ledger(book), seals=head, digest=digest, archive=None, files=None).check()
            rows = oversight.log(book, stream.name, until=head)
            what = f"{formats.count(len(rows), 'decision')}; {head} seals, every record as it was sealed"
    answer_files.write_to(rows, file, form, about=about)
    return Handed(file=file, what=formats.plain(what), head=f"{head}:{digest}")
