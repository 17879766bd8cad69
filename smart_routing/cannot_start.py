"""The error of everything that this package starts."""


class CannotStart(Exception):
    """A part of the stack could not be started; the message is a sentence that says what to do."""
