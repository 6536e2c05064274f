// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The backend array.
 *
 * An id's life: it is taken, written with a generation it never had before, used; when its last user leaves, its generation
 * changes at once (so flows and sockets that remember it choose again with their next packet) while it stays live for the
 * grace period: a packet that is just now walking from an old slot still finds it. After that the entry is cleared, its
 * generation changes once more, and the id is free. A backend that is wanted again within the grace period is the same entry
 * again, without a write.
 *
 * The table is an array by id with hash chains through it: 36 bytes a backend, no allocation for each. Entries of free ids stay,
 * because their generation must go on where it ended.
 *
 * Changes are collected and written in one batch. An id that was taken and never written goes back at once.
 */

#include "agent/datapath/backends.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/cleanup.h"
#include "base/mem.h"

void bl_backends_init(struct bl_backends *b, struct bl_map_io *io)
{
	*b = (struct bl_backends){.io = io};
	bl_ranges_init(&b->ids, bl_map_io_size(io, BL_MAP_backend));
	(void)bl_ranges_reserve(&b->ids, 0, 1);
}

void bl_backends_free(struct bl_backends *b)
{
	bl_ranges_free(&b->ids);
	bl_grave_free(&b->grave);
	free(b->v);
	free(b->heads);
	free(b->dirty);
	*b = (struct bl_backends){};
}

/* What makes two backends the same: address, port, protocol, family. */
static struct bl_backend identity(const struct bl_backend *v)
{
	return (struct bl_backend){
		.addr = v->addr,
		.port = v->port,
		.proto = v->proto,
		.flags = v->flags & BL_BACKEND_V6,
	};
}

static uint32_t *head_of(struct bl_backends *b, const struct bl_backend *v)
{
	struct bl_backend key = identity(v);

	return &b->heads[XXH3_64bits(&key, sizeof(key)) & (b->n_heads - 1)];
}

static void hash(struct bl_backends *b, uint32_t id)
{
	uint32_t *head = head_of(b, &b->v[id].value);

	b->v[id].next = *head;
	*head = id;
}

static void unhash(struct bl_backends *b, uint32_t id)
{
	uint32_t *at = head_of(b, &b->v[id].value);

	while (*at && *at != id)
		at = &b->v[*at].next;
	if (*at)
		*at = b->v[id].next;
}

static uint32_t find(struct bl_backends *b, const struct bl_backend *v)
{
	struct bl_backend key = identity(v);
	uint32_t id = b->n_heads ? *head_of(b, v) : 0;

	for (; id; id = b->v[id].next) {
		struct bl_backend have = identity(&b->v[id].value);

		if (memcmp(&have, &key, sizeof(key)) == 0)
			break;
	}
	return id;
}

/* Makes the table hold the id; a larger one gets as many chains as entries. */
static void grow(struct bl_backends *b, uint32_t id)
{
	uint32_t cap = b->cap ? b->cap : 64;

	while (cap <= id)
		cap *= 2;
	if (cap == b->cap)
		return;
	b->v = bl_realloc(b->v, cap, sizeof(*b->v));
	memset(b->v + b->cap, 0, (cap - b->cap) * sizeof(*b->v));
	b->cap = cap;
	free(b->heads);
	b->heads = bl_calloc(cap, sizeof(*b->heads));
	b->n_heads = cap;
	for (uint32_t i = 1; i < cap; i++) {
		if (b->v[i].value.flags & BL_BACKEND_LIVE)
			hash(b, i);
	}
}

static void set_dirty(struct bl_backends *b, uint32_t id)
{
	if (b->n_dirty == b->dirty_cap) {
		b->dirty_cap = b->dirty_cap ? b->dirty_cap * 2 : 64;
		b->dirty = bl_realloc(b->dirty, b->dirty_cap, sizeof(*b->dirty));
	}
	if (!b->v[id].dirty)
		b->dirty[b->n_dirty++] = id;
	b->v[id].dirty = true;
}

/* Clears the entry and gives its id back; the map is written by the caller, or never held it. */
static void forget(struct bl_backends *b, uint32_t id)
{
	unhash(b, id);
	b->v[id].value = (struct bl_backend){.generation = b->v[id].value.generation + 1};
	b->v[id].next = 0;
	b->v[id].fresh = false;
	bl_ranges_release(&b->ids, id, 1);
}

static int add(struct bl_backends *b, struct bl_backend *v, uint32_t *ret_id, struct bl_err *err)
{
	uint32_t id;

	if (bl_ranges_take(&b->ids, 1, 0, &id)) {
		bl_map_io_full(b->io, BL_MAP_backend, err);
		return -ENOSPC;
	}
	grow(b, id);
	v->generation = b->v[id].value.generation + 1;
	b->v[id].value = *v;
	b->v[id].fresh = true;
	hash(b, id);
	set_dirty(b, id);
	*ret_id = id;
	return 0;
}

