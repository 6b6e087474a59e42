"""Receipts that the demo makes itself: as a till prints them, and then as a worn print is read by a scanner.

No shop, address or purchase is real. What makes a receipt hard is what makes real ones hard: four ways to write a date, of
which two can be taken for each other, amounts beside the total, digits that look like letters, lines that are gone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from models.answers.record_text import Values

PLACES = ("Linden", "Harbour", "Mill", "Garden", "Station", "Castle", "Bridge", "Orchard", "River", "Market")
TRADES = ("Bakery", "Hardware", "Books", "Pharmacy", "Café", "Grocer", "Flowers", "Stationery")
GOODS = ("Bread", "Coffee", "Screws M4", "Notebook", "Apples", "Bandage", "Tulips", "Pencil", "Cheese", "Tea", "Glue")
CURRENCIES = ("EUR", "GBP", "USD")
PAID = ("cash", "card")
FIRST = date(2025, 7, 1)
DAYS = 180
CLEAN = 0.6  # of the receipts are read without a smudge
# A scanner takes each of these for the other.
_TWINS = {"0": "O", "O": "0", "1": "l", "l": "1", "5": "S", "S": "5", "8": "B", "B": "8", "e": "c", "n": "h"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A receipt as the scanner read it, and what it says. `truth`: the record's values; None: it does not say."""

    id: str
    text: str
    truth: Values


def make(count: int, *, seed: int, prefix: str) -> list[Receipt]:
    """So many receipts; the same for the same seed."""
    random = np.random.default_rng(seed)
    return [_one(random, f"{prefix}-{number:04d}") for number in range(count)]


def _one(random: np.random.Generator, name: str) -> Receipt:
    vendor = f"{_pick(random, PLACES)} {_pick(random, TRADES)}"
    day = FIRST + timedelta(days=int(random.integers(DAYS)))
    currency, paid = _pick(random, CURRENCIES), _pick(random, PAID)
    cents = [int(random.integers(80, 4000)) for _ in range(int(random.integers(1, 6)))]
    total = sum(cents)
    tax = round(total * 0.19 / 1.19) if random.random() < 0.75 else None
    number = f"{int(random.integers(1000, 999999)):06d}" if random.random() < 0.8 else None
    mark = "," if currency == "EUR" and random.random() < 0.7 else "."

    def money(amount: int) -> str:
        return f"{amount // 100}{mark}{amount % 100:02d}"

    lines = [vendor, f"{int(random.integers(1, 90))} {_pick(random, PLACES)} Street", ""]
    lines.append(f"Date {_dated(random, day)}   {int(random.integers(8, 20)):02d}:{int(random.integers(60)):02d}")
    lines += [f"Receipt No. {number}"] if number else []
    lines += [""] + [f"{_pick(random, GOODS):<16}{money(amount):>9}" for amount in cents] + [""]
    if random.random() < 0.5:
        lines.append(f"{'SUBTOTAL':<16}{money(total - (tax or 0)):>9}")
    lines += [f"{'VAT 19%':<16}{money(tax):>9}"] if tax is not None else []
    lines.append(f"{_pick(random, ('TOTAL', 'AMOUNT DUE', 'SUM'))} {currency:<6}{money(total):>12}")
    if paid == "cash":
        given = -(-total // 500) * 500
        lines += [f"{'CASH':<16}{money(given):>9}", f"{'CHANGE':<16}{money(given - total):>9}"]
    else:
        lines.append(f"{_pick(random, ('CARD', 'DEBIT CARD', 'CREDIT CARD'))} **** {int(random.integers(1000, 9999))}")
    truth: Values = {"currency": currency, "date": day.isoformat(), "number": number, "payment": paid}
    truth |= {"tax": None if tax is None else tax / 100, "total": total / 100, "vendor": vendor}
    return Receipt(id=name, text=_scanned(random, lines), truth=truth)


def _dated(random: np.random.Generator, day: date) -> str:
    form = _pick(random, ("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y-%m-%d"))
    return day.strftime(form)


def _scanned(random: np.random.Generator, lines: Sequence[str]) -> str:
    """The lines as a scanner reads them: of some receipts all, of others with twins of letters and without some lines."""
    if random.random() < CLEAN:
        return "\n".join(lines)
    smudged = float(random.uniform(0.005, 0.12))
    kept = [line for line in lines if not line or random.random() > smudged / 2]
    return "\n".join(
        "".join(_TWINS.get(letter, letter) if random.random() < smudged else letter for letter in line) for line in kept
    )


def _pick(random: np.random.Generator, names: Sequence[str]) -> str:
    return names[int(random.integers(len(names)))]
