"""When and what the tests of issues raise."""

import datetime as dt

NOW = dt.datetime(2026, 5, 20, 20, tzinfo=dt.UTC)
TOMORROW = NOW + dt.timedelta(hours=4)
NEW = "/review/issues/new/"
SENTENCE = "Two deals of the partner portal are missing."
