"""A stream has one project, whoever asks, and what somebody changed in it is said."""

from typing import Any

import pytest

from models.config.stream import Stream
from models.errors import Refused
from review.label_studio import (
    access,
    import_tasks,
    labeling_config,
    projects,
)
from tests.integration import proxy
from tests.integration.adapter.hands import OTHERS, Api, answer, changed, make, mark, read, stream, tasks

# The project


def test_a_stream_has_exactly_one_project_whatever_it_is_called(
    connection: access.Connection, mail: Stream, project: int, api: Api
) -> None:
    api("PATCH", f"/api/projects/{project}/", json={"title": "Renamed"})
    assert make(connection, mail) == project
    longer = make(connection, stream(mail.name + "-b"))
    assert longer != project
    api("DELETE", f"/api/projects/{longer}/")


def test_a_project_whose_making_got_no_answer_is_not_made_again(mail: Stream, server: Any, api: Api) -> None:
    with proxy.before(server.url) as between:
        between.plan = ["late"]
        between.spoils = "/api/projects/"
        number = make(access.connect(between.url, server.token), mail)
        assert between.seen == 1
    result = api("GET", "/api/projects", params={"page_size": 1000, "include": "id,description"})["results"]
    assert [item["id"] for item in result if str(mark(mail)) in item["description"]] == [number]
    api("DELETE", f"/api/projects/{number}/")


def test_a_fresh_project_has_not_drifted_and_shows_its_instructions(
    connection: access.Connection, mail: Stream, project: int, api: Api
) -> None:
    assert changed(connection, project, mail) == []
    built = api("GET", f"/api/projects/{project}/")
    assert (built["show_instruction"], built["expert_instruction"]) == (True, "<p>Look &lt;b&gt;twice&lt;/b&gt;.</p>")


def test_what_somebody_changed_is_said(connection: access.Connection, mail: Stream, project: int, api: Api) -> None:
    other = labeling_config.config(mail).replace('value="no"', 'value="never"')
    api("PATCH", f"/api/projects/{project}/", json={"label_config": other, "sampling": "Uniform sampling"})
    assert changed(connection, project, mail) == [
        "the labelling config is not the stream's; answers that do not fit it become faults",
        "sampling is 'Uniform sampling'; set it back to 'Sequential sampling'",
    ]


def test_a_project_that_is_gone_is_said_and_refused_everywhere(
    connection: access.Connection, mail: Stream, project: int, api: Api
) -> None:
    api("DELETE", f"/api/projects/{project}/")
    assert projects.fields(connection, project) is None
    with pytest.raises(Refused, match=r"was the project deleted\?"):
        import_tasks.push(connection, project, tasks(mail, 1), mail)
    with pytest.raises(Refused, match=r"was the project deleted\?"):
        read(connection, project)


def test_a_new_question_reaches_who_reads_and_keeps_what_was_answered(
    connection: access.Connection, mail: Stream, project: int, api: Api
) -> None:
    (task,) = import_tasks.push(connection, project, tasks(mail, 1), mail).values()
    answer(api, task, "yes")
    review = mail.review.model_copy(update={"question": "Is it really?"})
    asked = labeling_config.config(mail.model_copy(update={"review": review, "labels": ["yes", "no", "perhaps"]}))
    projects.reform(connection, project, asked)
    assert labeling_config.alike(str((projects.fields(connection, project) or {})["label_config"]), asked)
    assert [one.annotations[0].result for one in read(connection, project)] != []
    projects.reform(connection, project, asked)  # again says the same


def test_a_form_that_does_not_ask_what_was_answered_is_refused(
    connection: access.Connection, mail: Stream, project: int, api: Api
) -> None:
    (task,) = import_tasks.push(connection, project, tasks(mail, 1), mail).values()
    answer(api, task, "yes")
    other = labeling_config.config(mail).replace('name="answer"', 'name="another"')
    with pytest.raises(Refused, match="give the stream another name"):
        projects.reform(connection, project, other)
    assert changed(connection, project, mail) == []


# Whose project it is


def test_a_project_that_is_another_streams_is_known_from_ours(
    connection: access.Connection, mail: Stream, project: int
) -> None:
    projects.check_owner(connection, project, mark(mail))
    longer = stream(f"{mail.name}-b")
    with pytest.raises(Refused, match=f"is not that of stream '{longer.name}'"):
        projects.check_owner(connection, project, mark(longer))


def test_a_project_that_another_ledger_filled_is_refused_with_what_to_do(
    connection: access.Connection, mail: Stream, project: int
) -> None:
    text = rf"project {project} .* of another ledger: answers in it may have been given to the model's own suggestion"
    for refused in (
        lambda: make(connection, mail, OTHERS),
        lambda: projects.check_owner(connection, project, mark(mail, OTHERS)),
    ):
        with pytest.raises(Refused, match=text) as caught:
            refused()
        assert "SECOND_READER_LEDGER" in str(caught.value)
        assert "review.project" in str(caught.value)
        assert "\n" not in str(caught.value)


def test_two_ledgers_work_side_by_side_with_a_project_each_under_titles_of_their_own(
    connection: access.Connection, mail: Stream, project: int, api: Api
) -> None:
    second = make(connection, mail, OTHERS, title="Mail, a trial")
    assert second != project
    assert (make(connection, mail), make(connection, mail, OTHERS, title="Mail")) == (project, second)
    projects.check_owner(connection, project, mark(mail))
    projects.check_owner(connection, second, mark(mail, OTHERS))
    api("DELETE", f"/api/projects/{second}/")


def test_a_project_with_the_mark_of_an_earlier_version_is_ours_if_this_ledger_recorded_it_and_gets_our_mark(
    connection: access.Connection, mail: Stream, project: int, api: Api
) -> None:
    old = f"Ours. Keep this line: [second-reader:{mail.name}]"
    api("PATCH", f"/api/projects/{project}/", json={"description": old})
    projects.check_owner(connection, project, mark(mail))  # the flows go on until `init` has renewed it
    with pytest.raises(Refused, match=rf"project {project} .* but none that this ledger made"):
        make(connection, mail, recorded=(project + 1,))
    assert api("GET", f"/api/projects/{project}/")["description"] == old
    assert make(connection, mail, recorded=(project,)) == project
    assert api("GET", f"/api/projects/{project}/")["description"] == f"Ours. Keep this line: {mark(mail)}"
    assert make(connection, mail) == project
    with pytest.raises(Refused, match="of another ledger"):
        make(connection, mail, OTHERS, recorded=(project,))
