// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Map calls that count themselves and whose errors a person understands.
 *
 * The kernel says E2BIG for a full hash map and ENOSPC for a full trie; both become -ENOSPC here, with the map's name and
 * size in the text, because the remedy is the same: a larger size in the agent's configuration. Everything else keeps its
 * code.
 *
 * Several entries go out in one call where the map has such a call, and one by one where it has not. Either way they are written in
 * their order, and who asked learns which one failed.
 *
 * The counters say what was written since start. They are how tests and operators see that a restart, or a wish equal to
 * what is there, writes nothing.
 */

#include "agent/datapath/ops.h"

#include <errno.h>
#include <string.h>

int bl_map_io_full(const struct bl_map_io *io, enum bl_map map, struct bl_err *err)
{
	return bl_err_set(err, -ENOSPC, "map '%s' is full: %u entries", bl_map_table[map].name,
			  bl_map_io_size(io, map));
}

static int update_each(struct bl_map_io *io, enum bl_map map, const char *keys, const char *values,
		       uint32_t n, uint32_t *ret_done)
{
	int rc = 0;

	*ret_done = 0;
	while (!rc && *ret_done < n) {
		rc = io->ops.update(io->ops.arg, map,
				    keys + (size_t)*ret_done * bl_map_table[map].key_size,
				    values + (size_t)*ret_done * bl_map_table[map].value_size);
		*ret_done += rc == 0;
	}
	return rc;
}

int bl_map_io_update(struct bl_map_io *io, enum bl_map map, const void *keys, const void *values,
		     uint32_t n, uint32_t *ret_done, struct bl_err *err)
{
	int rc = -EOPNOTSUPP;

	if (n > 1)
		rc = io->ops.update_batch(io->ops.arg, map, keys, values, n, ret_done);
	if (rc == -EOPNOTSUPP)
		rc = update_each(io, map, keys, values, n, ret_done);
	io->writes += *ret_done;
	if (rc == -E2BIG || rc == -ENOSPC)
		return bl_map_io_full(io, map, err);
	if (rc)
		return bl_err_set(err, rc, "map '%s': write: %s", bl_map_table[map].name,
				  strerror(-rc));
	return 0;
}

int bl_map_io_put(struct bl_map_io *io, enum bl_map map, const void *key, const void *value,
		  struct bl_err *err)
{
	uint32_t done;

	return bl_map_io_update(io, map, key, value, 1, &done, err);
}

int bl_map_io_erase(struct bl_map_io *io, enum bl_map map, const void *key, struct bl_err *err)
{
	int rc = io->ops.erase(io->ops.arg, map, key);

	if (rc && rc != -ENOENT)
		return bl_err_set(err, rc, "map '%s': delete: %s", bl_map_table[map].name,
				  strerror(-rc));
	io->deletes++;
	return 0;
}

int bl_map_io_each(struct bl_map_io *io, enum bl_map map, bl_map_entry_fn fn, void *arg,
		   struct bl_err *err)
{
	int rc = io->ops.each(io->ops.arg, map, fn, arg);

	if (rc < 0)
		return bl_err_set(err, rc, "map '%s': read: %s", bl_map_table[map].name,
				  strerror(-rc));
	return 0;
}

uint32_t bl_map_io_size(const struct bl_map_io *io, enum bl_map map)
{
	return io->ops.size(io->ops.arg, map);
}

uint64_t bl_map_io_now_ms(const struct bl_map_io *io)
{
	return io->ops.now_ms(io->ops.arg);
}
