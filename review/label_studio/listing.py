"""Lists as Label Studio gives them: a query of its data manager, and one page of an answer."""

import json
from typing import Any

PAGE = 500


def query(conditions: list[dict[str, object]], *, ordering: str = "id") -> str:
    """A query of Label Studio's data manager: all conditions, in rising order of a column, or falling: `-updated_at`."""
    filters = {"conjunction": "and", "items": conditions}
    order = f"{'-' * ordering.startswith('-')}tasks:{ordering.removeprefix('-')}"
    return json.dumps({"filters": filters, "ordering": [order]}, separators=(",", ":"))


def condition(column: str, operator: str, kind: str, value: object) -> dict[str, object]:
    return {"filter": f"filter:tasks:{column}", "operator": operator, "type": kind, "value": value}


def page(answer: Any, total: str) -> tuple[list[Any], int]:
    """What a page of a list holds, and how many there are in all: the field `total` of the answer.

    An answer that is no page says nothing: taken for an empty one, everything would be made once more. Raises TypeError.
    """
    items, count = answer.items, getattr(answer.response, total)
    if not isinstance(items, list) or not isinstance(count, int):
        raise TypeError("no page of a list")
    return items, count
