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

#endif
