"""What can go wrong while starting, each told in one sentence that says what to do."""


class StartError(Exception):
    """Something needed is missing or occupied; the message is for the person who ran it."""


class PortInUseError(StartError):
    """Another program listens on a port that Redress wants."""

    def __init__(self, port: int, name: str, setting: str) -> None:
        super().__init__(
            f"Port {port} for {name} is in use: stop what listens there,"
            f" or set {setting} to a free port."
        )


class SharedPortError(StartError):
    """Two programs of Redress were given the same port."""

    def __init__(self, port: int, first: str, second: str, setting: str) -> None:
        super().__init__(
            f"Port {port} cannot be both for {first} and for {second}:"
            f" set {setting} to another port."
        )


class ProcessEndedError(StartError):
    """A process ended while something waited for it to become ready."""
