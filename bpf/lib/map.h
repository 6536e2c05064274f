/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BEELINE_LIB_MAP_H
#define BEELINE_LIB_MAP_H

/*
 * DOC: Every map, declared from the one table of maps.h.
 *
 * Each object declares them all; the agent replaces them by the pinned ones before it loads. Sizes here are the defaults.
 * The header that owns a map owns every access to it: this one only declares.
 */

#include <linux/bpf.h>
#include <stdbool.h>

#include <bpf/bpf_helpers.h>

#include "beeline/maps.h"

#define BL_MAP_DECLARE(name, kind, key_type, value_type, entries, flags, text) \
	struct {                                                               \
		__uint(type, BPF_MAP_TYPE_##kind);                             \
		__type(key, key_type);                                         \
		__type(value, value_type);                                     \
		__uint(max_entries, entries);                                  \
		__uint(map_flags, flags);                                      \
	} name SEC(".maps");
BL_MAPS(BL_MAP_DECLARE)
#undef BL_MAP_DECLARE

/* Set by tests alone: hash and trie lookups are counted. Otherwise the verifier takes the counting out. */
const volatile bool bl_count_lookups = false;
__u64 bl_lookups = 0;

static __always_inline void bl_map_count(void)
{
	if (bl_count_lookups)
		bl_lookups++;
}

/* A lookup that costs: all but those in arrays, which the verifier makes a few instructions of. */
#define bl_map_find(map, key)                  \
	({                                     \
		bl_map_count();                \
		bpf_map_lookup_elem(map, key); \
	})

#endif
