# SPDX-License-Identifier: Apache-2.0
"""What a row's run(ctx) works with: the arguments, the candidates that are up, and where its figures go.

A candidate that fails in a row is recorded with the reason and left out of the rest of that measurement; the others go on. `fail` is
for what should have worked and turns the run's exit status; `skip` is for what is known not to be there, or not to end within its
limit: it is in the report all the same.
"""
import sys
import time

from run import records as rec
from run.base import TooSlow, Unavailable


class Context:
    def __init__(self, args, candidates, out=None):
        self.args, self.candidates = args, candidates
        self.records, self.failures = [], []
        self.row = None  # the module that runs now
        self.out = out or sys.stderr
        self.began = time.monotonic()
        self._shown = False

    # --- what a row gives -----------------------------------------------------------------------------------------------

    def record(self, row, candidate, metric, unit, rounds, **params):
        """One quantity, a value a round. A candidate object or its name."""
        if not self.wants(row):
            return
        self.records.append(rec.make(row, name_of(candidate), metric, unit, rounds, params))

    def fail(self, row, candidate, reason, **params):
        """It should have worked."""
        self._put_failure(row, candidate, reason, True, params)

    def skip(self, row, candidate, reason, **params):
        """It is known not to be there, or not to end in time."""
        self._put_failure(row, candidate, reason, False, params)

    def _put_failure(self, row, candidate, reason, wrong, params):
        one = {"row": row, "candidate": name_of(candidate), "reason": str(reason), "wrong": wrong, "params": dict(params)}
        if one not in self.failures:
            self.failures.append(one)
            self.say(f"{row}, {one['candidate']}{', ' + rec.params_text(params) if params else ''}: {reason}")

    def trouble(self, row, candidate, err, **params):
        """An exception, as what it is: too slow and unavailable are no one's fault."""
        if isinstance(err, (TooSlow, Unavailable)):
            self.skip(row, candidate, err, **params)
        else:
            self.fail(row, candidate, f"{type(err).__name__}: {err}" if not isinstance(err, RuntimeError) else err, **params)

    def wants(self, row):
        """Whether this row was asked for."""
        return not self.args.rows or row in self.args.rows or self.row in self.args.rows

    # --- rounds ---------------------------------------------------------------------------------------------------------

    def interleave(self, row, candidates, measure, rounds=None, **params):
        """measure(candidate) for A B C A B C ...; {name: [a result a round]} of those that never failed."""
        found = {c.name: [] for c in candidates}
        for turn in range(rounds or self.args.rounds):
            for one in candidates:
                if one.name not in found:
                    continue
                self.progress(f"{row} {rec.params_text(params)}: round {turn + 1}, {one.name}")
                try:
                    found[one.name].append(measure(one))
                except Exception as err:  # whatever one dies of is its failure, the others go on
                    del found[one.name]
                    self.trouble(row, one, err, **params)
        return found

    # --- what a person sees ---------------------------------------------------------------------------------------------

    def progress(self, text):
        """What happens now; the terminal keeps only the last."""
        line = f"[{time.monotonic() - self.began:5.0f} s] {text}"
        if self.out.isatty():
            self.out.write(f"\r\x1b[K{line[:110]}")
            self._shown = True
        elif self.args.verbose:
            self.out.write(line + "\n")
        self.out.flush()

    def say(self, text):
        """A line that stays."""
        self.out.write(("\r\x1b[K" if self._shown else "") + f"[{time.monotonic() - self.began:5.0f} s] {text}\n")
        self.out.flush()
        self._shown = False


def name_of(candidate):
    return candidate if isinstance(candidate, str) else candidate.name
