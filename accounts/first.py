"""Who may set up an empty installation: whoever can read what its server prints."""

import base64
import hmac

from django.conf import settings
from django.utils.crypto import constant_time_compare

from accounts.models import User

# In the session of whoever has just removed the demo as its administrator: that person need not look up the code.
MAY_FOUND = "may_found_company"
_BYTES = 10  # 80 bits: nobody guesses it, and it is still typed in a few seconds


def nobody_yet() -> bool:
    return not User.objects.exists()


def set_up_code() -> str:
    """The installation's code, such as K7QF-2M4A-XW5T-HB6D. Made from its secret key, so that it is stored nowhere."""
    digest = hmac.digest(settings.SECRET_KEY.encode(), b"tandem: first administrator", "sha256")[:_BYTES]
    text = base64.b32encode(digest).decode()
    return "-".join(text[i : i + 4] for i in range(0, len(text), 4))


def is_set_up_code(text: str) -> bool:
    """Whether somebody typed the code, with or without its dashes, in any case."""
    bare = "".join(char for char in text.upper() if char.isalnum())
    return constant_time_compare(bare, set_up_code().replace("-", ""))
