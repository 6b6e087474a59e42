"""The scale of the error axis."""

import numpy as np

from review.report.charts import risk_coverage


def test_any_ceiling_has_at_most_eight_round_steps() -> None:
    for top in [*np.geomspace(1e-6, 1, 2000), 0.08, 0.09, 0.8, 0.81, 0.099]:
        steps = risk_coverage._steps(float(top))
        assert 3 <= len(steps) <= 9
        assert steps[0] == 0
        assert top / 2 < steps[-1] <= top * (1 + 1e-9)
