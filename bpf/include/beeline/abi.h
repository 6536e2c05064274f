/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BEELINE_ABI_H
#define BEELINE_ABI_H

/* The number of the map layouts. Maps and links are pinned in <bpf dir>/v<BEELINE_ABI>. */
#define BEELINE_ABI 4

#endif
