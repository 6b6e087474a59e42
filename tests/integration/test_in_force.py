"""What was decided under a policy is recorded while that policy is in force, or not at all."""

import pytest

from models import errors
from review.ledger import ledger
from tests.integration import ledger_facts as facts


def test_a_decision_is_not_recorded_once_its_policy_is_no_longer_in_force(ledger_url: str) -> None:
    ledger.migrate(ledger_url)
    policies = facts.policies({}, {"policy_id": "p-2", "threshold": None})
    with ledger.open(ledger_url) as book:
        book.append({"epoch": facts.epochs(), "policy": policies, "adoption": facts.adoptions()}, now=facts.NOW)
        first = {"decision": facts.decisions({"case_id": "a", "route": "AUTOMATE", "confidence": 0.9})}
        assert len(book.append(first, now=facts.NOW, in_force={"mail": "p-1"}).written["decision"]) == 1
        halt = facts.adoptions({"version": 2, "policy_id": "p-2", "replaced": "p-1"})
        book.append({"adoption": halt}, now=facts.NOW)
        head = book.head()
        late = {"decision": facts.decisions({"case_id": "b", "route": "AUTOMATE", "confidence": 0.9})}
        with pytest.raises(errors.Superseded, match="stream mail: another policy came into force meanwhile"):
            book.append(late, now=facts.NOW, in_force={"mail": "p-1"})
        assert book.head() == head
        assert book.read("SELECT case_id FROM decision")["case_id"].to_list() == ["a"]
