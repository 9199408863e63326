"""What a person asked for and cannot have, said in one line."""


class RequestError(ValueError):
    """A request that is wrong: its message says what to change.

    Programs print the message as one line and exit with code 2; nothing has
    been written by then.
    """
