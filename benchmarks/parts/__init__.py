"""One file per part: ORDER says when it runs, `run(bench)` yields its figures."""
