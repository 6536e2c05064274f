# SPDX-License-Identifier: Apache-2.0
"""The lab: nodes of a cluster as network namespaces of one machine."""
