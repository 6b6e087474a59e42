"""How long a risen error goes unnoticed: reported where a detector looks, and sooner with more audits."""

import re

from review.report import detection_delay


def test_more_audits_notice_sooner_and_raise_false_alarms_sooner() -> None:
    few, many = (detection_delay.sentence(0.02, audits) or "" for audits in (5, 50))
    years = [float(re.search(r"once in ([\d.e+]+) years", text)[1]) for text in (few, many)]  # type: ignore[index]
    assert years[0] == 10 * years[1]
    days = [re.findall(r"about ([\d.]+).days|for.([\d.]+).days", text) for text in (few, many)]
    assert len(days[0]) == 2
    assert [float("".join(one)) for one in days[0]] > [float("".join(one)) for one in days[1]]
    assert few.startswith("At 5 audits a day a false alarm")


def test_where_no_detector_looks_nothing_is_said() -> None:
    assert detection_delay.sentence(0.02, 0) is None
    assert detection_delay.sentence(0.5, 10) is None
