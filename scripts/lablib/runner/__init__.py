# SPDX-License-Identifier: Apache-2.0
"""The lab's runner: what a kubelet does on a node, with processes of the host in place of containers."""
