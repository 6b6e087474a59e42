"""Audits by band, from the labels that choose them to the certificate that takes them as logged, on a ledger."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from flows.governance import actions, epochs, safeguards
from models.certification import case_counts
from models.routing.policy import Policy
from review.integrity import verify
from review.ledger import ledger
from review.queries import certificates, policy_history, watched
from review.report import timeline
from tests.integration.desk import ANN, WHY, Clock, Desk

OFF = "audit_bands = false\n"
STEPS = {0.6: 16, 0.65: 8, 0.7: 2, 0.75: 0, 0.8: 0, 0.85: 0, 0.9: 0, 0.95: 0}  # confidence -> wrong of a hundred
LEAST = 0.6


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Iterator[Desk]:
    """A stream that audits a tenth of the released; of 800 cases, all read, the least sure are wrong."""
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    monkeypatch.setenv("SECOND_READER_LEDGER", url)
    monkeypatch.setenv("SECOND_READER_STREAMS", str(tmp_path))
    ledger.migrate(url)
    with ledger.open(url) as book:
        built = Desk(tmp_path, book, audit_rate=0.1)
        stream = built.describe()
        epochs.begin_epoch(
            book, stream.model_copy(update={"policy": stream.policy.model_copy(update={"cold_blind_rate": 1.0})}), ANN
        )
        for name, (confidence, wrong) in zip("abcdefgh", STEPS.items(), strict=True):
            built.arrive(name, 100, confidence, wrong=wrong)
        yield built


def adopt(desk: Desk, threshold: float = LEAST) -> Policy:
    actions.adopt("mail", threshold, by=ANN, because=WHY, uncertified=True)
    return desk.in_force().policy


def test_who_adopts_a_threshold_registers_bands_by_the_labels_known_by_then(desk: Desk) -> None:
    rule = adopt(desk)
    assert rule.by_band is not None
    assert list(rule.audit_rates) == sorted(rule.audit_rates, reverse=True)
    begins, rates = np.array(rule.by_band).T
    mean = rates[np.searchsorted(begins, list(STEPS), side="right") - 1].mean()
    assert float(mean) == pytest.approx(0.1)
    row = desk.book.read("SELECT by_band, audit_rate FROM policy WHERE policy_id = :id", id=desk.in_force().policy_id)
    assert [list(band) for band in rule.by_band] == json.loads(row["by_band"].item())
    assert verify.ledger(desk.book) == []


def test_later_cases_are_sampled_at_the_rate_of_their_band_and_the_certificate_takes_them(desk: Desk) -> None:
    rule = adopt(desk)
    assert rule.by_band is not None
    for name, confidence in zip("ijklmnop", STEPS, strict=True):
        desk.arrive(name, 300, confidence)
    decided = desk.book.read(
        "SELECT confidence, propensity, count(*) AS n, sum(blind) AS blind FROM decision WHERE policy_id = :id "
        "GROUP BY confidence, propensity ORDER BY confidence",
        id=desk.in_force().policy_id,
    )
    begins, rates = np.array(rule.by_band).T
    own = rates[np.searchsorted(begins, decided["confidence"].to_numpy(), side="right") - 1]
    assert decided["propensity"].to_list() == own.tolist()
    assert decided["n"].to_list() == [300] * len(STEPS)
    progress = desk.look()
    policies = dict(enumerate(certificates.policies(desk.book, desk.in_force().epoch_id).values()))
    lowest = case_counts.smallest(policies, np.array(progress.plan.thresholds))
    assert sorted(lowest[:, -1].tolist()) == [min(rule.audit_rates), 1.0]
    assert progress.cases[-1] == 8 * 400
    assert verify.ledger(desk.book) == []


def test_what_change_detection_watches_is_thinned_to_the_least_rate(desk: Desk) -> None:
    adopt(desk)
    for name, confidence in zip("ijklmnop", STEPS, strict=True):
        desk.arrive(name, 500, confidence)
    seen = watched.labels(desk.cases(), desk.in_force().epoch_id)
    read = desk.book.read("SELECT count(*) AS n FROM decision WHERE route = 'AUTOMATE' AND blind")["n"].item()
    expected = 8 * 500 * min(desk.in_force().policy.audit_rates)
    assert len(seen) < read
    assert abs(len(seen) - expected) < 4 * expected**0.5


def test_a_policy_without_bands_is_known_by_the_hash_it_always_had(desk: Desk) -> None:
    stream = desk.describe()
    rule = Policy(threshold=0.8, audit_rate=0.1, blind_rate=0.5)
    content = {
        "stream": "mail", "epoch_id": "e", "threshold": 0.8, "by_class": None, "audit_rate": 0.1, "blind_rate": 0.5,
        "target_error": stream.target.error, "delta": stream.target.delta, "cost_error": stream.costs.error,
        "cost_review_minute": stream.costs.review_minute,
    }  # fmt: skip
    facts = epochs.adoption(desk.book, stream, "e", rule, None, by=ANN, because=WHY, holds=False, now="now")
    assert facts["policy"]["policy_id"].item() == epochs.digest(content)
    banded = Policy(threshold=0.8, audit_rate=0.1, blind_rate=0.5, by_band=((0.8, 0.2), (0.9, 0.05)))
    other = epochs.adoption(desk.book, stream, "e", banded, None, by=ANN, because=WHY, holds=False, now="now")
    assert other["policy"]["policy_id"].item() != epochs.digest(content)


def test_there_are_no_bands_where_the_stream_file_has_none_where_few_errors_are_known_or_by_class(desk: Desk) -> None:
    assert adopt(desk, 0.7).by_band is None, "two errors say nothing of where they are"
    rules = desk.describe().policy
    assert rules.audit_bands
    text = (desk.folder / "mail.toml").read_text(encoding="utf-8")
    (desk.folder / "mail.toml").write_text(
        text.replace("audit_rate = 0.1\n", "audit_rate = 0.1\n" + OFF), encoding="utf-8"
    )
    assert adopt(desk).by_band is None


def test_a_halt_has_no_bands_and_to_resume_brings_back_those_that_were(desk: Desk) -> None:
    before = adopt(desk)
    actions.halt("mail", by=ANN, because=WHY)
    assert desk.in_force().policy.by_band is None
    actions.resume("mail", by=ANN, because=WHY, uncertified=True)
    assert desk.in_force().policy == before


def test_what_the_product_puts_in_force_keeps_the_bands_of_the_threshold_they_were_chosen_for(
    desk: Desk, clock: Clock
) -> None:
    before = adopt(desk)
    desk.look()
    run, in_force = desk.run(), desk.in_force()
    assert not safeguards.act(run, in_force, desk.looks(), clock())
    assert desk.in_force().policy == before
    history = policy_history.history(desk.book, "mail")
    assert policy_history.rule_of(history.row(-1, named=True)) == before


def test_the_life_of_a_case_says_the_rates_of_the_bands(desk: Desk) -> None:
    rule = adopt(desk)
    desk.arrive("z", 1, 0.95)
    text = timeline.case(desk.book, "mail", "z-0000")
    assert rule.by_band is not None
    assert f"audit rate 0.1 (from 0.6: {rule.by_band[0][1]:.4g}, from " in text
