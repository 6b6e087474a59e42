"""Pictures in a storage of a cloud, in the real Label Studio: sent once it is connected to the project, and not before."""

from typing import Any

import psycopg

from deploy.local import label_studio_server
from tests.e2e.place import STREAM, Place


def connect(servers: Any, project: int, bucket: str) -> None:
    """Connect a bucket to a project. By the page it would be asked whether it is there; this one is not."""
    values = {"bucket": bucket, "project_id": project, "status": "initialized", "meta": "{}"}
    values |= {"use_blob_urls": True, "presign": True, "presign_ttl": 1, "recursive_scan": True, "synchronizable": True}
    named, places = ", ".join(values), ", ".join(["%s"] * len(values))
    with psycopg.connect(servers.postgres_url(label_studio_server.DATABASE)) as server:
        text = f"INSERT INTO io_storages_s3importstorage (created_at, {named}) VALUES (now(), {places})"
        server.execute(text, list(values.values()))


def test_a_picture_of_a_bucket_is_sent_once_the_bucket_is_connected(place: Place, servers: Any) -> None:
    text = STREAM.format(name=place.name, model="pictures-1", depth=200, overlap=0.0)
    text = text.replace('"text"]', '"image"]').replace('kind = "text"', 'kind = "image"')
    path = place.home / "streams" / f"{place.name}.toml"
    path.write_text(text.replace('slices = ["language"]\n', ""), encoding="utf-8")
    images = ["s3://ours/0.png", "https://example.org/1.png", "s3://theirs/2.png"]
    place.deliver(
        "a.jsonl", [{"id": f"c{n}", "image": image, "label": "bug", "score": 0.5} for n, image in enumerate(images)]
    )
    for command in ("init", "score"):
        assert place.cli(command, place.name, *(["--by", "A. Owner"] if command == "init" else [])).code == 0
    first = place.cli("dispatch", place.name)
    assert (first.code, place.rows("SELECT case_id FROM dispatch")) == (3, [("c1",)])
    assert "no storage of the project in Label Studio has 's3://" in first.err, "of either, whichever comes first"
    assert "connect it there (Settings > Cloud Storage > Add Source Storage), or give" in first.err
    ((project,),) = place.rows("SELECT DISTINCT project_id FROM project")
    connect(servers, project, "ours")
    second = place.cli("dispatch", place.name)
    assert (second.code, sorted(place.rows("SELECT case_id FROM dispatch"))) == (3, [("c0",), ("c1",)])
    assert "has 's3://theirs'" in second.err
    reasons = [reason for (reason,) in place.rows("SELECT reason FROM fault ORDER BY reason")]
    assert [reason[:10] for reason in reasons] == ["id 'c0' ca", "id 'c2' ca"]
