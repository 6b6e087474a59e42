"""Whether the seals of a ledger form one unbroken chain."""

import polars as pl

from review.ledger import seals


def chain(links: pl.DataFrame, damaged: set[int]) -> list[seals.Finding]:
    """Seals that are gone, and seals that no longer follow the one before: that one was made anew.

    `links` has seq, digest and previous of every seal, by seq. `damaged` are seals already found edited: the broken
    link to one of them needs no second word.
    """
    findings: list[seals.Finding] = []
    expected, digest = 1, seals.GENESIS
    for seq, own, previous in links.select("seq", "digest", "previous").iter_rows():
        if seq < 1:
            findings.append(seals.Finding(kind="added", table="seal", key=f"seq={seq}", seal=seq))
            continue
        if seq > expected:
            gone = f"seq={expected}" if seq == expected + 1 else f"seq={expected} to {seq - 1}"
            findings.append(seals.Finding(kind="removed", table="seal", key=gone, seal=expected))
        elif previous != digest and not {seq, seq - 1} & damaged:
            findings.append(seals.Finding(kind="broken chain", table="seal", key=f"seq={seq}", seal=seq))
        expected, digest = seq + 1, own
    return findings
