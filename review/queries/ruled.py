"""What the rules of the stream's owner came to: cases that were not released under one, and audits that one asked for."""

import polars as pl

from models.routing.policy import Route
from review.ledger.ledger import Ledger
from review.queries import certificates
from review.queries.outcomes import Outcomes

_RULE = "rule "


def never_released(ledger: Ledger, epoch_id: str, cases: Outcomes) -> dict[str, int]:
    """Code of a rule -> cases of the epoch that it sent to a person, in the order of the codes.

    A case of which more than one rule holds counts under the first of the stream file. `cases`: of the epoch.
    """
    if not cases.kinds["held"].any():
        return {}
    held = ledger.read(
        "SELECT held, count(*) AS n FROM decision WHERE epoch_id = :epoch AND held IS NOT NULL GROUP BY held",
        epoch=epoch_id,
    )
    codes = pl.col("held").str.strip_prefix(_RULE).str.strip_suffix(", unreadable")
    counts = held.filter(pl.col("held").str.starts_with(_RULE)).group_by(code=codes).agg(pl.col("n").sum()).sort("code")
    return dict(counts.iter_rows())


def always_audited(ledger: Ledger, epoch_id: str, cases: Outcomes) -> int:
    """Released cases of the epoch that a rule had read by a person, whatever their number said. `cases`: of the epoch.

    They are those whose propensity is above every audit rate of their policy; where that is 1, none can be distinguished, and
    they count as plain audits.
    """
    most = {name: max(rule.audit_rates) for name, rule in certificates.policies(ledger, epoch_id).items()}
    released = cases.kinds.filter(pl.col("route") == Route.AUTOMATE)
    above = pl.col("propensity") > pl.col("policy_id").replace_strict(most, return_dtype=pl.Float64)
    return int(released.filter(above)["n"].sum())
