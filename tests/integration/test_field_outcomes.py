"""A record is one case; of each field the report says how often it is wrong, by the same readings."""

from models.answers import record_text
from models.config.field_table import FieldTable
from models.evaluation import risk
from models.evaluation.estimate import Estimate
from models.evaluation.outcome import Outcome
from review.ledger import ledger, rollups
from review.queries import breakdowns, field_outcomes, finished, outcomes, training_labels
from review.report import field_rows
from tests.integration import ledger_facts as facts

RECORD = {"day": "2026-01-31", "order": None, "total": 12.5, "vendor": "ACME"}
FIELDS = [FieldTable(name=name) for name in ("vendor", "day", "total", "order")]


def arrive(book: ledger.Ledger, answers: dict[str, list[dict[str, object]]], *, blind: bool = True) -> None:
    """Released records, each with readings that have these values instead of the model's."""
    cases: list[dict[str, facts.Value]] = [
        {
            "case_id": case,
            "prediction": record_text.text(RECORD),
            "field_scores": "[0.9,0.8,0.7,null]",
            "confidence": 0.7,
            "raw_score": 0.7,
            "route": "AUTOMATE" if blind else "REVIEW",
            "blind": blind,
            "propensity": 0.5,
        }
        for case in answers
    ]
    book.append({"decision": facts.decisions(*cases)}, now=facts.NOW)
    sent: list[dict[str, facts.Value]] = []
    given: list[dict[str, facts.Value]] = []
    start = int(book.read("SELECT count(*) AS n FROM dispatch")["n"].item())
    for case, readings in answers.items():
        for slot, changes in enumerate(readings):
            task = start + len(sent) + 1
            place: dict[str, facts.Value] = {"case_id": case, "slot": slot, "task_id": task, "blind": blind}
            sent.append(place | {"task_key": f"k-{task}"})
            text = record_text.text(RECORD | changes)
            given.append(place | {"annotation_id": task, "reviewer": f"{slot}@example.org", "answer": text})
    book.append({"dispatch": facts.dispatches(*sent), "review": facts.reviews(*given)}, now=facts.NOW)


def of_fields(book: ledger.Ledger) -> dict[str, dict[str, str]]:
    """Field -> case -> what became of it."""
    cases = facts.judge(book)
    differing = field_outcomes.differences(book, "mail", cases, "e-1")
    return {
        field.name: dict(
            field_outcomes.of_fields(cases, differing, [field.name]).sampled.select("case_id", "outcome").iter_rows()
        )
        for field in FIELDS
    }


def test_a_field_of_which_a_reading_says_nothing_is_not_right(book: ledger.Ledger) -> None:
    """Who reads a record after a field was renamed is asked for the new one."""
    arrive(book, {"c-1": [{}]})
    answer = record_text.text({name: value for name, value in RECORD.items() if name != "total"})
    place: dict[str, facts.Value] = {"case_id": "c-1", "task_id": 1, "annotation_id": 1, "blind": True}
    later = "2026-03-02T10:00:00.000000Z"
    book.append({"review": facts.reviews(place | {"answer": answer, "revision": later})}, now=later)
    by_field = of_fields(book)
    assert (by_field["total"]["c-1"], by_field["vendor"]["c-1"]) == (Outcome.DISPUTED, Outcome.RIGHT)


def test_a_field_is_wrong_where_most_readings_have_it_otherwise(book: ledger.Ledger) -> None:
    arrive(
        book,
        {
            "c-1": [{}],
            "c-2": [{"total": 13}, {"total": 14}],
            "c-3": [{"total": 13}, {}, {}],
            "c-4": [{"total": 13, "day": None}, {"total": 13}, {"total": 13}],
            "c-5": [{"vendor": "Acme"}, {"day": None}, {"order": "A-7"}],
        },
    )
    whole = dict(facts.judge(book).sampled.select("case_id", "outcome").iter_rows())
    wrong, right = Outcome.WRONG, Outcome.RIGHT
    assert [whole[f"c-{n}"] for n in range(1, 6)] == [right, wrong, right, wrong, wrong]
    by_field = of_fields(book)
    assert [by_field["total"][f"c-{n}"] for n in range(1, 6)] == [right, wrong, right, wrong, right]
    assert [by_field["day"][f"c-{n}"] for n in range(1, 6)] == [right] * 5
    assert set(by_field["vendor"].values()) == {right}  # wrong as a whole, and in no field by most


