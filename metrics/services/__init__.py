"""Writes of this app beside the rollup's: the rules of credit, and drafts tried on history."""

from metrics.services.backtests import LEADS_AT_ONCE, OPEN, ask_backtest, run_backtest, stop_backtest, sweep_backtests
from metrics.services.credit import LONGEST_HALF_LIFE, LONGEST_LOOKBACK, WEIGHTS, set_credit_rules

__all__ = [
    "LEADS_AT_ONCE",
    "LONGEST_HALF_LIFE",
    "LONGEST_LOOKBACK",
    "OPEN",
    "WEIGHTS",
    "ask_backtest",
    "run_backtest",
    "set_credit_rules",
    "stop_backtest",
    "sweep_backtests",
]
