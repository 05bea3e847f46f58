"""Elections as `rules check` reads them: with the window of every rule computed at each."""

from collections.abc import Iterable, Mapping

from config.overlay import ConfigFile
from config.yaml_files import read_file
from oversight.reference.elections import Election, read_election
from oversight.reference.holidays import Holidays
from oversight.reference.windows import compute_window
from oversight.rules.loading import Rule


def load_election(
    file: ConfigFile, free: Mapping[str, Holidays], rules: Iterable[Rule]
) -> Election:
    """An election, with the window of every rule computed at it.

    Raises:
        YamlFileError: if the file is no election, or a rule has a window that it cannot have there.
    """
    written, vote = read_file(file), read_election(file, free)
    for rule in rules:
        try:
            if rule.file.window and rule.file.window.concerns(vote):
                compute_window(rule.file.window, vote)
        except ValueError as error:
            raise written.make_error([], f"{rule.id}: {error}") from None
    return vote
