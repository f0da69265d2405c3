"""The one converter from parsed JSON into attrs classes, and its rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import IntEnum
from functools import partial
from types import GenericAlias
from typing import Any, Final, Self, TypeVar, cast, get_args

import attrs
from cattrs import Converter, transform_error
from cattrs.errors import AttributeValidationNote, BaseValidationError, ClassValidationError
from cattrs.gen import make_dict_structure_fn, override

from .errors import BadReply

__all__ = [
    "KEEP",
    "UNFIT",
    "Answer",
    "Code",
    "acknowledged",
    "added_id",
    "as_list",
    "as_object",
    "list_reader",
    "misfit",
    "reader",
    "wire",
]

T = TypeVar("T")

UNFIT = (BaseValidationError, TypeError, ValueError, KeyError)
"""What a reader raises for an answer that does not fit."""


_SCALARS: Final = (str, int, Decimal)

KEEP: Final[Mapping[str, bool]] = {"keep": True}
"""Metadata of the attrs field that keeps what the answer has and the class does not name."""


def wire(name: str) -> Mapping[str, str]:
    """Make the metadata of an attrs field whose name in the service's answers is `name`."""
    return {"wire": name}


@attrs.frozen
class Answer:
    """What the service answers. `extra` keeps what it said beyond the other fields."""

    extra: Mapping[str, object] = attrs.field(
        factory=dict[str, object], kw_only=True, repr=False, metadata=KEEP
    )


