"""Contact data and dates of birth: never read, wherever an export carries them."""

from __future__ import annotations

import re

import pandas as pd

from workbench.intake.fields import plain_name

_NAMED = re.compile(
    r"(?:.* )?(?:e ?mails?|e ?mail address|email adresse|correo(?: electronico)?|courriel|"
    r"phone|phones|phone number|telefon|telefonnummer|telefono|telephone|mobile number|"
    r"mobile phone|whatsapp|birth ?date|birthday|date of birth|dob|geburtsdatum|geburtstag|"
    r"fecha de nacimiento|date de naissance|street|street address|postal address|home address|"
    r"numero di telefono|numer telefonu|telefone|telefoonnummer|nomor telepon|eposta|e posta|"
    r"data de nascimento|data di nascita|data urodzenia|geboortedatum|dogum tarihi|tanggal lahir|"
    r"iban|passport|passport number)"
)
_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")


def personal_columns(cells: pd.DataFrame) -> list[str]:
    """Return the columns that hold contact data or birth, by name or by value (e-mail)."""
    head = cells.head(1000)

    def mails(name: str) -> bool:
        given = [cell for cell in head[name] if cell and not cell.isspace()]
        found = sum("@" in cell and _MAIL.fullmatch(cell.strip()) is not None for cell in given)
        return found > 0 and found >= 0.3 * len(given)

    return [name for name in map(str, cells) if _NAMED.fullmatch(plain_name(name)) or mails(name)]


def without_mail(text: str) -> str:
    """Return a text with its e-mail addresses left out."""
    return _MAIL.sub("[e-mail not read]", text)