def test_a_dispute_is_one_of_the_field_in_question_alone(book: ledger.Ledger) -> None:
    arrive(book, {"c-1": [{"total": 13}], "c-2": [{}], "c-3": []})
    by_field = of_fields(book)
    assert by_field["total"]["c-1"] == Outcome.DISPUTED
    assert by_field["day"]["c-1"] == Outcome.RIGHT
    assert {one["c-3"] for one in by_field.values()} == {Outcome.WAITING}


def test_the_report_has_a_line_a_field(book: ledger.Ledger) -> None:
    answers: dict[str, list[dict[str, object]]] = {f"c-{n}": [{}] for n in range(18)}
    answers |= {"c-98": [{"total": 13}, {"total": 13}], "c-99": [{"order": "A-7"}, {"order": "A-7"}]}
    arrive(book, answers)
    arrive(book, {"d-1": [{"vendor": "ACME Ltd"}], "d-2": [{"day": None}]}, blind=False)
    cases = facts.judge(book)
    rows = field_rows.of(cases, field_outcomes.differences(book, "mail", cases, "e-1"), FIELDS, delta=0.05)
    by_name = {row.name: row for row in rows}
    assert [row.name for row in rows] == ["vendor", "day", "total", "order"]
    total = by_name["total"].released
    assert isinstance(total, Estimate)
    assert (total.value, total.n, total.errors) == (0.05, 20, 1)
    assert [(row.changed, row.cleared, row.added) for row in rows] == [(1, 0, 0), (0, 1, 0), (2, 0, 0), (0, 0, 2)]
    assert by_name["vendor"].stayed == 0.5
    whole = risk.error_among_automated(outcomes.counts(cases), 0.05)
    assert isinstance(whole, Estimate)
    assert whole.errors == 2  # a record is wrong where any field is


def test_records_are_no_slices_and_do_not_swell_the_extracts(book: ledger.Ledger) -> None:
    arrive(book, {f"c-{n}": [{}] for n in range(30)})
    cases = facts.judge(book)
    assert cases.kinds["prediction"].to_list() == [rollups.RECORD]
    assert breakdowns.flags(cases, target=0.05, delta=0.05) == []


def test_a_finished_record_is_the_models_or_the_readers_own(book: ledger.Ledger) -> None:
    arrive(book, {"c-1": [{}], "c-2": [{"total": 13}, {"total": 13}]})
    rows = finished.at(book, "mail", until=book.head()[0])
    assert dict(rows.select("case_id", "state").iter_rows()) == {"c-1": "released", "c-2": "reviewed"}
    answers = dict(rows.select("case_id", "answer").iter_rows())
    assert record_text.values(answers["c-2"]) == RECORD | {"total": 13}


def test_a_label_to_train_on_is_corrected_where_any_field_is(book: ledger.Ledger) -> None:
    answers: dict[str, list[dict[str, object]]] = {f"c-{n}": [{}] for n in range(20)}
    arrive(book, answers | {f"w-{n}": [{"total": 13}, {"total": 13}] for n in range(20)})
    labels = training_labels.at(book, "mail", until=book.head()[0])
    assert len(labels.rows) + labels.kept_back == 40  # half of the groups are for measuring
    assert len(labels.rows)
    corrected = labels.rows.select("case_id", "corrected").iter_rows()
    assert {case: wrong for case, wrong in corrected if wrong is not case.startswith("w-")} == {}
