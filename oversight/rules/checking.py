"""Whether a new file of a rule or an election may be used: everything that is wrong with it, at once.

`rule_book` and `rules check` ask. A rule that contradicts one of its tests does not load.
"""

from collections.abc import Iterable, Iterator, Mapping

from config.overlay import ConfigFile
from config.readings import Readings
from config.yaml_files import YamlFileError, YamlText, read_file
from oversight.reference.elections import Election, read_election
from oversight.reference.holidays import Holidays
from oversight.reference.parameters import Parameter
from oversight.reference.windows import compute_window
from oversight.rules.conditions import check_conditions
from oversight.rules.drafts import read_draft
from oversight.rules.examples import RuleTest
from oversight.rules.loading import Rule, compile_rule
from oversight.rules.schema import list_misshapes, list_overreach
from oversight.rules.worlds import answer_world, list_impossible, make_world


def load_rule(
    file: ConfigFile, parameters: Readings[Parameter], elections: Iterable[Election]
) -> Rule:
    """One rule, compiled, tested, and its window computed at every election.

    Raises:
        YamlFileError: with everything that is wrong: fields, conditions, what it rests on; then, if nothing
            is, tests that fail and a window that is over before it opens.
    """
    written, faults = read_draft(file)
    faults += [*check_conditions(written, parameters), *list_impossible(written)]
    if isinstance(written.values, dict):
        told = (*list_misshapes(written.values), *list_overreach(written.values))
        faults += [written.make_error([], why) for why in told]
    try:
        rule = compile_rule(written, file.origin, parameters)
        if file.path.stem != rule.id:
            faults.append(
                written.make_error(["id"], f"the file of {rule.id} is called {rule.id}.yaml")
            )
    except YamlFileError as error:
        faults += error.faults
    _raise_all(faults)
    _raise_all(
        [f for i, test in enumerate(rule.file.tests) for f in _run_test(written, rule, test, i)]
    )
    _check_windows(written, rule, elections)
    return rule


def _raise_all(faults: Iterable[YamlFileError]) -> None:
    once = {(f.line, f.field, f.why): f for f in faults}
    if once:
        first, *more = sorted(once.values(), key=lambda f: f.line or 0)
        raise YamlFileError(first.file, first.line, first.field, first.why, more)


def _check_windows(written: YamlText, rule: Rule, elections: Iterable[Election]) -> None:
    spec = rule.file.window
    for election in elections if spec else ():
        if spec and spec.concerns(election):
            try:
                compute_window(spec, election)
            except ValueError as error:
                raise written.make_error(["window"], str(error)) from None


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


def _run_test(written: YamlText, rule: Rule, test: RuleTest, index: int) -> Iterator[YamlFileError]:
    """Hold a rule to one of its tests."""
    got = answer_world(rule, make_world(test, rule.fact_types)).answer
    if got is not test.expect:
        why = f"test {test.name!r}: expected {test.expect}, got {got}"
        yield written.make_error(["tests", index, "expect"], why)
