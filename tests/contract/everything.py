"""A call of the public API for every documented command, with everything it may be given."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from smsc_async import (
    Attachment,
    Binary,
    BlockedMessages,
    Button,
    Call,
    Email,
    Flash,
    Hlr,
    Line,
    Mms,
    Ping,
    SenderOptions,
    Social,
    SubclientSettings,
    Telegram,
    Viber,
    WapPush,
    WhatsApp,
    parse_prefix,
)

if TYPE_CHECKING:
    from recorder import Call as Made

__all__ = ["CALLS", "NEVER_SENT", "OPTIONS"]

VALUES: dict[str, object] = {
    "tariff": 8,
    "email": "anna@example.com",
    "sms_email": "anna2@example.com",
    "phone": "79991234567",
    "sms_phone": "79991234568",
    "callback_url": "https://example.com/sms",
    "allowed_codes": [7, -77],
    "allowed_numbers": ["79991234567", "G12"],
    "email2sms_phones": ["79991234567"],
    "sending_hours": (9, 21),
    "low_balance": "10.50",
}


def _value(name: str, kind: object) -> object:
    """A value for a setting, by its type."""
    if name in VALUES:
        return VALUES[name]
    text = str(kind)
    return True if "bool" in text else "7" if "str" in text else 4


PHONE = "+79991234567"
NOON = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
PHOTO = Attachment(b"\xff\xd8", "photo.jpg")
SOUND = Attachment(b"RIFF", "sound.wav")
ADDRESS = "https://example.com/file.jpg"

ANNA = "anna@example.com"
DAY = date(2026, 11, 1)
NEXT_DAY = date(2026, 11, 2)

DETAILS: Any = {
    "name": "Anna",
    "groups": [7, 8],
    "last_name": "Petrova",
    "first_name": "Anna",
    "middle_name": "Ivanovna",
    "birthday": date(1990, 12, 31),
    "own_id": "a7",
    "comment": "a friend",
    "tags": "one,two",
}

STATISTICS: Any = {
    "start": DAY,
    "end": NEXT_DAY,
    "independent": True,
    "hide_deleted": True,
    "main_currency": True,
    "electronic_balance": True,
}

NAMES: Any = {
    **dict.fromkeys(
        [name for name in SenderOptions.__annotations__ if "_" in name and name != "is_email"], True
    ),
    **dict.fromkeys(
        [
            *("ukraine_company", "ukraine_tax_number", "ukraine_website", "ukraine_address"),
            *("ukraine_services", "ukraine_purpose", "belarus_company", "belarus_tax_number"),
            *("belarus_address", "belarus_sample", "belarus_website", "subclient"),
        ],
        "text",
    ),
    "ukraine_email": ANNA,
    "belarus_occupation": 3,
    "belarus_mailing_type": 2,
}
del NAMES["email_owner"], NAMES["document_note"]

SETTINGS: Any = {
    name: _value(name, kind) for name, kind in SubclientSettings.__annotations__.items()
}
"""Every setting there is, with a value that it takes."""

NEVER_SENT: dict[str, dict[str, str]] = {
    "jobs.php/add=1": {"nl": "as for send.php"},
    "send.php": {
        "err": "op=1 says the same of every recipient, and its shape is documented",
        "nl": "how lines are told apart then is not documented: new lines are written as \\n",
    },
}
"""Documented parameters that the client does not send, and why."""

OPTIONS: dict[str, dict[str, str]] = {"rest/send/": {"body": "json"}}
"""What a client needs to be made with, so that it gives the command."""

SEND: dict[str, list[Made]] = {
    "send.php/send": [
        lambda smsc: smsc.send(
            PHONE,
            "Hello",
            id="mine",
            sender="Shop",
            translit=1,
            tinyurl=True,
            time=NOON,
            period=2.5,
            freq=30,
            valid=timedelta(hours=2),
            maxsms=3,
            imgcode="a7f",
            userip="10.0.0.7",
            pp=17,
        ),
        lambda smsc: smsc.send([PHONE, "G12"], "Hello", time=(9, 21), tz=3),
    ],
    "send.php/cost": [lambda smsc: smsc.quote(PHONE, "Hello")],
    "send.php/list": [
        lambda smsc: smsc.send_list([Line(PHONE, "Hello"), Line("79991234568", "Hi", "Shop")])
    ],
    "send.php/flash": [lambda smsc: smsc.send(PHONE, Flash("Hello"))],
    "send.php/bin": [lambda smsc: smsc.send(PHONE, Binary(b"\0\1", b"\5\3\1\2\1"))],
    "send.php/push": [lambda smsc: smsc.send(PHONE, WapPush("https://example.com", "Open"))],
    "send.php/hlr": [lambda smsc: smsc.send(PHONE, Hlr())],
    "send.php/ping": [lambda smsc: smsc.send(PHONE, Ping())],
    "send.php/mms": [
        lambda smsc: smsc.send(PHONE, Mms("Hello", subject="Hi", files=[PHOTO], file_url=ADDRESS))
    ],
    "send.php/mail": [
        lambda smsc: smsc.send(
            "anna@example.com", Email("Hello", "Hi", "shop@example.com", files=[PHOTO])
        )
    ],
    "send.php/call": [
        lambda smsc: smsc.send(
            PHONE,
            Call(
                "Hello",
                voice="w2",
                language="en",
                wait=20,
                interval=60,
                attempts=3,
                files=[SOUND],
            ),
        )
    ],
    "send.php/viber": [
        lambda smsc: smsc.send(
            PHONE, Viber("Hello", button=Button("Open", link="https://example.com"))
        )
    ],
    "send.php/telegram": [lambda smsc: smsc.send(PHONE, Telegram("Hello", "@shop_bot", smsreq=30))],
    "send.php/whatsapp": [lambda smsc: smsc.send(PHONE, WhatsApp("Hello", file_url=ADDRESS))],
    "send.php/soc": [lambda smsc: smsc.send(PHONE, Social("Hello"))],
    "send.php/prefix": [lambda smsc: smsc.send(PHONE, parse_prefix("__CALL__: Hello"))],
    "rest/send/": [lambda smsc: smsc.send(PHONE, "Hello")],
}

TEMPLATES: dict[str, list[Made]] = {
    "templates.php/add=1": [
        lambda smsc: smsc.templates.add(
            "Greeting", "Hello", kind="viber", sender="Shop", signing=True
        )
    ],
    "templates.php/chg=1": [
        lambda smsc: smsc.templates.change(
            7, name="Greeting", text="Hi", kind="sms", sender="Shop", signing=False
        )
    ],
    "templates.php/del=1": [lambda smsc: smsc.templates.delete(7)],
    "templates.php/get=1": [lambda smsc: smsc.templates.all()],
}

STATUS: dict[str, list[Made]] = {
    "status.php/get": [lambda smsc: smsc.status("m1", PHONE, detail=2)],
    "status.php/multi": [
        lambda smsc: smsc.statuses([("m1", PHONE), ("m2", "79991234568")], detail=1)
    ],
    "status.php/del": [lambda smsc: smsc.delete("m1", PHONE)],
    "balance.php": [lambda smsc: smsc.balance()],
    "info.php/get_operator=1": [lambda smsc: smsc.lookup.get([PHONE, "79991234568"])],
}

OPERATORS: dict[str, list[Made]] = {
    "op_templates.php/add=1": [
        lambda smsc: smsc.operator_templates.add(
            "Shop",
            "Your code: %w",
            mts_service=True,
            mts_authorization=True,
            mts_transactional=True,
            megafon_advertising=True,
            megafon_service=True,
            megafon_authorization=True,
            megafon_transactional=True,
            beeline_service=True,
            beeline_transactional=True,
            tele2_service=True,
            tele2_transactional=True,
            motiv_service=True,
            motiv_transactional=True,
            social=True,
        )
    ],
    "op_templates.php/get=1": [lambda smsc: smsc.operator_templates.get("Shop", "Your code: %w")],
}

MAILINGS: dict[str, list[Made]] = {
    "ping.php": [
        lambda smsc: smsc.alerts.send(7, name="disk", host="db1", info="full", recovered=True)
    ],
    "jobs.php/add=1": [
        lambda smsc: smsc.mailings.add(
            "June",
            PHONE,
            Viber("Hello", file_url=ADDRESS),
            sender="Shop",
            time=(9, 21),
            tz=3,
            period=2,
            freq=30,
            valid=3,
            translit=2,
            tinyurl=True,
            repeat_every="week",
            repeat_limit=3,
            fallback_text="Hello, by SMS",
            fallback_sender="Shop2",
        ),
        lambda smsc: smsc.mailings.add("June", PHONE, template=7),
        lambda smsc: smsc.mailings.add("June", PHONE, Flash("Hello")),
        lambda smsc: smsc.mailings.add("June", PHONE, Binary(b"\0\1")),
        lambda smsc: smsc.mailings.add("June", PHONE, WapPush("https://example.com", "Open")),
        lambda smsc: smsc.mailings.add("June", PHONE, Hlr()),
        lambda smsc: smsc.mailings.add("June", PHONE, Ping()),
        lambda smsc: smsc.mailings.add("June", PHONE, Mms("Hello", subject="Hi")),
        lambda smsc: smsc.mailings.add(
            "June", "anna@example.com", Email("Hello", "Hi", "shop@example.com")
        ),
        lambda smsc: smsc.mailings.add("June", PHONE, Social("Hello")),
        lambda smsc: smsc.mailings.add("June", PHONE, WhatsApp("Hello")),
        lambda smsc: smsc.mailings.add("June", PHONE, Telegram("Hello", "@shop_bot", smsreq=30)),
        lambda smsc: smsc.mailings.add(
            "June", PHONE, Call("Hello", voice="w", wait=20, interval=60, attempts=3)
        ),
        lambda smsc: smsc.mailings.add_list("June", [Line(PHONE, "Hello")]),
    ],
    "jobs.php/del=1": [
        lambda smsc: smsc.mailings.delete(7),
        lambda smsc: smsc.mailings.delete(7, email=True),
    ],
    "jobs.php/cancel=1": [
        lambda smsc: smsc.mailings.cancel(7),
        lambda smsc: smsc.mailings.cancel(7, email=True),
    ],
    "jobs.php/get=1": [
        lambda smsc: smsc.mailings.get(7),
        lambda smsc: smsc.mailings.get(7, email=True),
    ],
    "jobs.php/get_all=1": [lambda smsc: smsc.mailings.all(start=DAY, end=NEXT_DAY, email=True)],
}

PHONES: dict[str, list[Made]] = {
    "phones.php/add=1": [
        lambda smsc: smsc.contacts.add(PHONE, **DETAILS, other_phones="79991234568")
    ],
    "phones.php/chg=1": [
        lambda smsc: smsc.contacts.change(
            PHONE, phones=["79991234568"], **DETAILS, other_phones="79991234569"
        )
    ],
    "phones.php/del=1": [lambda smsc: smsc.contacts.delete(PHONE)],
    "phones.php/get=1": [
        lambda smsc: smsc.contacts.page(group=7, full_name="Anna", search="99", after=5, limit=10),
        lambda smsc: smsc.contacts.get(PHONE),
        lambda smsc: smsc.contacts.all(),
    ],
    "phones.php/add_group=1": [
        lambda smsc: smsc.contact_groups.add("Friends", number=12, kind="phone")
    ],
    "phones.php/chg_group=1": [lambda smsc: smsc.contact_groups.change(7, "Family", number=13)],
    "phones.php/move_group=1": [lambda smsc: smsc.contact_groups.move_contact(PHONE, 7)],
    "phones.php/move_group=2": [lambda smsc: smsc.contact_groups.add_contact(PHONE, [7, 8])],
    "phones.php/move_group=3": [lambda smsc: smsc.contact_groups.remove_contact(PHONE, 7)],
    "phones.php/del_group=1": [lambda smsc: smsc.contact_groups.delete(7)],
    "phones.php/get_group=1": [lambda smsc: smsc.contact_groups.all(kind="phone")],
    "phones.php/add_black=1": [
        lambda smsc: smsc.blacklist.add(PHONE, blocked=BlockedMessages.MAILINGS, comment="asked")
    ],
    "phones.php/del_black=1": [lambda smsc: smsc.blacklist.delete(PHONE)],
    "phones.php/get_black=1": [
        lambda smsc: smsc.blacklist.page(limit=10, before=99),
        lambda smsc: smsc.blacklist.all(),
    ],
}

MAILS: dict[str, list[Made]] = {
    "mails.php/add=1": [
        lambda smsc: smsc.email_contacts.add(ANNA, **DETAILS, other_emails="a@example.com")
    ],
    "mails.php/chg=1": [
        lambda smsc: smsc.email_contacts.change(
            ANNA, emails=["b@example.com"], **DETAILS, other_emails="a@example.com"
        )
    ],
    "mails.php/del=1": [lambda smsc: smsc.email_contacts.delete(ANNA)],
    "mails.php/get=1": [
        lambda smsc: smsc.email_contacts.page(
            group=7, full_name="Anna", search="ann", after=5, limit=10
        ),
        lambda smsc: smsc.email_contacts.get(ANNA),
        lambda smsc: smsc.email_contacts.all(),
    ],
    "mails.php/add_group=1": [lambda smsc: smsc.email_contact_groups.add("Friends", number=12)],
    "mails.php/chg_group=1": [
        lambda smsc: smsc.email_contact_groups.change(7, "Family", number=13)
    ],
    "mails.php/move_group=1": [lambda smsc: smsc.email_contact_groups.move_contact(ANNA, 7)],
    "mails.php/move_group=2": [lambda smsc: smsc.email_contact_groups.add_contact(ANNA, [7, 8])],
    "mails.php/move_group=3": [lambda smsc: smsc.email_contact_groups.remove_contact(ANNA, 7)],
    "mails.php/del_group=1": [lambda smsc: smsc.email_contact_groups.delete(7)],
    "mails.php/get_group=1": [lambda smsc: smsc.email_contact_groups.all()],
    "mails.php/add_black=1": [
        lambda smsc: smsc.email_blacklist.add(ANNA, blocked=BlockedMessages.ALL, comment="asked")
    ],
    "mails.php/del_black=1": [lambda smsc: smsc.email_blacklist.delete(ANNA)],
    "mails.php/get_black=1": [
        lambda smsc: smsc.email_blacklist.page(limit=10, before=99),
        lambda smsc: smsc.email_blacklist.all(),
    ],
}

USERS: dict[str, list[Made]] = {
    "users.php/add=1": [lambda smsc: smsc.subclients.add("anna", "Secret-1", **SETTINGS)],
    "users.php/chg=1": [
        lambda smsc: smsc.subclients.change(
            "anna", new_login="anna2", password="Secret-2", **SETTINGS
        )
    ],
    "users.php/pay=1": [lambda smsc: smsc.subclients.pay("anna", "10.50", electronic_balance=True)],
    "users.php/get_stat=1": [
        lambda smsc: smsc.subclients.statistics(**STATISTICS),
        lambda smsc: smsc.subclients.statistics(login="anna"),
        lambda smsc: smsc.subclients.statistics(id=7),
    ],
    "users.php/get_stat_all=1": [
        lambda smsc: smsc.subclients.detailed_statistics(**STATISTICS),
        lambda smsc: smsc.subclients.detailed_statistics(login="anna"),
        lambda smsc: smsc.subclients.detailed_statistics(id=7),
    ],
    "documents.php/add_account=1": [
        lambda smsc: smsc.documents.add_invoice("10.50", subclient="anna", service="Messages"),
        lambda smsc: smsc.documents.add_invoice(10, subclient_id=7),
    ],
    "documents.php/get_account=1": [
        lambda smsc: smsc.documents.get_invoice(5, subclient="anna"),
        lambda smsc: smsc.documents.get_invoice(5, subclient_id=7),
    ],
    "documents.php/get_act=1": [
        lambda smsc: smsc.documents.get_act(id=5, subclient="anna"),
        lambda smsc: smsc.documents.get_act(number="A-5", subclient_id=7),
    ],
}

SENDERS: dict[str, list[Made]] = {
    "senders.php/get=1": [
        lambda smsc: smsc.senders.all(
            complete=True, operators=True, files=True, before=99, page_size=10, subclient="anna"
        ),
        lambda smsc: smsc.senders.all(changed_since=DAY),
    ],
    "senders.php/add=1": [
        lambda smsc: smsc.senders.add(
            "Shop", comment="Our shop", document=PHOTO, document_note="Licence", **NAMES
        ),
        lambda smsc: smsc.senders.add("shop@example.com", is_email=True, email_owner="Shop"),
    ],
    "senders.php/chg=1": [
        lambda smsc: smsc.senders.change(
            name="Shop", comment="Our shop", document=PHOTO, document_note="Licence", **NAMES
        ),
        lambda smsc: smsc.senders.change(id=7, comment="", is_email=True, email_owner="Shop"),
    ],
    "senders.php/send_code=1": [
        lambda smsc: smsc.senders.send_code(
            PHONE, from_site="example.com", site_name="example.org", subclient="anna"
        )
    ],
    "senders.php/check_code=1": [
        lambda smsc: smsc.senders.check_code(PHONE, "338824", subclient="anna")
    ],
    "senders.php/del=1": [
        lambda smsc: smsc.senders.delete(name="Shop", subclient="anna"),
        lambda smsc: smsc.senders.delete(id=7),
    ],
}

GET: dict[str, list[Made]] = {
    "get.php/get_messages=1": [
        lambda smsc: smsc.history.page(
            start=DAY, end=NEXT_DAY, limit=10, before=99, phones=[PHONE], kind="sms"
        ),
        lambda smsc: smsc.history.page(emails=[ANNA]),
        lambda smsc: smsc.history.all(DAY, NEXT_DAY),
    ],
    "get.php/get_answers=1": [
        lambda smsc: smsc.inbox.page(limit=10, hours=24, after=5, to_phone="79990000000"),
        lambda smsc: smsc.inbox.all(),
    ],
    "get.php/get_stat=1": [
        lambda smsc: smsc.account.statistics(
            DAY, NEXT_DAY, own_currency=True, electronic_balance=True
        )
    ],
    "get.php/get_price=1": [lambda smsc: smsc.account.tariffs()],
}

REST: dict[str, list[Made]] = {
    "tinyurls.php/get=1": [
        lambda smsc: smsc.short_links.get("https://example.com"),
        lambda smsc: smsc.short_links.get(id=7),
    ],
    "receive_phones.php/get=1": [lambda smsc: smsc.rented_numbers.all()],
    "receive_phones.php/buy=1": [lambda smsc: smsc.rented_numbers.buy(PHONE, renew=False)],
    "receive_phones.php/chg=1": [lambda smsc: smsc.rented_numbers.change(PHONE, renew=True)],
    "wait_call.php": [lambda smsc: smsc.phone_confirmation.expect(PHONE)],
    "imgcode.php": [lambda smsc: smsc.captcha.image()],
}

CALLS: dict[str, list[Made]] = {
    **SEND,
    **TEMPLATES,
    **OPERATORS,
    **MAILINGS,
    **STATUS,
    **PHONES,
    **MAILS,
    **USERS,
    **SENDERS,
    **GET,
    **REST,
}
