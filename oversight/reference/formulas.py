"""Parameters as their files say, with what formulas make of others as dated values of their own."""

from collections.abc import Mapping
from datetime import date
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_UP, Decimal, localcontext

from archive.records.canonical import hash_bytes
from archive.records.money import to_minor
from config.citations import UNREAD, find_weakest
from config.overlay import ConfigFile, list_config_files
from config.readings import Readings, read_each
from config.settings import Settings
from config.yaml_files import YamlFileError, read_file
from oversight.reference.parameters import (
    DECIMAL,
    Bracket,
    DatedValue,
    Formula,
    Parameter,
    ParameterType,
    read_decimal,
)

WAYS = {"up": ROUND_UP, "down": ROUND_DOWN, "half_even": ROUND_HALF_EVEN}
DIGITS = 200
"""More than six numbers of 27 digits multiplied have: nothing is rounded but where a formula says so."""

Parameters = Mapping[str, Parameter]


def read_parameters(settings: Settings) -> Readings[Parameter]:
    """All parameters by id, shipped ones overlaid by the operator's own; formulas as the values they give."""
    files = list_config_files(settings, "params", ".yaml")
    written = read_each(files, _read_written, lambda each: each.id)
    return read_each(
        files, lambda file: load_parameter(file, written.values), lambda parameter: parameter.id
    )


def load_parameter(file: ConfigFile, others: Parameters) -> Parameter:
    """A parameter with the values its formula gives, if it has one.

    Raises:
        YamlFileError: if the file cannot be used.
    """
    written = _read_written(file)
    try:
        return make_values(written, others)
    except ValueError as error:
        raise read_file(file).make_error(["formula"], str(error)) from None


def _read_written(file: ConfigFile) -> Parameter:
    written = read_file(file)
    return written.read_as(Parameter).model_copy(update={"sha256": hash_bytes(written.data)})


def list_stale(settings: Settings, today: date) -> list[YamlFileError]:
    """The files whose last value law has renewed by now: rules that use it cannot tell."""
    files = list_config_files(settings, "params", ".yaml")
    stale = read_each(files, lambda file: check_renewed(file, today)).refused
    return [error for error in stale if error.field == "stale_on"]


def check_renewed(file: ConfigFile, today: date) -> None:
    """Refuse a parameter whose last value law has renewed by now, unless it has ended.

    Raises:
        YamlFileError: with the day; or if the file cannot be used.
    """
    written = read_file(file)
    parameter = written.read_as(Parameter)
    is_over = parameter.formula is None and parameter.newest_dated is None
    if parameter.stale_on and parameter.stale_on <= today and not is_over:
        told = f"law renews it by {parameter.stale_on} and no later value is here"
        raise written.make_error(["stale_on"], f"{told}: from then on it is not known")


def make_values(parameter: Parameter, others: Parameters, above: tuple[str, ...] = ()) -> Parameter:
    """A parameter with the values its formula gives on every day that something turns.

    Raises:
        ValueError: if it names what is not there, of another type, itself, or gives no value of its type.
    """
    formula = parameter.formula
    if formula is None:
        return parameter
    if parameter.id in above:
        raise ValueError(f"{' of '.join(above)} of {parameter.id}: it rests on itself")
    names = [formula.of, *([formula.by] if formula.by else [])]
    names += [name for name in formula.times if not DECIMAL.fullmatch(name)]
    if lacking := [name for name in names if name not in others]:
        raise ValueError(f"there is no parameter {lacking[0]}")
    inputs = {n: make_values(others[n], others, (*above, parameter.id)) for n in names}
    days = sorted({dated.starts_on for each in inputs.values() for dated in each.in_force})
    values = tuple(_make_dated(parameter, formula, inputs, day) for day in days)
    stale = [each.stale_on for each in (parameter, *inputs.values()) if each.stale_on]
    texts = ({name: each.sha256} | each.made_of for name, each in inputs.items())
    made_of = {name: sha256 for of in texts for name, sha256 in of.items()}
    update = {"values": values, "stale_on": min(stale, default=None), "made_of": made_of}
    return parameter.model_copy(update=update)


def _make_dated(
    parameter: Parameter, formula: Formula, inputs: Parameters, day: date
) -> DatedValue:
    dated = {name: each.find_dated(day) for name, each in inputs.items()}
    held = [each for each in dated.values() if each is not None and each.value is not None]
    evidence = find_weakest([formula.source, *(each.source for each in held)])
    known = len(held) == len(inputs)
    read_on = None if evidence in UNREAD else formula.source.read_on
    return DatedValue.model_validate(
        {
            "from": day,
            "value": _compute(parameter, formula, inputs, day) if known else None,
            "source": formula.source.model_copy(update={"evidence": evidence, "read_on": read_on}),
        }
    )


def _compute(parameter: Parameter, formula: Formula, inputs: Parameters, day: date) -> int | str:
    with localcontext(prec=DIGITS):
        number, currency = _read_number(inputs[formula.of], day)
        number = max(number, read_decimal(formula.least)) if formula.least else number
        if formula.by:
            number = _count_by_brackets(number, inputs[formula.by].find_value_as_written(day))
        for factor in formula.times:
            is_number = DECIMAL.fullmatch(factor)
            number *= read_decimal(factor) if is_number else _read_number(inputs[factor], day)[0]
        if formula.to:
            step = read_decimal(formula.to)
            if step <= 0:
                raise ValueError("`to` is more than nothing")
            number = (number / step).quantize(Decimal(1), rounding=WAYS[formula.rounded]) * step
        return _write_result(parameter, number, currency or formula.currency)


def _read_number(parameter: Parameter, day: date) -> tuple[Decimal, str | None]:
    value = parameter.find_value_as_written(day)
    if parameter.type is ParameterType.MONEY:
        amount, _, currency = str(value).partition(" ")
        return Decimal(amount), currency
    if parameter.type not in {ParameterType.INT, ParameterType.DECIMAL}:
        raise ValueError(f"{parameter.id} is {parameter.type}, no number")
    return Decimal(str(value)), None


def _count_by_brackets(number: Decimal, brackets: object) -> Decimal:
    """What lies within each step, at the rate of that step."""
    steps = (
        [step for step in brackets if isinstance(step, Bracket)]
        if isinstance(brackets, tuple)
        else []
    )
    if not steps:
        raise ValueError("`by` names no brackets")
    ends = [*(Decimal(step.over) for step in steps[1:]), number]
    counted = (
        max(min(end, number) - step.over, Decimal(0)) * read_decimal(step.rate)
        for step, end in zip(steps, ends, strict=True)
    )
    return sum(counted, Decimal(0))


def _write_result(parameter: Parameter, number: Decimal, currency: str | None) -> int | str:
    if parameter.type is ParameterType.MONEY:
        if currency is None:
            raise ValueError("of which currency is the amount? say `currency`")
        to_minor(f"{number:f}", currency)
        return f"{number.normalize():f} {currency}"
    if currency is not None:
        raise ValueError(f"it gives an amount, which is of type money and not {parameter.type}")
    if parameter.type is ParameterType.DECIMAL:
        return f"{number:f}"
    if parameter.type is not ParameterType.INT or number != number.to_integral_value():
        raise ValueError(f"it gives {number:f}, which is not of type {parameter.type}; see `to`")
    return int(number)