class Code(IntEnum):
    """A number with a name; one that has none here keeps its number, as UNKNOWN_<number>."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, int):
            return None
        member = int.__new__(cls, value)
        member._name_ = f"UNKNOWN_{value}"
        member._value_ = value
        return member


def acknowledged(document: object) -> None:
    """Read the answer of a command that has nothing to tell."""
    fields = as_object(document)
    if fields is None or fields.get("result") != "OK":
        raise ValueError("expected the result OK")


def as_list(document: object) -> list[object]:
    """Return the items of a JSON array; an object alone is an array of one."""
    if isinstance(document, list):
        return cast("list[object]", document)
    if isinstance(document, dict):
        return [cast("object", document)]
    raise TypeError("expected an array")


def as_object(document: object) -> Mapping[str, object] | None:
    """Return the document if it is a JSON object."""
    return cast("Mapping[str, object]", document) if isinstance(document, dict) else None


def reader(cls: type[T]) -> Callable[[object], T]:
    """Return a function that makes a `cls` of parsed JSON, or raises one of `UNFIT`."""
    return partial(_CONVERTER.structure, cl=cls)


def list_reader(cls: type[T]) -> Callable[[object], list[T]]:
    """Return a function that makes a list of `cls`; an object alone is a list of one."""
    read = reader(cast("type[list[T]]", GenericAlias(list, (cls,))))
    return lambda document: read(as_list(document))


def misfit(error: BaseException) -> BadReply:
    """Turn what a reader raised into an error that names the place in the answer."""
    lines = transform_error(error, path="$") if isinstance(error, Exception) else [repr(error)]
    text, _, path = lines[0].partition(" @ ")
    return BadReply(f"the answer does not fit: {text}", path or "$")


def configure(converter: Converter) -> None:
    """Teach the converter how the service writes things.

    * numbers may come as strings and strings as numbers
    * money is a string with up to four decimals, or a number: always a `Decimal`
    * a moment is a Unix timestamp; it becomes an aware `datetime` in UTC
    * an empty string or 0 where a moment may be missing, an empty string where a number or a code
      may be missing: nothing
    * codes are enums; those that survive unknown values get them
    * fields may be missing where the class has a default
    * fields that the class does not know are kept in its `extra`
    """
    converter.register_structure_hook(int, _integer)
    converter.register_structure_hook(str, _string)
    converter.register_structure_hook(IntEnum, _member)
    converter.register_structure_hook(Decimal, _decimal)
    converter.register_structure_hook(datetime, _moment)
    converter.register_structure_hook(int | None, _unless_empty(_integer))
    converter.register_structure_hook(Decimal | None, _unless_empty(_decimal))
    converter.register_structure_hook(datetime | None, _unless_empty(_moment, 0, "0"))
    converter.register_structure_hook_factory(_is_optional_code, _optional_code_hook)
    converter.register_structure_hook_factory(attrs.has, partial(_class_hook, converter))


def _integer(value: object, _: object = int) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str):
        return int(value)
    raise TypeError("expected a whole number")


def _string(value: object, _: object = str) -> str:
    if isinstance(value, _SCALARS) and not isinstance(value, bool):
        return str(value)
    raise TypeError("expected a string")


def _member(value: object, cls: type[IntEnum]) -> IntEnum:
    return cls(_integer(value))


def _decimal(value: object, _: object = Decimal) -> Decimal:
    if isinstance(value, _SCALARS) and not isinstance(value, bool):
        try:
            number = Decimal(value)
        except InvalidOperation:
            number = Decimal("NaN")
        if number.is_finite():
            return number
    raise ValueError("expected an amount of money")


def _moment(value: object, _: object = datetime) -> datetime:
    try:
        return datetime.fromtimestamp(_integer(value), UTC)
    except (OverflowError, OSError) as error:
        raise ValueError("expected a timestamp") from error


def _unless_empty(
    convert: Callable[[object], T], *also: object
) -> Callable[[object, object], T | None]:
    empty = (None, "", *also)

    def hook(value: object, _: object) -> T | None:
        return None if value in empty else convert(value)

    return hook


def _optional_code(cls: object) -> type[Code] | None:
    """Return the class of codes of which one may be missing, if that is what `cls` is."""
    parts = get_args(cls)
    rest = [part for part in parts if part is not type(None)]
    if len(parts) == len(rest) or len(rest) != 1:
        return None
    return rest[0] if isinstance(rest[0], type) and issubclass(rest[0], Code) else None


def _is_optional_code(cls: object) -> bool:
    return _optional_code(cls) is not None


def _optional_code_hook(cls: object) -> Callable[[object, object], Code | None]:
    code = cast("type[Code]", _optional_code(cls))
    return _unless_empty(lambda value: code(_integer(value)))


def _class_hook(converter: Converter, cls: type[Any]) -> Callable[[object, object], object]:
    fields = attrs.fields(cls)
    names = {field.name: str(field.metadata.get("wire", field.name)) for field in fields}
    rest = next((field.name for field in fields if field.metadata.get("keep")), None)
    known = frozenset(names.values())
    overrides: dict[str, Any] = {
        name: override(omit=True) if name == rest else override(rename=wire_name)
        for name, wire_name in names.items()
    }
    structure = make_dict_structure_fn(cls, converter, **overrides)

    def hook(document: object, _: object) -> object:
        value = as_object(document)
        if value is None:
            raise TypeError("expected an object")
        try:
            answer = structure(value, cls)
        except ClassValidationError as error:
            _name_as_on_the_wire(error, names)
            raise
        unknown = {key: item for key, item in value.items() if key not in known}
        return attrs.evolve(answer, **{rest: unknown}) if rest and unknown else answer

    return hook


def _name_as_on_the_wire(error: ClassValidationError, names: Mapping[str, str]) -> None:
    for part in error.exceptions:
        for note in getattr(part, "__notes__", ()):
            if isinstance(note, AttributeValidationNote):
                note.name = names.get(note.name, note.name)


_CONVERTER = Converter(detailed_validation=True)
configure(_CONVERTER)


@attrs.frozen
class _Added(Answer):
    """The answer to a command that adds something."""

    id: str


_read_added: Final = reader(_Added)


def added_id(document: object) -> str:
    """Read the id of what a command has added."""
    return _read_added(document).id
