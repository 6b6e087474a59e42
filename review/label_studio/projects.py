"""The one project of a stream in a ledger: made, found again, and looked at for what somebody changed."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import httpx
from label_studio_sdk.core.api_error import ApiError
from label_studio_sdk.core.pagination import SyncPager
from label_studio_sdk.core.request_options import RequestOptions

from models.errors import Refused, Unavailable
from review.label_studio import access, labeling_config, listing, project_mark


def ensure(
    connection: access.Connection,
    *,
    title: str,
    config: str,
    instructions: str,
    mark: project_mark.Mark,
    recorded: Collection[int] = (),
) -> int:
    """The id of the one project of the mark's stream and ledger; made if there is none.

    The mark stands in the project's description, so that the project is found again after a crash. Of several
    (somebody copied it) the oldest wins. An existing project is left as it is, but for the mark of an
    earlier version, which named no ledger: if the project is among the `recorded` ones of this ledger, it gets ours.

    Raises Refused if there is a project of the stream under this title that is another ledger's, or may be. Under another
    title a project of our own is made beside it.
    """
    existing = _own(connection, title, mark, recorded)
    if existing is not None:
        return existing
    created: int | None = None
    lost: Unavailable | None = None
    try:
        with access.asking(connection.url, f"making the project {title!r}"):
            answer = connection.client.projects.create(
                title=title,
                description=f"Filled and read by Second Reader. Keep this line: {mark}",
                label_config=config,
                expert_instruction=labeling_config.instructions(instructions),
                show_instruction=bool(instructions.strip()),
                request_options=RequestOptions(additional_body_parameters=labeling_config.settings(config)),
            )
            created = int(answer.id)  # a TypeError: no project, whatever it is
    except Unavailable as failure:
        lost = failure
    # The answer may be lost and the project made all the same; or a gateway made two of one request.
    existing = _own(connection, title, mark, recorded)
    if existing is None and lost is not None:
        raise lost
    return existing or created or 0


def reform(connection: access.Connection, project_id: int, config: str) -> None:
    """Give a project another form, and the settings that go with it.

    Its tasks and answers stay; who reads from now on is asked by this form.

    Raises Refused if Label Studio does not take it, since answers speak of what it has no more.
    """
    body = {"label_config": config, **labeling_config.settings(config)}
    with access.asking(connection.url, f"giving project {project_id} the stream's new form"):
        try:
            access.patch(connection, f"api/projects/{project_id}/", body)
        except ApiError as error:
            if error.status_code != httpx.codes.BAD_REQUEST:
                raise
            raise Refused(
                f"project {project_id} in Label Studio at {connection.url} holds answers to what the stream's new form does not "
                "ask any more, and keeps its old one: give the stream another name, and with it a project of its own"
            ) from None


def _own(connection: access.Connection, title: str, mark: project_mark.Mark, recorded: Collection[int]) -> int | None:
    """The oldest project that is ours, with our mark by then. Raises Refused where one of this title is not."""
    by_number = {number: (whose, project) for number, whose, project in _of_stream(connection, mark)}
    ours = [number for number, (whose, _) in by_number.items() if whose == "ours"]
    if ours:
        return min(ours)
    known = [number for number, (whose, _) in by_number.items() if whose == "unnamed" and number in recorded]
    if known:
        number = min(known)
        _, project = by_number[number]
        with access.asking(connection.url, f"renewing the mark of project {number}"):
            # Sent once more, it says the same.
            connection.client.projects.update(
                number, description=project_mark.renewed(project.description, mark), request_options=access.READ
            )
        return number
    for number, (_, project) in sorted(by_number.items()):
        if project.title == title:
            raise Refused(_not_ours(connection, number, mark, project.description))
    return None


def fields(connection: access.Connection, project_id: int) -> Mapping[str, Any] | None:
    """A project's fields as the server gives them; None: there is no such project. Raises Refused or Unavailable."""
    with access.asking(connection.url, f"looking at project {project_id}"):
        try:
            project: dict[str, Any] = access.get(connection, f"api/projects/{project_id}/").json()
        except ApiError as error:
            if error.status_code == httpx.codes.NOT_FOUND:
                return None
            raise
        for name in ("label_config", "task_number", "total_annotations_number"):
            project[name]  # a KeyError: no project, whatever it is
        return project


def check_owner(connection: access.Connection, project_id: int, mark: project_mark.Mark) -> None:
    """Raises Refused if a project that the ledger recorded is not the mark's.

    Its number may mean another project on another server, or on one restored from a backup; and a project may have been
    given to another ledger. One with the mark of an earlier version is ours until `ensure` has renewed it.
    """
    with access.asking(connection.url, f"looking at project {project_id}"):
        project = connection.client.projects.get(project_id, request_options=access.READ)
        description = project.description or ""
    if project_mark.whose(description, mark) not in ("ours", "unnamed"):
        raise Refused(_not_ours(connection, project_id, mark, description))


def _not_ours(connection: access.Connection, number: int, mark: project_mark.Mark, description: str) -> str:
    """What to say of a project that is not the mark's: what it is, why that matters, what to do."""
    where = f"project {number} in Label Studio at {connection.url}"
    if project_mark.whose(description, mark) == "none":
        return (
            f"{where} is not that of stream {mark.stream!r} (its description does not say {mark}): put the line back if it "
            f"is, or make a project with: second-reader init {mark.stream}"
        )
    which = (
        "of another ledger" if project_mark.whose(description, mark) == "another's" else "none that this ledger made"
    )
    return (
        f"{where} is of stream {mark.stream!r}, but {which}: answers in it may have been given to the model's own "
        "suggestion, and would count as blind here. Name the ledger it belongs to in SECOND_READER_LEDGER, or give "
        f"review.project of stream {mark.stream!r} another title for a project of its own"
    )


def size(connection: access.Connection, project_id: int) -> int:
    """How many tasks the project holds."""
    with access.asking(connection.url, f"looking at project {project_id}"):
        return int(connection.client.projects.get(project_id, request_options=access.READ).task_number)


def _of_stream(connection: access.Connection, mark: project_mark.Mark) -> Iterator[tuple[int, project_mark.Whose, Any]]:
    """Every project that bears a mark of the stream: its id, whose it is, and the project."""
    page, seen = 1, 0
    while True:
        with access.asking(connection.url, "listing the projects"):
            answer: SyncPager[Any, Any] = connection.client.projects.list(
                page=page, page_size=listing.PAGE, include="id,title,description", request_options=access.READ
            )
            items, total = listing.page(answer, "count")
            projects = [(int(item.id), project_mark.whose(item.description, mark), item) for item in items]
        yield from (one for one in projects if one[1] != "none")
        seen += len(items)
        if not items or seen >= total:
            return
        page += 1
