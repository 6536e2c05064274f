# SPDX-License-Identifier: Apache-2.0
"""Brings a row's candidates to a number of Services. What is there already stays, and who was too slow once is not asked for more."""
from run.base import TooSlow


def bring(ctx, row, one, n):
    """Whether the candidate now has n Services; if not, the reason is in the report."""
    if one.programmed == n:
        return True
    known = getattr(one, "too_slow", None)  # (how many, the error)
    if known and n >= known[0]:
        ctx.skip(row, one, known[1] if n == known[0] else f"{known[0]:,} already: {known[1]}", services=n)
        return False
    ctx.progress(f"{row}: {one.name}: {n:,} Services")
    try:
        one.program(n, ctx.args.limit)
        return True
    except TooSlow as err:
        one.too_slow = (n, str(err))
        ctx.skip(row, one, err, services=n)
    except Exception as err:  # one that fails does not take the others with it
        ctx.trouble(row, one, err, services=n)
    return False
