// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: A kernel's maps without a kernel.
 *
 * Hashes are unordered lists, arrays are there from the start; a full hash answers E2BIG as the kernel does. A failing
 * call writes nothing but may fail for several calls in a row, which is how undo paths are reached.
 */

#include "fake_maps.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>

#include "base/mem.h"

static const char *key_at(const struct fake_maps *f, enum bl_map map, uint32_t i)
{
	return f->maps[map].keys.data + (size_t)i * bl_map_table[map].key_size;
}

static char *value_at(const struct fake_maps *f, enum bl_map map, uint32_t i)
{
	return f->maps[map].values.data + (size_t)i * bl_map_table[map].value_size;
}

static bool is_array(enum bl_map map)
{
	return bl_map_table[map].type == BPF_MAP_TYPE_ARRAY;
}

static uint32_t find(const struct fake_maps *f, enum bl_map map, const void *key)
{
	uint32_t i = 0;

	if (is_array(map))
		return *(const uint32_t *)key;
	while (i < f->maps[map].n && memcmp(key_at(f, map, i), key, bl_map_table[map].key_size))
		i++;
	return i;
}

const void *fake_maps_get(const struct fake_maps *f, enum bl_map map, const void *key)
{
	uint32_t i = find(f, map, key);

	return i < f->maps[map].n ? value_at(f, map, i) : NULL;
}

static int put(struct fake_maps *f, enum bl_map map, const void *key, const void *value)
{
	uint32_t i = find(f, map, key);

	if (i >= f->maps[map].size)
		return -E2BIG;
	if (i < f->maps[map].n) {
		memcpy(value_at(f, map, i), value, bl_map_table[map].value_size);
		return 0;
	}
	bl_buf_append(&f->maps[map].keys, key, bl_map_table[map].key_size);
	bl_buf_append(&f->maps[map].values, value, bl_map_table[map].value_size);
	f->maps[map].n++;
	return 0;
}

void fake_maps_put(struct fake_maps *f, enum bl_map map, const void *key, const void *value)
{
	(void)put(f, map, key, value);
}

static bool is_zero(const char *p, size_t n)
{
	while (n && !*p) {
		p++;
		n--;
	}
	return n == 0;
}

uint32_t fake_maps_count(const struct fake_maps *f, enum bl_map map)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < f->maps[map].n; i++)
		n += !is_array(map) || !is_zero(value_at(f, map, i), bl_map_table[map].value_size);
	return n;
}

static bool is_astray(const struct fake_maps *f, const struct bl_service *s)
{
	for (uint32_t i = 0; i < s->slot_count; i++) {
		uint32_t index = s->first_slot + i;
		const bl_slot *slot = fake_maps_get(f, BL_MAP_slot, &index);
		const struct bl_backend *b;

		b = slot && *slot ? fake_maps_get(f, BL_MAP_backend, slot) : NULL;
		if (!b || !(b->flags & BL_BACKEND_LIVE))
			return true;
	}
	return false;
}

static void check(struct fake_maps *f)
{
	static const enum bl_map maps[] = {BL_MAP_service4, BL_MAP_service6};

	for (size_t m = 0; m < BL_ARRAY_SIZE(maps); m++) {
		for (uint32_t i = 0; i < f->maps[maps[m]].n; i++)
			f->astray += is_astray(f, (void *)value_at(f, maps[m], i));
	}
}

static bool fails(struct fake_maps *f)
{
	f->calls++;
	return f->fail_at && f->calls >= f->fail_at && f->calls < f->fail_at + f->fail_for;
}

static int put_or_refuse(struct fake_maps *f, enum bl_map map, const void *key, const void *value)
{
	if (f->refuse_key && f->refuse_map == map &&
	    memcmp(f->refuse_key, key, bl_map_table[map].key_size) == 0)
		return f->fail_code;
	return put(f, map, key, value);
}

static int update(void *arg, enum bl_map map, const void *key, const void *value)
{
	struct fake_maps *f = arg;
	int rc = fails(f) ? f->fail_code : put_or_refuse(f, map, key, value);

	check(f);
	return rc;
}

static int update_batch(void *arg, enum bl_map map, const void *keys, const void *values,
			uint32_t n, uint32_t *ret_done)
{
	struct fake_maps *f = arg;
	const char *key = keys, *value = values;
	int rc = 0;

	if (f->no_batch)
		return -EOPNOTSUPP;
	*ret_done = 0;
	if (fails(f))
		return f->fail_code;
	for (uint32_t i = 0; !rc && i < n; i++) {
		rc = put_or_refuse(f, map, key, value);
		*ret_done += rc == 0;
		key += bl_map_table[map].key_size;
		value += bl_map_table[map].value_size;
	}
	check(f);
	return rc;
}

static int erase(void *arg, enum bl_map map, const void *key)
{
	struct fake_maps *f = arg;
	size_t ks = bl_map_table[map].key_size, vs = bl_map_table[map].value_size;
	uint32_t i = find(f, map, key), last = f->maps[map].n - 1;

	if (fails(f))
		return f->fail_code;
	if (i >= f->maps[map].n)
		return -ENOENT;
	if (is_array(map)) {
		memset(value_at(f, map, i), 0, vs);
		return 0;
	}
	memmove(f->maps[map].keys.data + i * ks, key_at(f, map, last), ks);
	memmove(value_at(f, map, i), value_at(f, map, last), vs);
	f->maps[map].keys.len -= ks;
	f->maps[map].values.len -= vs;
	f->maps[map].n--;
	check(f);
	return 0;
}

static int each(void *arg, enum bl_map map, bl_map_entry_fn fn, void *fn_arg)
{
	const struct fake_maps *f = arg;

	for (uint32_t i = 0; i < f->maps[map].n; i++) {
		int rc = fn(fn_arg, key_at(f, map, i), value_at(f, map, i));

		if (rc)
			return rc;
	}
	return 0;
}

static uint32_t size(void *arg, enum bl_map map)
{
	const struct fake_maps *f = arg;

	return f->maps[map].size;
}

static uint64_t now_ms(void *arg)
{
	const struct fake_maps *f = arg;

	return f->now_ms;
}

void fake_maps_init(struct fake_maps *f)
{
	char zero[256] = {};

	*f = (struct fake_maps){.fail_for = 1, .fail_code = -EIO, .now_ms = 1000000};
	for (int m = 0; m < BL_MAP_COUNT; m++) {
		f->maps[m].size = m == BL_MAP_slot ? 256 : m == BL_MAP_cell_range ? 1024 : 64;
		for (uint32_t i = 0; is_array((enum bl_map)m) && i < f->maps[m].size; i++) {
			bl_buf_append(&f->maps[m].keys, &i, sizeof(i));
			bl_buf_append(&f->maps[m].values, zero, bl_map_table[m].value_size);
			f->maps[m].n++;
		}
	}
}

void fake_maps_free(struct fake_maps *f)
{
	for (int m = 0; m < BL_MAP_COUNT; m++) {
		bl_buf_free(&f->maps[m].keys);
		bl_buf_free(&f->maps[m].values);
	}
}

void fake_maps_io(struct fake_maps *f, struct bl_map_io *ret_io)
{
	*ret_io = (struct bl_map_io){.ops = {update, update_batch, erase, each, size, now_ms, f}};
}
