// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Pinned maps by name.
 *
 * The table BL_MAPS says what each map is; this file turns it into data that loops can walk, opens the pinned maps, and
 * reads them entry by entry. Both the agent and the command line come through here, so that a map has one name, one place
 * and one layout.
 *
 * A pinned map is compared with the table before it is handed out: a folder of another ABI, or one that somebody else
 * filled, gives an error and never a misread entry.
 *
 * Walking prefers the kernel's batch calls: an array of 65536 entries costs some hundred system calls less than a
 * thousandth of walking key by key. Whether a map type has them is found out by trying; without them the walk goes key
 * by key. A hash hands out whole buckets only, so a batch that does not fit is tried again with twice the room.
 */

#include "maps/maps.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/str.h"
#include "beeline/abi.h"
#include "beeline/config.h"

#define BATCH	     512
#define BATCH_MAX    65536
#define TOKEN_MAX    64	 /* bytes; at least the longest key */
#define ERR_ENOTSUPP 524 /* the kernel's own, which errno.h does not know */
#define ALIGN_UP8(n) (((n) + 7) & ~(size_t)7)

const struct bl_map_info bl_map_table[BL_MAP_COUNT] = {
#define BL_MAP_ROW(name_, type_, key_, value_, entries_, flags_, text_) \
	[BL_MAP_##name_] = {                                            \
		.name = #name_,                                         \
		.type = BPF_MAP_TYPE_##type_,                           \
		.key_size = sizeof(key_),                               \
		.value_size = sizeof(value_),                           \
		.entries = (entries_),                                  \
		.flags = (flags_),                                      \
		.text = (text_),                                        \
	},
	BL_MAPS(BL_MAP_ROW)
#undef BL_MAP_ROW
};

int bl_maps_find(const char *name, enum bl_map *ret_map)
{
	for (int i = 0; i < BL_MAP_COUNT; i++) {
		if (bl_streq(bl_map_table[i].name, name)) {
			*ret_map = (enum bl_map)i;
			return 0;
		}
	}
	return -ENOENT;
}

char *bl_maps_dir(const char *pin_dir, const char *sub)
{
	return bl_asprintf("%s/v%d%s%s", pin_dir, BEELINE_ABI, sub ? "/" : "", sub ? sub : "");
}

/* Whether the map behind fd is laid out as its row says; its size is free. */
static int check_layout(int fd, const struct bl_map_info *row, const char *path, struct bl_err *err)
{
	struct bpf_map_info info = {};
	uint32_t len = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		return bl_err_set(err, -errno, "%s: %s", path, strerror(errno));
	if (info.type != row->type || info.key_size != row->key_size ||
	    info.value_size != row->value_size || info.map_flags != row->flags)
		return bl_err_set(err, -EPROTO, "%s: pinned map has another layout", path);
	return 0;
}

int bl_maps_open(const char *pin_dir, enum bl_map map, bool read_only, int *ret_fd,
		 struct bl_err *err)
{
	LIBBPF_OPTS(bpf_obj_get_opts, opts, .file_flags = read_only ? BPF_F_RDONLY : 0);
	const struct bl_map_info *row = &bl_map_table[map];
	BL_FREE char *dir = bl_maps_dir(pin_dir, "maps");
	BL_FREE char *path = bl_asprintf("%s/%s", dir, row->name);
	BL_CLOSE int fd = bpf_obj_get_opts(path, &opts);
	int rc;

	if (fd < 0)
		return bl_err_set(err, -errno, "%s: %s", path, strerror(errno));
	rc = check_layout(fd, row, path, err);
	if (rc)
		return rc;
	*ret_fd = bl_take_fd(&fd);
	return 0;
}

uint32_t bl_maps_size(int fd)
{
	struct bpf_map_info info = {};
	uint32_t len = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &len) ? 0 : info.max_entries;
}

unsigned int bl_maps_value_cpus(enum bl_map map)
{
	static int cpus;

	if (bl_map_table[map].type != BPF_MAP_TYPE_PERCPU_ARRAY)
		return 1;
	if (!cpus)
		cpus = libbpf_num_possible_cpus();
	return cpus > 0 ? (unsigned int)cpus : 1;
}

size_t bl_maps_value_size(enum bl_map map)
{
	unsigned int cpus = bl_maps_value_cpus(map);

	if (bl_map_table[map].type != BPF_MAP_TYPE_PERCPU_ARRAY)
		return bl_map_table[map].value_size;
	return cpus * ALIGN_UP8(bl_map_table[map].value_size);
}

/* A hash that changes meanwhile may send the walk back to its start: -EAGAIN once that has cost a second round. */
static int each_by_key(int fd, enum bl_map map,
		       int (*fn)(void *arg, const void *key, const void *value), void *arg)
{
	BL_FREE void *value = bl_calloc(1, bl_maps_value_size(map));
	char key[TOKEN_MAX], next[TOKEN_MAX];
	uint64_t steps = 2 * (uint64_t)bl_maps_size(fd) + 1;
	const void *prev = NULL;
	int rc = 0;

	while (!rc && bpf_map_get_next_key(fd, prev, next) == 0) {
		if (!steps--)
			return -EAGAIN;
		memcpy(key, next, bl_map_table[map].key_size);
		prev = key;
		if (bpf_map_lookup_elem(fd, key, value) == 0)
			rc = fn(arg, key, value);
		else if (errno != ENOENT)
			rc = -errno;
	}
	return rc;
}

struct batch {
	char *keys;
	char *values;
	uint32_t room;
};

static void batch_free(struct batch *b)
{
	free(b->keys);
	free(b->values);
}

static void batch_resize(struct batch *b, enum bl_map map, uint32_t room)
{
	b->keys = bl_realloc(b->keys, room, bl_map_table[map].key_size);
	b->values = bl_realloc(b->values, room, bl_maps_value_size(map));
	b->room = room;
}

static int batch_call(const struct batch *b, enum bl_map map, uint32_t n,
		      int (*fn)(void *arg, const void *key, const void *value), void *arg)
{
	size_t value_size = bl_maps_value_size(map);

	for (uint32_t i = 0; i < n; i++) {
		int rc = fn(arg, b->keys + (size_t)i * bl_map_table[map].key_size,
			    b->values + i * value_size);

		if (rc)
			return rc;
	}
	return 0;
}

static bool no_batch(int err)
{
	return err == ERR_ENOTSUPP || err == EINVAL || err == EOPNOTSUPP;
}

int bl_maps_each(int fd, enum bl_map map, int (*fn)(void *arg, const void *key, const void *value),
		 void *arg)
{
	BL_CLEANUP(batch_free) struct batch b = {};
	char token[TOKEN_MAX], next[TOKEN_MAX];
	void *in = NULL;
	bool more = true;

	batch_resize(&b, map, BATCH);
	while (more) {
		uint32_t n = b.room;
		int rc = bpf_map_lookup_batch(fd, in, next, b.keys, b.values, &n, NULL);

		if (rc && errno == ENOSPC && b.room < BATCH_MAX) {
			batch_resize(&b, map, b.room * 2);
			continue;
		}
		if (rc && !in && no_batch(errno))
			return each_by_key(fd, map, fn, arg);
		if (rc && errno != ENOENT)
			return -errno;
		more = rc == 0;
		memcpy(token, next, sizeof(token));
		in = token;
		rc = batch_call(&b, map, n, fn, arg);
		if (rc)
			return rc;
	}
	return 0;
}
