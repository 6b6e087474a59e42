"""The report says at what rates released cases are audited where bands of confidence differ."""

from dataclasses import replace

from models.routing.policy import Policy
from review.report import bands_text, certificate_text
from tests.unit.review.report.report_facts import IN_FORCE, report_of


def test_the_rates_are_said_by_band_and_nothing_where_there_is_one() -> None:
    bands = ((0.9, 0.09), (0.95, 0.05), (0.99, 0.03))
    rule = Policy(threshold=0.9, audit_rate=0.05, blind_rate=0.3, by_band=bands)
    report = report_of(policy=replace(IN_FORCE, policy=rule))
    sentences = [
        "Of what is released 5 % is sampled for a blind label, more often where earlier labels showed errors: 9.0 % from "
        "confidence 0.9, 5.0 % from confidence 0.95, 3.0 % from confidence 0.99 on."
    ]
    assert [one.replace("\u00a0", " ") for one in bands_text.of(report)] == sentences
    assert bands_text.of(report)[0] in certificate_text.lines(report)
    assert bands_text.of(report_of()) == []
