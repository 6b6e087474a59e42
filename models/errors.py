"""One tree for everything that can go wrong by no fault of our code.

    SecondReaderError        one clear line for the person at the keyboard; exit code 1
    ├── Misuse               the command or a parameter is wrong; exit code 2
    ├── StreamInvalid        a stream file is wrong: names file, line, key, value, what is allowed
    ├── InputInvalid         an input file is not what it says it is; nothing was written
    │   └── ColumnMissing    it lacks a column that its stream reads
    ├── ModelInvalid         a model file cannot be used
    ├── LedgerInvalid        the ledger is missing, of another version, or refuses a record
    │   └── Tampered         a sealed record was edited, added or removed
    ├── Busy                 another run of the same flow holds the stream
    ├── Superseded           another policy came into force before what was decided under it was recorded
    ├── Refused              a server answered and said no (bad token, project gone, bad task)
    ├── Unavailable          a server or database could not be reached; the only error worth a retry
    └── SetupFailed          the local stack could not be set up or started

Messages hold the offending value, where it stands, and the next step. They never hold a secret or a payload.
"""


class SecondReaderError(Exception):
    """A failure with one clear line for a person. `exit_code` is what the console command ends with."""

    exit_code = 1

    def __str__(self) -> str:
        """The message with what a terminal would obey, and what no encoding has, in escapes: names come from files."""
        return printable(super().__str__())


def printable(text: str) -> str:
    """A text with what a terminal would obey, and what no encoding has, in escapes. Line ends stay.

    >>> print(printable("mail" + chr(7) + ".csv"))
    mail\\x07.csv
    """
    return text if text.isprintable() else "".join(map(_shown, text))


def _shown(letter: str) -> str:
    return letter if letter.isprintable() or letter == "\n" else letter.encode("unicode_escape").decode()


class Misuse(SecondReaderError):
    """The command, or one of its parameters, is wrong."""

    exit_code = 2


class NothingTrained(Misuse):
    """There are too few labels to train a candidate on, or they speak against it."""


class StreamInvalid(SecondReaderError):
    """A stream file does not describe a stream."""


class InputInvalid(SecondReaderError):
    """An input file is not what it says it is. Nothing of it was written."""

    def __str__(self) -> str:
        """One line, whatever stands in a file's name or header."""
        return super().__str__().replace("\n", "\\n")


class ColumnMissing(InputInvalid):
    """An input file lacks a column that its stream reads."""


class ModelInvalid(SecondReaderError):
    """A model file cannot be used."""


class LedgerInvalid(SecondReaderError):
    """The ledger is missing, of another version, or refuses a record."""


class Tampered(LedgerInvalid):
    """A sealed record was edited, added or removed."""


class Busy(SecondReaderError):
    """Another run of the same flow holds the stream."""


class Superseded(SecondReaderError):
    """Another policy came into force before what was decided under the one before was recorded. Decide again."""


class Refused(SecondReaderError):
    """A server answered and said no. Trying again without a change cannot help."""


class Unavailable(SecondReaderError):
    """A server or a database could not be reached. Trying again may help."""


class SetupFailed(SecondReaderError):
    """The local stack could not be set up or started."""
