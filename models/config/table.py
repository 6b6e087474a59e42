"""A table of the stream file: what each of them has in common."""

from pydantic import BaseModel, ConfigDict


class Table(BaseModel):
    """A table of the file. Frozen; an unknown key is an error, so a typing slip never becomes a default."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
