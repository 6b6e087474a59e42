"""What the rule in force breaks in simulated streams, by kind of finding. Empty when every promise is kept.

Each kind must occur as long as it is listed, so the list cannot outlive what it speaks of. `false promise` and `false alarm`:
certificates or alarms are false more often than they may be; the other kinds are those of `oracle.KINDS`.
"""

BROKEN: tuple[str, ...] = ()
