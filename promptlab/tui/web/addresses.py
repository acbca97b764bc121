"""Addresses that a server may listen on: the machine's own, unless more was asked for by name."""

import ipaddress
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from promptlab.errors import ConfigError


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_host(host: str, *, anyone: bool) -> None:
    """ConfigError for an address that other machines reach, unless ``anyone`` may."""
    if not anyone and not is_loopback(host):
        raise ConfigError(
            f"--host {host!r} can be reached from other machines, and whoever reaches the application can read your "
            "files. Leave --host out, or say --anyone-on-this-network as well."
        )


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that listens there; ConfigError when it cannot, as when the port is taken."""
    family, address = _address(host, port)
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            listener.listen(16)
        except OSError as error:
            raise ConfigError(
                f"Nothing can listen on {host}:{port} ({error.strerror}). Leave --port out, or choose another."
            ) from None
        yield listener


def _address(host: str, port: int) -> tuple[socket.AddressFamily, tuple[str, int]]:
    """The family and the address of a host that is written as a number or as a name."""
    with suppress(ValueError):
        version = ipaddress.ip_address(host).version
        return (socket.AF_INET6 if version == 6 else socket.AF_INET), (host, port)
    try:
        family, _, _, _, found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise ConfigError(f"--host {host!r} is no address of this machine ({error.strerror}).") from None
    return family, (str(found[0]), port)


def free_port(listener: socket.socket) -> int:
    """The port that a socket listens on."""
    return int(listener.getsockname()[1])
