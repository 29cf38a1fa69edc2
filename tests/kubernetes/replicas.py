"""Control planes for tests: every door on loopback, at a port that is free."""

from typing import Any

from pillion.cli.serve import AddressType, command
from pillion.controlplane.serve.settings import Address, ServeSettings
from pillion.sources.kubernetes.reflector import Patience

ANY = Address("127.0.0.1", 0)


def settings(patience: Patience | None = None) -> ServeSettings:
    """Settings of a replica in this process."""
    usual = ServeSettings()
    doors: dict[str, Any] = {
        name: ANY for name in ServeSettings.__struct_fields__ if isinstance(getattr(usual, name), Address)
    }
    return ServeSettings(**doors, patience=patience or usual.patience)


def words() -> list[str]:
    """Options of `pillion serve` for a replica in a process of its own."""
    doors = [each.opts[0] for each in command.params if isinstance(each.type, AddressType) and each.default]
    return [word for door in doors for word in (door, "127.0.0.1:0")]
