"""Storages of a cloud that are connected to a project: of what lies in them Label Studio makes addresses that a browser opens."""

from review.label_studio import access

# Of each kind: its place in Label Studio's own addresses, the scheme of what lies there, and what names a part of it.
_KINDS = (("s3", "s3", "bucket"), ("gcs", "gs", "bucket"), ("azure", "azure-blob", "container"))


def connected(connection: access.Connection, project_id: int) -> frozenset[str]:
    """The beginnings of addresses that the project's storages can open, as in `s3://bucket`.

    Asked kind by kind: the list of all kinds is empty where the list of one fails (read in Label Studio 1.23.2,
    `io_storages/all_api.py`). Raises Unavailable or Refused.
    """
    roots = set()
    for kind, scheme, part in _KINDS:
        with access.asking(connection.url, "listing the storages of the project"):
            listed = access.get(connection, f"api/storages/{kind}", project=project_id).json()
            roots |= {f"{scheme}://{storage[part]}" for storage in listed}
    return frozenset(roots)
