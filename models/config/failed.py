"""Rows that a platform handed back without an answer: which they are, and what it said of them."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from models.config.fields import Column

Values = Annotated[list[str], Field(min_length=1)]


class Failed(BaseModel):
    """A rule. A row falls under it if its `when` holds anything: not null, false, an empty text, list or object.

    With `equals` only if that is one of these texts, with `other_than` only if it is none of them. Such a row is a case for
    a person, and why it could not be scored is `says`, with what `reason` holds.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    when: Column
    equals: Values | None = None
    other_than: Values | None = None
    says: Annotated[str, Field(min_length=1, max_length=200)]
    reason: Column | None = None  # where the platform's own words stand

    @model_validator(mode="before")
    @classmethod
    def _one(cls, value: Any) -> Any:
        if isinstance(value, dict) and "equals" in value and "other_than" in value:
            raise ValueError("must have equals or other_than, not both")
        return value

    @property
    def columns(self) -> list[str]:
        """The columns or paths that it reads."""
        return [self.when, *([] if self.reason is None else [self.reason])]

    def text(self) -> str:
        """The rule as one text, for the terms of an epoch."""
        words = [self.when]
        words += [f"equals {self.equals}"] if self.equals else []
        words += [f"other than {self.other_than}"] if self.other_than else []
        return f"{' '.join(words)}: {self.says}" + (f" ({self.reason})" if self.reason else "")
