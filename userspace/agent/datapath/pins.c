// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The maps, pinned.
 *
 * Maps are made by the agent from the table BL_MAPS and handed to all programs, so that a map exists once whatever the number
 * of objects, and outlives the agent by its pin.
 *
 * A pinned map is used as it is. One whose size differs from the configured one is replaced without losing what it holds: a
 * new map gets a copy of all entries, the programs are loaded over it and put in place of the old ones, and only then the new map
 * takes the pin over, by a rename. An agent that dies in between leaves the old pins, and the next one does it all again. Flows and
 * sockets that came up while the old programs still ran are copied once more afterwards. A size that does not hold
 * what is there is refused by name.
 *
 * Hash entries are written in batches where the kernel has them, arrays of the agent's own by stores (arrays.h).
 */

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/datapath/dp.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"

static uint32_t wanted_size(const struct bl_datapath_opts *opts, enum bl_map map)
{
	uint32_t entries = bl_map_table[map].entries;

	for (size_t i = 0; i < opts->n_sizes; i++) {
		if (bl_streq(opts->sizes[i].name, bl_map_table[map].name))
			entries = opts->sizes[i].entries;
	}
	return entries;
}

static int check_sizes(const struct bl_datapath_opts *opts, struct bl_err *err)
{
	for (size_t i = 0; i < opts->n_sizes; i++) {
		enum bl_map map;

		if (bl_maps_find(opts->sizes[i].name, &map))
			return bl_err_set(err, -EINVAL, "size of map '%s': there is no such map",
					  opts->sizes[i].name);
		if (!opts->sizes[i].entries || opts->sizes[i].entries > 1U << 24)
			return bl_err_set(err, -EINVAL,
					  "size of map '%s': %u is not within 1 and %u",
					  opts->sizes[i].name, opts->sizes[i].entries, 1U << 24);
		if (map == BL_MAP_config || map == BL_MAP_counter)
			return bl_err_set(err, -EINVAL, "size of map '%s' is fixed",
					  opts->sizes[i].name);
	}
	return 0;
}

static int create(enum bl_map map, uint32_t entries, int *ret_fd, struct bl_err *err)
{
	const struct bl_map_info *row = &bl_map_table[map];
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = row->flags);
	int fd = bpf_map_create(row->type, row->name, row->key_size, row->value_size, entries,
				&opts);

	if (fd < 0)
		return bl_err_set(err, -errno, "map '%s' of %u entries: %s", row->name, entries,
				  strerror(errno));
	*ret_fd = fd;
	return 0;
}

static int pin(const struct bl_pins *p, enum bl_map map, const char *suffix, struct bl_err *err)
{
	BL_FREE char *path = bl_asprintf("%s/%s%s", p->dir, bl_map_table[map].name, suffix);

	(void)unlink(path);
	if (bpf_obj_pin(p->fds[map], path))
		return bl_err_set(err, -errno, "%s: %s", path, strerror(errno));
	return 0;
}

struct copy {
	enum bl_map map;
	int fd;
	uint32_t size;
	uint64_t flags;
};

static bool is_zero(const char *p, size_t n)
{
	while (n && !*p) {
		p++;
		n--;
	}
	return n == 0;
}

static int copy_entry(void *arg, const void *key, const void *value)
{
	const struct copy *c = arg;

	if (bl_map_table[c->map].type == BPF_MAP_TYPE_ARRAY) {
		if (is_zero(value, bl_map_table[c->map].value_size))
			return 0;
		if (*(const uint32_t *)key >= c->size)
			return -ENOSPC;
	}
	if (bpf_map_update_elem(c->fd, key, value, c->flags) && errno != EEXIST)
		return errno == E2BIG ? -ENOSPC : -errno;
	return 0;
}

static int resize(struct bl_pins *p, enum bl_map map, int old, uint32_t size, struct bl_err *err)
{
	struct copy c = {.map = map, .size = size, .flags = BPF_ANY};
	int rc = create(map, size, &c.fd, err);

	if (rc)
		return rc;
	rc = bl_maps_each(old, map, copy_entry, &c);
	if (rc) {
		close(c.fd);
		return bl_err_set(err, rc, "map '%s' is to have %u entries instead of %u: %s",
				  bl_map_table[map].name, size, bl_maps_size(old),
				  rc == -ENOSPC ? "it holds more" : strerror(-rc));
	}
	p->fds[map] = c.fd;
	p->old[map] = old;
	return 0;
}

static int open_map(struct bl_pins *p, const struct bl_datapath_opts *opts, enum bl_map map,
		    struct bl_err *err)
{
	uint32_t size = wanted_size(opts, map);
	int fd, rc;

	rc = bl_maps_open(opts->pin_dir, map, false, &fd, err);
	if (rc == -ENOENT) {
		rc = create(map, size, &p->fds[map], err);
		return rc ? rc : pin(p, map, "", err);
	}
	if (rc)
		return rc;
	if (bl_maps_size(fd) == size) {
		p->fds[map] = fd;
		return 0;
	}
	rc = resize(p, map, fd, size, err);
	if (rc)
		close(fd);
	return rc;
}

/* Which maps take many entries a call: writing none of them tells. */
static void probe_batches(struct bl_pins *p)
{
	for (int m = 0; m < BL_MAP_COUNT; m++) {
		uint32_t none = 0;

		p->batch[m] = bpf_map_update_batch(p->fds[m], NULL, NULL, &none, NULL) == 0;
	}
}

