"""Lists, search and detail of leads and deals from the server: 0.3 s at p95 with 50,000 leads."""

from collections.abc import Iterator

import numpy as np

from benchmarks.bench import Bench, Figure, percentile
from benchmarks.company import SEED, chief
from benchmarks.serving import Reader, server
from leads.models import Deal, Lead

ORDER = 40
_TIMES = 20
_LIMIT = 0.3


def run(bench: Bench) -> Iterator[Figure]:
    random = np.random.default_rng(SEED)
    leads = random.choice(np.array(Lead.objects.values_list("id", flat=True)), _TIMES)
    deals = random.choice(np.array(Deal.objects.values_list("id", flat=True)), _TIMES)
    pages = {
        "list of leads, first page": ["/leads/"] * _TIMES,
        "list of leads, a stage, oldest first": ["/leads/?stage=mql&sort=age"] * _TIMES,
        "list of leads, past promise, by time left": ["/leads/?promise=past&sort=left"] * _TIMES,
        "list of leads, all by time left": ["/leads/?sort=left"] * _TIMES,
        "board of leads": ["/leads/?view=board"] * _TIMES,
        "board of leads, waiting on sales": ["/leads/?view=board&waiting=sales"] * _TIMES,
        "list of leads, pages in the middle": [f"/leads/?page={2 + i}" for i in range(_TIMES)],
        "list of leads, by words": [f"/leads/?q=person-{lead}" for lead in leads],
        "search from anywhere": [f"/search/?q=person-{lead}" for lead in leads],
        "a lead's page": [f"/leads/{lead}/" for lead in leads],
        "list of deals, first page": ["/deals/"] * _TIMES,
        "a deal's page": [f"/deals/{deal}/" for deal in deals],
        "list of companies": ["/companies/"] * _TIMES,
        "leads by the API, first page": ["/api/v1/leads/"] * _TIMES,
    }
    with server() as port:
        reader = Reader(port, chief())
        for name, paths in pages.items():
            reader.get(paths[0])
            found = [reader.seconds(path) for path in paths]
            slow = percentile(found, 0.95)
            middle = f"p50 {percentile(found, 0.5) * 1e3:,.0f} ms"
            yield Figure("lists", f"{name}, p95", slow * 1e3, "ms", middle, target="< 300 ms at 50,000", held=slow < _LIMIT)
