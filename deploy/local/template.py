"""A server's database as it is when new. The server makes it once, which takes most of a minute; after that it is copied."""

from deploy.local import postgres


class Template:
    """Of the database `database` in `cluster`, for one version of the server it belongs to.

    While it is not `ready`, the server is to make its tables in the empty database `making`; then `settle`.
    """

    def __init__(self, cluster: postgres.Cluster, database: str, version: str) -> None:
        self._cluster = cluster
        self._database = database
        self._name = f"{database}-{version}"
        self.making = f"{self._name}-making"
        self._known = postgres.databases(cluster)
        if not self.ready:
            postgres.drop(cluster, self.making)  # of a start that was interrupted
            postgres.create(cluster, self.making)

    @property
    def ready(self) -> bool:
        return self._name in self._known

    def settle(self, *, keep: bool) -> None:
        """`making` is whole, or was not needed: have the database, with `keep` the one of last time if there is one."""
        if not self.ready:
            postgres.rename(self._cluster, self.making, self._name)
        if not keep:
            postgres.drop(self._cluster, self._database)
        if not keep or self._database not in self._known:
            postgres.create(self._cluster, self._database, template=self._name)
