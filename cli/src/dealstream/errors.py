"""What can go wrong on the command line, each with its exit code and what to do next.

PlatformError            1  failed
├── UsageError           2  the command was not understood
├── NotRunning           3  no platform runs in this home
├── ApiRefused           4  a service refused the request
├── Unreachable          5  a service does not answer
└── Unprepared           6  this machine lacks something: a port, the network, memory
"""


class PlatformError(Exception):
    """Something failed; ``hint`` says what to do next."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(PlatformError):
    exit_code = 2


class NotRunning(PlatformError):
    exit_code = 3

    def __init__(self, message: str, hint: str = "Start it with `./dealstream up` or `./dealstream demo`.") -> None:
        super().__init__(message, hint)


class ApiRefused(PlatformError):
    exit_code = 4


class Unreachable(PlatformError):
    exit_code = 5


class Unprepared(PlatformError):
    exit_code = 6
