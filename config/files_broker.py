"""The broker of files, with one hole closed: a message appears in the folder when it is whole.

Kombu opens a message under its final name and then writes it. A worker that looks in between takes an empty file, fails to
read it as JSON and ends. With several jobs given out in the same instant that happens every few minutes.
"""

import os
import uuid
from pathlib import Path
from time import monotonic

from kombu.transport import filesystem
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    def _put(self, queue, payload, **kwargs):
        """Write under a name that no reader looks for, then rename, which is one step for the file system."""
        name = f"{round(monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"
        folder = Path(self.data_folder_out)
        part = folder / f"{name}.part"
        try:
            part.write_bytes(dumps(payload).encode())
            os.replace(part, folder / name)
        except OSError as error:
            raise filesystem.ChannelError(f"Cannot add a message to {folder}") from error


class Transport(filesystem.Transport):
    Channel = Channel