int bl_pins_open(struct bl_pins *p, const struct bl_datapath_opts *opts, struct bl_err *err)
{
	int rc = check_sizes(opts, err);

	p->dir = bl_maps_dir(opts->pin_dir, "maps");
	for (int m = 0; m < BL_MAP_COUNT; m++)
		p->fds[m] = p->old[m] = -1;
	for (int m = 0; !rc && m < BL_MAP_COUNT; m++)
		rc = open_map(p, opts, (enum bl_map)m, err);
	if (rc)
		return rc;
	probe_batches(p);
	bl_array_open(&p->slots, BL_MAP_slot, p->fds[BL_MAP_slot]);
	bl_array_open(&p->backends, BL_MAP_backend, p->fds[BL_MAP_backend]);
	bl_array_open(&p->names, BL_MAP_service_meta, p->fds[BL_MAP_service_meta]);
	return 0;
}

static int commit(struct bl_pins *p, enum bl_map map, struct bl_err *err)
{
	BL_FREE char *to = bl_asprintf("%s/%s", p->dir, bl_map_table[map].name);
	BL_FREE char *from = bl_asprintf("%s-new", to);
	struct copy c = {.map = map, .fd = p->fds[map], .flags = BPF_NOEXIST};
	int rc = 0;

	if (bl_map_table[map].type == BPF_MAP_TYPE_LRU_HASH)
		rc = bl_maps_each(p->old[map], map, copy_entry, &c);
	if (rc)
		return bl_err_set(err, rc, "map '%s': %s", bl_map_table[map].name, strerror(-rc));
	rc = pin(p, map, "-new", err);
	if (rc)
		return rc;
	if (rename(from, to))
		return bl_err_set(err, -errno, "%s: %s", to, strerror(errno));
	close(p->old[map]);
	p->old[map] = -1;
	return 0;
}

int bl_pins_commit(struct bl_pins *p, struct bl_err *err)
{
	int rc = 0;

	for (int m = 0; !rc && m < BL_MAP_COUNT; m++) {
		if (p->old[m] >= 0)
			rc = commit(p, (enum bl_map)m, err);
	}
	return rc;
}

void bl_pins_close(struct bl_pins *p)
{
	bl_array_close(&p->slots);
	bl_array_close(&p->backends);
	bl_array_close(&p->names);
	for (int m = 0; p->dir && m < BL_MAP_COUNT; m++) {
		bl_cleanup_close(&p->fds[m]);
		bl_cleanup_close(&p->old[m]);
	}
	free(p->dir);
	p->dir = NULL;
}

/* --- struct bl_map_ops -------------------------------------------------------------------------------------------- */

static struct bl_array *array_of(struct bl_pins *p, enum bl_map map)
{
	switch (map) {
	case BL_MAP_slot:
		return &p->slots;
	case BL_MAP_backend:
		return &p->backends;
	case BL_MAP_service_meta:
		return &p->names;
	default:
		return NULL;
	}
}

static int op_update(void *arg, enum bl_map map, const void *key, const void *value)
{
	struct bl_pins *p = arg;
	struct bl_array *array = array_of(p, map);
	int rc = array ? bl_array_write(array, *(const uint32_t *)key, value) : -EOPNOTSUPP;

	if (rc != -EOPNOTSUPP)
		return rc;
	return bpf_map_update_elem(p->fds[map], key, value, BPF_ANY) ? -errno : 0;
}

static int op_update_batch(void *arg, enum bl_map map, const void *keys, const void *values,
			   uint32_t n, uint32_t *ret_done)
{
	struct bl_pins *p = arg;
	const struct bl_array *array = array_of(p, map);
	uint32_t count = n;
	int rc = 0;

	if (!p->batch[map] || (array && array->base))
		return -EOPNOTSUPP;
	if (bpf_map_update_batch(p->fds[map], keys, values, &count, NULL))
		rc = -errno;
	/* a call that did not come to the first entry leaves the count as it was */
	*ret_done = rc && count >= n ? 0 : count;
	return rc;
}

static int op_erase(void *arg, enum bl_map map, const void *key)
{
	static const struct bl_service_meta nobody;
	const struct bl_pins *p = arg;

	if (map == BL_MAP_service_meta)
		return op_update(arg, map, key, &nobody);
	return bpf_map_delete_elem(p->fds[map], key) ? -errno : 0;
}

static int op_each(void *arg, enum bl_map map, bl_map_entry_fn fn, void *fn_arg)
{
	const struct bl_pins *p = arg;

	return bl_maps_each(p->fds[map], map, fn, fn_arg);
}

static uint32_t op_size(void *arg, enum bl_map map)
{
	const struct bl_pins *p = arg;

	return bl_maps_size(p->fds[map]);
}

static uint64_t op_now_ms(void *arg)
{
	(void)arg;
	return bl_time_mono_ns() / BL_NSEC_PER_MSEC;
}

void bl_pins_ops(struct bl_pins *p, struct bl_map_ops *ret_ops)
{
	*ret_ops = (struct bl_map_ops){op_update, op_update_batch, op_erase, op_each,
				       op_size,	  op_now_ms,	   p};
}
