"""One cleaning of text at every edge: files, forms, API bodies, query strings."""

import unicodedata


def clean_text(value: str, *, max_length: int | None = None) -> str:
    """Normalise to NFC, trim, drop zero-width marks; ValueError with a sentence for NUL, lone surrogates, excess length."""
    if "\x00" in value:
        raise ValueError("contains a NUL character")
    if value.isascii():  # nothing of the next lines is there; files of a million cells come by here
        value = value.strip()
    else:
        if any(0xD800 <= ord(char) <= 0xDFFF for char in value):
            raise ValueError("contains half of a surrogate pair")
        value = unicodedata.normalize("NFC", value).replace("\u200b", "").replace("\ufeff", "").strip()
    if max_length is not None and len(value) > max_length:
        raise ValueError(f"is longer than {max_length} characters")
    return value
