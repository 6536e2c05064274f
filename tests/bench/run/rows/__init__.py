# SPDX-License-Identifier: Apache-2.0
"""The rows: each module's run(ctx) measures what its name says and records it, candidate by candidate."""
