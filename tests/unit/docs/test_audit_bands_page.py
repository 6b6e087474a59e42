"""The page of audits by band ends with what its own rows say, and with whether they reach the aim."""

from tests.bench import audit_bands
from tests.bench.table import RESULTS

PAGE = RESULTS.parent / "audit-bands.md"


def rows() -> list[tuple[float, bool, bool]]:
    """Of each row that says something: its ratio, whether it is that of the lower quartiles, whether bands were in more often
    than not."""
    listed = []
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) < 10 or not cells[3].isdigit() or cells[8] == cells[9] == "-":
            continue
        by_median = cells[8] != "-"
        ratio = cells[8].split()[0] if by_median else cells[9]
        listed.append((float(ratio), not by_median, int(cells[5].split()[0]) > 50))
    return listed


def test_the_page_ends_with_what_its_rows_say() -> None:
    last = audit_bands.closing(
        [ratio for ratio, _, _ in rows()],
        quartiles=sum(by_quartile for _, by_quartile, _ in rows()),
        often=[ratio for ratio, _, in_use in rows() if in_use],
    )
    assert len(rows()) > 20
    assert PAGE.read_text(encoding="utf-8").endswith(f"\n\n{last}\n")


def test_whether_the_aim_is_reached_is_said_either_way() -> None:
    assert audit_bands.closing([0.7, 0.8, 1.02], quartiles=0, often=[0.7]).endswith(
        "Aim: at most 0.75 in the median: not reached (0.80). Never above 1.05: kept (1.02)."
    )
    assert audit_bands.closing([0.7, 0.74, 1.06], quartiles=0, often=[0.7]).endswith(
        "Aim: at most 0.75 in the median: reached (0.74). Never above 1.05: not kept (1.06)."
    )
