"""What can be said of a sender name: where it is registered, and what is needed for that."""

from __future__ import annotations

from typing import Final, TypedDict

from ._attachments import Attachment
from ._fields import Fields, FormFields, email, switch, text, whole
from .errors import InvalidRequest

__all__ = ["SenderOptions", "files_of", "option_fields"]

_FORMATS: Final = ("jpg", "tif", "pdf", "png", "zip", "rar")
_LARGEST: Final = 3 * 1024 * 1024
_COUNTRIES: Final = {"ukraine": "Ukraine", "belarus": "Belarus"}


class SenderOptions(TypedDict, total=False):
    """Where a sender name is registered, and what is needed for that."""

    paid_mts: bool
    """Register it with MTS, as a paid name."""
    paid_megafon: bool
    """Register it with Megafon, as a paid name."""
    paid_beeline: bool
    """Register it with Beeline, as a paid name."""
    paid_motiv: bool
    """Register it with Motiv, as a paid name."""
    paid_winmobile: bool
    """Register it with Win-Mobile, as a paid name."""
    paid_volna: bool
    """Register it with Volna Mobile, as a paid name."""
    paid_tele2: bool
    """Register it with Tele2, as a paid name."""
    free_sber: bool
    """Register it with SberMobile, as a free name."""
    free_tele2: bool
    """Register it with Tele2, on the tariff with free names."""
    free_motiv: bool
    """Register it with Motiv, on the tariff with free names."""
    common_mts: bool
    """Replace it by a common name at MTS; an old option that newer pages do not have."""
    common_megafon: bool
    """Replace it by a common name at Megafon; an old option that newer pages do not have."""
    common_motiv: bool
    """Replace it by a common name at Motiv; an old option that newer pages do not have."""

    ukraine_national: bool
    """Register it for Ukraine, cheaper, for national traffic; needs all of `ukraine_...`."""
    ukraine_international: bool
    """Register it for Ukraine, dearer, for international traffic; needs all of `ukraine_...`."""
    ukraine_company: str
    """The legal name of the organisation."""
    ukraine_tax_number: str
    """Its tax number."""
    ukraine_website: str
    """Its website, or a link to it in a social network."""
    ukraine_email: str
    """Its e-mail address."""
    ukraine_address: str
    """Where it is."""
    ukraine_services: str
    """What it offers."""
    ukraine_purpose: str
    """What the messages are for."""

    belarus_national: bool
    """Register it for Belarus, cheaper, for national traffic; needs all of `belarus_...`."""
    belarus_international: bool
    """Register it for Belarus, dearer, for international traffic; needs all of `belarus_...`."""
    belarus_company: str
    """The name of the company."""
    belarus_tax_number: str
    """Its tax number."""
    belarus_address: str
    """Where it is."""
    belarus_occupation: int
    """The number of its field of activity in the service's list, 1 to 19."""
    belarus_mailing_type: int
    """The number of the kind of messages in the service's list, 1 to 3."""
    belarus_sample: str
    """A sample of the messages."""
    belarus_website: str
    """Its website."""

    is_email: bool
    """The name is an e-mail address."""
    email_owner: str
    """Whose address that is."""
    document_note: str
    """What the `document` is."""
    subclient: str
    """The login of the sub-client that it is for."""


_OPTIONS: Final = Fields(
    paid_mts=("mts_step", switch),
    paid_megafon=("mega_step", switch),
    paid_beeline=("bee_step", switch),
    paid_motiv=("motiv_step", switch),
    paid_winmobile=("winmob_step", switch),
    paid_volna=("volnamob_step", switch),
    paid_tele2=("tele2_step", switch),
    free_sber=("sber_step", switch),
    free_tele2=("tele2", switch),
    free_motiv=("motiv", switch),
    common_mts=("mts_int", switch),
    common_megafon=("mega_int", switch),
    common_motiv=("motiv_int", switch),
    ukraine_national=("ua_reg", switch),
    ukraine_international=("ua_int", switch),
    ukraine_company=("fio", text(least=1)),
    ukraine_tax_number=("inn", text(least=1)),
    ukraine_website=("site", text(least=1)),
    ukraine_email=("email", email),
    ukraine_address=("address", text(least=1)),
    ukraine_services=("desc", text(least=1)),
    ukraine_purpose=("subj", text(least=1)),
    belarus_national=("by_reg", switch),
    belarus_international=("by_int", switch),
    belarus_company=("by_fio", text(least=1)),
    belarus_tax_number=("by_inn", text(least=1)),
    belarus_address=("by_address", text(least=1)),
    belarus_occupation=("by_ocup", whole(1, 19)),
    belarus_mailing_type=("by_type", whole(1, 3)),
    belarus_sample=("by_mes", text(least=1)),
    belarus_website=("by_site", text(least=1)),
    is_email=("mail", switch),
    email_owner=("name", text()),
    document_note=("doc_info", text()),
    subclient=("user", text(least=1)),
)


def option_fields(options: SenderOptions, document: Attachment | None) -> FormFields:
    """Return the form fields of the options; refuse one that needs what is not there."""
    given = {name: value for name, value in options.items() if value is not None}
    fields = _OPTIONS.write(given)
    for country, known_as in _COUNTRIES.items():
        tariffs = (f"{country}_national", f"{country}_international")
        needed = {name for name in _OPTIONS.names if name.startswith(country)} - {*tariffs}
        missing = sorted(needed - given.keys())
        if missing and any(given.get(tariff) for tariff in tariffs):
            raise InvalidRequest(missing[0], f"is needed to register a name for {known_as}")
    if "email_owner" in given and not given.get("is_email"):
        raise InvalidRequest("email_owner", "needs `is_email`")
    if "document_note" in given and document is None:
        raise InvalidRequest("document_note", "needs a `document`")
    return fields


def files_of(document: Attachment | None) -> tuple[Attachment, ...]:
    """Return the document as the files of a request; refuse one that the service does not take."""
    if document is None:
        return ()
    if not isinstance(document, Attachment):
        raise InvalidRequest("document", "has to be an Attachment")
    if document.format not in _FORMATS:
        raise InvalidRequest("document", f"has to be one of: {' '.join(_FORMATS)}")
    if document.size > _LARGEST:
        raise InvalidRequest(
            "document", f"has {document.size} bytes, and at most {_LARGEST} are allowed"
        )
    return (document,)