int bl_backends_get(struct bl_backends *b, const struct bl_ip *ip, uint16_t port, uint8_t proto,
		    bool local, uint32_t *ret_id, struct bl_err *err)
{
	struct bl_backend v = {.port = htons(port), .proto = proto, .flags = BL_BACKEND_LIVE};
	uint32_t id;
	int rc;

	memcpy(&v.addr, ip->b, bl_ip_size(ip));
	v.flags |= ip->family == 6 ? BL_BACKEND_V6 : 0;
	v.flags |= local ? BL_BACKEND_LOCAL : 0;
	id = find(b, &v);
	if (!id) {
		rc = add(b, &v, &id, err);
		if (rc)
			return rc;
	}
	if (b->v[id].value.flags != v.flags) {
		b->v[id].value.flags = v.flags;
		set_dirty(b, id);
	}
	b->live += b->v[id].refs++ == 0;
	*ret_id = id;
	return 0;
}

void bl_backends_share(struct bl_backends *b, uint32_t id, uint32_t users)
{
	b->v[id].refs += users;
}

static void retire(struct bl_backends *b, uint32_t id)
{
	struct bl_backend_entry *e = &b->v[id];

	e->value.generation++;
	set_dirty(b, id);
	bl_grave_push(&b->grave, id, e->value.generation, bl_map_io_now_ms(b->io));
}

void bl_backends_put(struct bl_backends *b, uint32_t id)
{
	if (!id || --b->v[id].refs)
		return;
	b->live--;
	if (b->v[id].fresh)
		forget(b, id);
	else
		retire(b, id);
}

int bl_backends_ref(struct bl_backends *b, uint32_t id, uint8_t family, uint8_t proto)
{
	const struct bl_backend *v;

	if (!id || id >= b->cap)
		return -ENOENT;
	v = &b->v[id].value;
	if (!(v->flags & BL_BACKEND_LIVE) || v->proto != proto ||
	    (v->flags & BL_BACKEND_V6 ? 6 : 4) != family)
		return -ENOENT;
	b->live += b->v[id].refs++ == 0;
	return 0;
}

bool bl_backends_is_written(const struct bl_backends *b, uint32_t id)
{
	return !b->v[id].dirty;
}

int bl_backends_flush(struct bl_backends *b, struct bl_err *err)
{
	BL_FREE struct bl_backend *values = NULL;
	uint32_t at = 0, kept = 0;
	int first = 0;

	if (!b->n_dirty)
		return 0;
	values = bl_calloc(b->n_dirty, sizeof(*values));
	for (uint32_t i = 0; i < b->n_dirty; i++)
		values[i] = b->v[b->dirty[i]].value;
	while (at < b->n_dirty) {
		uint32_t done;
		int rc = bl_map_io_update(b->io, BL_MAP_backend, b->dirty + at, values + at,
					  b->n_dirty - at, &done, first ? NULL : err);

		for (uint32_t end = at + done; at < end; at++)
			b->v[b->dirty[at]].dirty = b->v[b->dirty[at]].fresh = false;
		if (rc)
			b->dirty[kept++] = b->dirty[at++];
		first = first ? first : rc;
	}
	b->n_dirty = kept;
	return first;
}

static int load_entry(void *arg, const void *key, const void *value)
{
	struct bl_backends *b = arg;
	const struct bl_backend *v = value;
	uint32_t id = *(const uint32_t *)key;

	if (!id || (!v->flags && !v->generation))
		return 0;
	grow(b, id);
	b->v[id].value = *v;
	if (!(v->flags & BL_BACKEND_LIVE)) {
		b->v[id].value = (struct bl_backend){.generation = v->generation};
		return 0;
	}
	(void)bl_ranges_reserve(&b->ids, id, 1);
	if (!find(b, v))
		hash(b, id);
	return 0;
}

int bl_backends_load(struct bl_backends *b, struct bl_err *err)
{
	return bl_map_io_each(b->io, BL_MAP_backend, load_entry, b, err);
}

int bl_backends_sweep(struct bl_backends *b, struct bl_err *err)
{
	for (uint32_t id = 1; id < b->cap; id++) {
		if (!b->v[id].refs && b->v[id].value.flags & BL_BACKEND_LIVE)
			retire(b, id);
	}
	return bl_backends_flush(b, err);
}

int bl_backends_collect(struct bl_backends *b)
{
	uint64_t now = bl_map_io_now_ms(b->io);
	struct bl_grave_item item;

	while (bl_grave_pop(&b->grave, now, &item) == 0) {
		struct bl_backend_entry *e = &b->v[item.first];

		if (e->refs || e->value.generation != item.n || !(e->value.flags & BL_BACKEND_LIVE))
			continue; /* used again since */
		forget(b, item.first);
		set_dirty(b, item.first);
	}
	(void)bl_backends_flush(b, NULL);
	return bl_grave_next(&b->grave, now);
}
