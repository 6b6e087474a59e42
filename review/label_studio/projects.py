"""The one project of a stream: made, found again, and looked at for what somebody changed."""

from typing import Any

from label_studio_sdk.core.pagination import SyncPager
from label_studio_sdk.core.request_options import RequestOptions

from models.errors import Refused, Unavailable
from review import form
from review.label_studio import access, listing


def ensure(connection: access.Connection, *, title: str, config: str, instructions: str, marker: str) -> int:
    """The id of the one project of `marker` (the stream's name); made if there is none.

    The marker stands in the project's description, so that the project is found again after a crash. Of several
    (somebody copied it) the oldest wins. An existing project is left as it is: see `check`.
    """
    tag = _tag(marker)
    existing = _marked(connection, tag)
    if existing is not None:
        return existing
    made: int | None = None
    lost: Unavailable | None = None
    try:
        with access.asking(connection.url, f"making the project {title!r}"):
            answer = connection.client.projects.create(
                title=title,
                description=f"Filled and read by Second Reader. Keep this line: {tag}",
                label_config=config,
                expert_instruction=form.instructions(instructions),
                show_instruction=bool(instructions.strip()),
                request_options=RequestOptions(additional_body_parameters=dict(form.SETTINGS)),
            )
            made = int(answer.id)  # a TypeError: no project, whatever it is
    except Unavailable as failure:
        lost = failure
    # The answer may be lost and the project made all the same; or a gateway made two of one request.
    existing = _marked(connection, tag)
    if existing is None and lost is not None:
        raise lost
    return existing or made or 0


def check(connection: access.Connection, project_id: int, config: str) -> list[str]:
    """What somebody changed in the project, one sentence each; empty if all is as we made it."""
    where = f"project {project_id} in Label Studio"
    try:
        with access.asking(connection.url, f"looking at project {project_id}"):
            project = connection.client.projects.get(project_id, request_options=access.READ).model_dump()
    except Refused as refusal:
        return [f"{where} cannot be read: {refusal}"]
    return [f"{where}: {finding}" for finding in form.drift(project, config)]


def check_owner(connection: access.Connection, project_id: int, marker: str) -> None:
    """Raises Refused if the project is not the one of `marker`: its number may mean another project on another server,
    or on one restored from a backup."""
    with access.asking(connection.url, f"looking at project {project_id}"):
        project = connection.client.projects.get(project_id, request_options=access.READ)
        description = project.description or ""
    if _tag(marker) not in description:
        raise Refused(
            f"project {project_id} in Label Studio at {connection.url} is not that of stream {marker!r} (its description "
            f"does not say {_tag(marker)}): put the line back if it is, or make a project with: second-reader init {marker}"
        )


def size(connection: access.Connection, project_id: int) -> int:
    """How many tasks the project holds."""
    with access.asking(connection.url, f"looking at project {project_id}"):
        return int(connection.client.projects.get(project_id, request_options=access.READ).task_number)


def _marked(connection: access.Connection, tag: str) -> int | None:
    """The oldest project whose description holds the tag."""
    found: list[int] = []
    page, seen = 1, 0
    while True:
        with access.asking(connection.url, "listing the projects"):
            answer: SyncPager[Any, Any] = connection.client.projects.list(
                page=page, page_size=listing.PAGE, include="id,description", request_options=access.READ
            )
            items, total = listing.page(answer, "count")
            found += [int(item.id) for item in items if tag in (item.description or "")]
        seen += len(items)
        if not items or seen >= total:
            return min(found, default=None)
        page += 1


def _tag(marker: str) -> str:
    return f"[second-reader:{marker}]"
