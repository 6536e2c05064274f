/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_MAPS_MAPS_H
#define BL_MAPS_MAPS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ip.h"
#include "beeline/maps.h"

/*
 * The pinned maps, by the table BL_MAPS: opened by name, walked, printed. Everything here works without the agent.
 * The maps lie in <pin_dir>/v<BEELINE_ABI>/maps/<name>.
 */
enum bl_map {
#define BL_MAP_ID(name, type, key, value, entries, flags, text) BL_MAP_##name,
	BL_MAPS(BL_MAP_ID)
#undef BL_MAP_ID
		BL_MAP_COUNT
};

struct bl_map_info {
	const char *name;
	uint32_t type;	     /* BPF_MAP_TYPE_* */
	uint32_t key_size;   /* bytes */
	uint32_t value_size; /* bytes, of one CPU */
	uint32_t entries;    /* the default size */
	uint32_t flags;	     /* BPF_F_* of creation */
	const char *text;    /* what it is for */
};

extern const struct bl_map_info bl_map_table[BL_MAP_COUNT];

/* -ENOENT: there is no such map. */
int bl_maps_find(const char *name, enum bl_map *ret_map);

/* The folder of this ABI's pins, or <folder>/<sub> where sub is not NULL; the caller frees it. */
char *bl_maps_dir(const char *pin_dir, const char *sub);

/*
 * Opens a pinned map. The descriptor of a read-only one refuses writes. -ENOENT: nothing is pinned there; -EPROTO: what is
 * pinned has another layout.
 */
int bl_maps_open(const char *pin_dir, enum bl_map map, bool read_only, int *ret_fd,
		 struct bl_err *err);

/* How many entries the open map can hold; 0 when it cannot be asked. */
uint32_t bl_maps_size(int fd);

/* Bytes of a value as the kernel hands it out: per-CPU maps give every CPU's, each padded to 8 bytes. */
size_t bl_maps_value_size(enum bl_map map);
/* CPUs that a value of a per-CPU map has, 1 for other maps. */
unsigned int bl_maps_value_cpus(enum bl_map map);

/*
 * Calls fn for every entry (arrays: for every index), many a system call where the kernel can; fn ends the walk by
 * returning something else than 0, which is then returned. Entries that others change meanwhile may be seen or not.
 */
int bl_maps_each(int fd, enum bl_map map, int (*fn)(void *arg, const void *key, const void *value),
		 void *arg);

/* {"key": ..., "value": ...}, with addresses, ports, protocols and flags by name; NULL: an array's unused entry. */
json_t *bl_maps_entry_json(enum bl_map map, const void *key, const void *value);

/* {"name", "about", "type", "max_entries", "count", "entries": [...]} of one pinned map; the caller owns it. */
int bl_maps_dump(const char *pin_dir, enum bl_map map, json_t **ret_json, struct bl_err *err);

/*
 * What the command line shows when the agent is down; the same shapes as the agent's own answers. The caller owns them.
 *
 * services   [{"namespace", "name", "uid", "frontends": [{"address", "port": N, "protocol", "scope", "name"}],
 *            "backends": [{"address", "port": N, "protocol", "name", "local": bool}]}], ordered by namespace and name
 * endpoints  [{"address", "kind": "pod"|"host", "interface", "ifindex": N, "mac", "nodeport": bool}]
 * counters   [{"name", "verdict", "text", "packets": N, "bytes": N}], in the order of enum bl_reason, zeros included
 */
int bl_maps_services(const char *pin_dir, json_t **ret_json, struct bl_err *err);
int bl_maps_endpoints(const char *pin_dir, json_t **ret_json, struct bl_err *err);
int bl_maps_counters(const char *pin_dir, json_t **ret_json, struct bl_err *err);

/*
 * What the policy tables say of packets between a pod of this node and a peer of its family. `port` is the destination's, 0: none
 * is known.
 */
struct bl_maps_question {
	struct bl_ip pod, peer;
	enum bl_direction dir; /* as the pod sees it */
	uint8_t proto;
	uint16_t port;
};
struct bl_maps_verdict {
	bool local;	/* the address is a pod's of this node; otherwise the rest is 0 */
	uint32_t place; /* of its sets; 0: none */
	uint32_t set;	/* BL_SET_OPEN: not isolated */
	uint32_t class;
	bool allowed;
};
int bl_maps_policy(const char *pin_dir, const struct bl_maps_question *q,
		   struct bl_maps_verdict *ret_verdict, struct bl_err *err);

/* Names of what maps hold. Texts are static or in buf. */
const char *bl_maps_proto_name(uint8_t proto); /* "TCP"; "" for 0 */
const char *bl_maps_scope_name(uint8_t scope); /* "cluster", "nodeport", "address" */

#endif
