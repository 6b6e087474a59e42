"""A stream is opened: who did it, what began, where its queue is, and when a first certificate can come, in sentences."""

import getpass

import polars as pl

from flows.governance import epochs
from flows.runtime import next_runs, runs, settings
from models import names_and_reasons, timestamps
from models.config.stream import Stream
from models.errors import Misuse
from review.health import start_findings
from review.label_studio import access, forms, labeling_config, projects
from review.ledger import ledger
from review.queries import pending_cases, registered


def opened(name: str, stream: Stream, *, by: str) -> list[str]:
    """Make ready what a stream needs, and say what came of it; doing it again changes nothing.

    Args:
        name: The stream, or its file.
        stream: As its file describes it.
        by: Who opens it, kept in the ledger; empty: the name of this account.

    Raises:
        Misuse: The account has no name; and what `begin` raises.
    """
    who = by or _account()
    project, began = begin(name, by=who)
    whose = "" if by else f" The ledger says that {who} opened it, the name of this account; --by gives another."
    return [
        f"A new epoch begins: evidence from zero, every case to a person.{whose}"
        if began
        else "Nothing had to change.",
        f"Queue: {settings.read().label_studio_url.rstrip('/')}/projects/{project}/data?labeling=1",
        *start_findings.opening(stream),
    ]


def begin(stream_name: str, *, by: str) -> tuple[int, bool]:
    """Make ready what a stream needs: the ledger, an epoch, a policy that releases nothing, the Label Studio project.

    Doing it again changes nothing, unless what makes the stream's answers and scores has changed: then a new epoch begins.
    Returns the project's id and whether a new epoch began. Raises Misuse on a name that cannot be kept,
    StreamInvalid on a schedule that never comes.
    """
    config = settings.read()
    stream = settings.read_stream(stream_name, config)
    by = names_and_reasons.checked(by, "--by")
    origin = str(settings.stream_file(stream_name, config))
    next_runs.check(stream, origin=origin, now=timestamps.parse(runs.clock()))
    # Before anything is made: where Label Studio is missing, no ledger is left behind.
    connection = access.connect(config.label_studio_url, settings.label_studio_token(config))
    ledger.migrate(config.ledger.get_secret_value())
    with ledger.open(config.ledger.get_secret_value()) as book, book.exclusive("govern", stream.name):
        labelling = forms.config(stream)
        before = pending_cases.project(book, stream.name)
        # Before an epoch begins, which nothing undoes: a project that is another ledger's is refused.
        project_id = projects.ensure(
            connection,
            title=stream.review.project,
            config=labelling,
            instructions=stream.review.instructions,
            mark=runs.mark(book, stream),
            recorded=registered.projects(book, stream.name),
        )
        # What somebody changed in the form by hand stays, as long as the stream asks what it asked.
        if (
            before is not None
            and before.project_id == project_id
            and not labeling_config.alike(before.config, labelling)
        ):
            projects.reform(connection, project_id, labelling)
        began = epochs.begin_epoch(book, stream, by)
        now = runs.clock()
        row = {
            "stream": stream.name,
            "config_hash": epochs.digest(labelling),
            "project_id": project_id,
            "config": labelling,
            "created_at": now,
        }
        book.append({"project": pl.DataFrame([row])}, now=now)
    return project_id, began


def _account() -> str:
    """The name of the account that runs the command. Raises Misuse where it has none, as in some containers."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        raise Misuse("this account has no name; say who opens the stream: --by 'A. Owner'") from None
