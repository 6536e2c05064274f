# SPDX-License-Identifier: Apache-2.0
"""The benches: beeline beside its peers, in rounds. Modules name each other as `from run import NAME`; tests/bench is on the path."""
