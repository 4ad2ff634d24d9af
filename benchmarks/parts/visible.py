"""From the commit of a move to the number on the page: with a worker, a broker and a server as installed."""

import datetime as dt
import time
from collections.abc import Iterator

from benchmarks.bench import Bench, Figure, percentile
from benchmarks.company import chief
from benchmarks.serving import Reader, server, worker
from funnel.models import Stage
from leads.models import Lead
from leads.services import move_lead
from metrics import rollup

ORDER = 50
_MOVES = 40
_GIVE_UP = 60.0
_PATH = "/api/v1/metrics/stage_inflow/?from={day}"


def run(bench: Bench) -> Iterator[Figure]:
    rollup.drain()
    stages = {stage.key: stage for stage in Stage.objects.all()}
    leads = list(Lead.objects.filter(stage__key__in=("mql", "sal")).select_related("stage").order_by("-id")[:_MOVES])
    path = _PATH.format(day=dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1))
    waits = []
    with server() as port, worker():
        reader = Reader(port, chief())
        before = reader.get(path)
        for i, lead in enumerate(leads):
            move_lead(lead, stages["sql"], actor=None)
            begun = time.perf_counter()
            while (now := reader.get(path)) == before:
                if time.perf_counter() - begun > _GIVE_UP:
                    raise SystemExit("visible: a move did not become visible within a minute")
                time.sleep(0.005)
            before = now
            if i >= 3:  # the worker's first tasks read the code
                waits.append(time.perf_counter() - begun)
    slow = percentile(waits, 0.99)
    yield Figure("visible", "commit of a move to the number by the API, p50", percentile(waits, 0.5) * 1e3, "ms")
    yield Figure(
        "visible", "commit of a move to the number by the API, p99", slow * 1e3, "ms", target="<= 1,000 ms", held=slow <= 1
    )
