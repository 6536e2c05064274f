// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Map calls that count themselves and whose errors a person understands.
 *
 * The kernel says E2BIG for a full hash map and ENOSPC for a full trie; both become -ENOSPC here, with the map's name and
 * size in the text, because the remedy is the same: a larger size in the agent's configuration. Everything else keeps its
 * code.
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

int bl_map_io_update(struct bl_map_io *io, enum bl_map map, const void *keys, const void *values,
		     uint32_t n, struct bl_err *err)
{
	int rc;

	if (!n)
		return 0;
	rc = io->ops.update(io->ops.arg, map, keys, values, n);
	if (rc == -E2BIG || rc == -ENOSPC)
		return bl_map_io_full(io, map, err);
	if (rc)
		return bl_err_set(err, rc, "map '%s': write: %s", bl_map_table[map].name,
				  strerror(-rc));
	io->writes += n;
	return 0;
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
