"""Templates that are registered with the mobile operators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypedDict, Unpack

import attrs

from .._call import Caller
from .._convert import Answer, Code, as_list, as_object, list_reader
from .._fields import Fields, needed, sender_name, switch, text
from .._limits import RULES
from .._script import Script
from ..errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "OperatorTemplate",
    "OperatorTemplateStatus",
    "OperatorTemplates",
    "TemplateOperators",
    "TemplateRegistration",
    "TemplateRegistrationStatus",
]

_DOCS: Final = "https://smscentre.com/api/http/send/operators_templates/"


class TemplateRegistrationStatus(Code):
    """What became of a template that was to be registered with an operator."""

    NOT_SAVED = -2
    SENDER_NOT_ACCEPTED = -1
    ADDED = 1


class OperatorTemplateStatus(Code):
    """How far a template has come with an operator. Only `ACCEPTED` ones are used."""

    NOT_FOUND = -1
    WAITING = 0
    WITH_OPERATOR = 1
    ACCEPTED = 2
    REFUSED = 3
    DISABLED = 4


@attrs.frozen
class TemplateRegistration(Answer):
    """What an operator's registration came to. `id` may be missing where it failed.

    `operator` is the operator and the kind of messages, named as the option of `add`; one that has
    no option is named as the service does.
    """

    operator: str
    status: TemplateRegistrationStatus
    id: str | None = None


@attrs.frozen
class OperatorTemplate(Answer):
    """A template as one operator has it; `operator` is as in `TemplateRegistration`."""

    operator: str
    status: OperatorTemplateStatus
    id: str | None = None


class TemplateOperators(TypedDict, total=False):
    """With which operators, and for which kind of their messages, to register a template."""

    mts_service: bool
    """MTS, service messages."""
    mts_authorization: bool
    """MTS, authorization messages."""
    mts_transactional: bool
    """MTS, transactional messages."""
    megafon_advertising: bool
    """MegaFon, advertising by template."""
    megafon_service: bool
    """MegaFon, service messages."""
    megafon_authorization: bool
    """MegaFon, authorization messages."""
    megafon_transactional: bool
    """MegaFon, transactional messages."""
    beeline_service: bool
    """Beeline, service messages."""
    beeline_transactional: bool
    """Beeline, transactional messages."""
    tele2_service: bool
    """Tele2, service messages."""
    tele2_transactional: bool
    """Tele2, transactional messages."""
    motiv_service: bool
    """Motiv, service messages."""
    motiv_transactional: bool
    """Motiv, transactional messages."""
    social: bool
    """The social networks Odnoklassniki, VKontakte and Mail.Ru Agent."""


_WIRE: Final = {
    "mts_service": "mts_srv",
    "mts_authorization": "mts_auth",
    "mts_transactional": "mts_trn",
    "megafon_advertising": "mega_adv",
    "megafon_service": "mega_srv",
    "megafon_authorization": "mega_auth",
    "megafon_transactional": "mega_trn",
    "beeline_service": "bee_srv",
    "beeline_transactional": "bee_trn",
    "tele2_service": "tele2_srv",
    "tele2_transactional": "tele2_trn",
    "motiv_service": "motiv_srv",
    "motiv_transactional": "motiv_trn",
    "social": "soc",
}
_OPERATORS: Final = {field: option for option, field in _WIRE.items()}


def _sender(name: str, value: object) -> str:
    text(least=1)(name, value)
    return sender_name(name, value)


_FIELDS: Final = Fields(
    sender=("sender", _sender),
    text=("msg", text(least=1)),
)
_FLAGS: Final = Fields(**{option: (field, switch) for option, field in _WIRE.items()})


def _read(item: object) -> list[dict[str, object]]:
    """Name the operators of an item, whose own name is the key of its status."""
    fields = as_object(item)
    if fields is None:
        raise TypeError("expected an object")
    rest = {name: value for name, value in fields.items() if name != "id"}
    if "status" in rest:
        found = {str(rest.pop("name", "")): rest.pop("status")}
    else:
        names = [name for name in rest if name in _OPERATORS] or _statuses(rest)
        found = {name: rest.pop(name) for name in names}
    own: Mapping[str, object] = {"id": fields["id"]} if "id" in fields else {}
    return [
        {**rest, **own, "operator": _OPERATORS.get(name, name), "status": status}
        for name, status in found.items()
    ]


def _statuses(fields: Mapping[str, object]) -> list[str]:
    """Return what can be an operator that has no option here: the first name of a number."""
    for name, value in fields.items():
        if isinstance(value, int | str) and str(value).removeprefix("-").isdecimal():
            return [name]
    raise ValueError("expected an operator and its status")


_read_registrations: Final = list_reader(TemplateRegistration)
_read_templates: Final = list_reader(OperatorTemplate)


def _items(document: object) -> list[dict[str, object]]:
    return [one for item in as_list(document) for one in _read(item)]


_SCRIPT: Final = Script("op_templates.php", _DOCS, (RULES["op_templates.identical"],))
_ADD: Final = _SCRIPT.changing("add", lambda document: _read_registrations(_items(document)))
_GET: Final = _SCRIPT.reading("get", lambda document: _read_templates(_items(document)))


@attrs.frozen(eq=False)
class OperatorTemplates:
    """Templates that the mobile operators have to accept before messages go at their rates.

    A template is a text under a sender name; it has an id of its own at each operator. The service
    takes ten identical requests a minute.
    """

    _call: Caller = attrs.field(repr=False)

    async def add(
        self, sender: str, text: str, **operators: Unpack[TemplateOperators]
    ) -> list[TemplateRegistration]:
        """Register a text with the operators that are given as True, at least one.

        Returns what came of it with each of them: a refusal by one, as for a sender name that it
        has not accepted, is a status and no error. Accepting a template takes the operator days;
        `get` tells how far it is.
        https://smscentre.com/api/http/send/operators_templates/
        """
        needed(sender=sender, text=text)
        flags = _FLAGS.write(operators)
        chosen = {field: flag for field, flag in flags.items() if flag == "1"}
        if not chosen:
            raise InvalidRequest("operators", "at least one has to be True")
        fields = _FIELDS.write({"sender": sender, "text": text})
        return await self._call(_ADD, fields | chosen)

    async def get(self, sender: str, text: str) -> list[OperatorTemplate]:
        """Return how far a template has come with each operator.

        Where an operator does not have it, its status is `NOT_FOUND`, or the operator is left out.
        https://smscentre.com/api/http/send/operators_templates/
        """
        needed(sender=sender, text=text)
        return await self._call(_GET, _FIELDS.write({"sender": sender, "text": text}))
