"""The form of a stream's project: one question with labels, or a record with fields."""

from models.config.stream import Stream
from review.label_studio import labeling_config, record_form


def config(stream: Stream) -> str:
    """The labelling config. Raises StreamInvalid if a reviewer could not tell two labels or fields apart."""
    return record_form.config(stream) if stream.field else labeling_config.config(stream)
