// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Arrays written through memory, on the real kernel.
 *
 * Skipped where the process may not make maps.
 */

#include "agent/datapath/arrays.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/mem.h"

#define ENTRIES 40000

static int make(enum bl_map map, uint32_t flags)
{
	const struct bl_map_info *row = &bl_map_table[map];
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = flags);
	int fd = bpf_map_create(row->type, "bl_test", row->key_size, row->value_size, ENTRIES,
				&opts);

	if (fd < 0 && errno == EPERM)
		skip();
	assert_true(fd >= 0);
	return fd;
}

static struct bl_backend backend(uint32_t id)
{
	struct bl_backend b = {.port = (__be16)(id & 0xffff),
			       .proto = 6,
			       .flags = BL_BACKEND_LIVE,
			       .generation = ~id};

	memset(&b.addr, (int)(id & 0xff), sizeof(b.addr));
	return b;
}

/* The first, the last, and those about the seams of what is mapped at a time. */
static const uint32_t ids[] = {0, 1, 2, 5460, 5461, 5462, 16383, 16384, 16385, ENTRIES - 1};

static void the_kernel_reads_the_backends_that_were_stored(void **state)
{
	BL_CLOSE int fd = make(BL_MAP_backend, BPF_F_MMAPABLE);
	struct bl_array a;

	(void)state;
	bl_array_open(&a, BL_MAP_backend, fd);
	for (size_t i = 0; i < BL_ARRAY_SIZE(ids); i++) {
		struct bl_backend b = backend(ids[i]);

		assert_int_equal(bl_array_write(&a, ids[i], &b), 0);
	}
	for (size_t i = 0; i < BL_ARRAY_SIZE(ids); i++) {
		struct bl_backend have, want = backend(ids[i]);

		assert_int_equal(bpf_map_lookup_elem(fd, &ids[i], &have), 0);
		assert_memory_equal(&have, &want, sizeof(want));
	}
	bl_array_close(&a);
}

static void a_cleared_backend_is_cleared_whole(void **state)
{
	BL_CLOSE int fd = make(BL_MAP_backend, BPF_F_MMAPABLE);
	struct bl_backend live = backend(7), gone = {.generation = 8}, have;
	uint32_t id = 7;
	struct bl_array a;

	(void)state;
	bl_array_open(&a, BL_MAP_backend, fd);
	assert_int_equal(bl_array_write(&a, id, &live), 0);
	assert_int_equal(bl_array_write(&a, id, &gone), 0);
	assert_int_equal(bpf_map_lookup_elem(fd, &id, &have), 0);
	assert_memory_equal(&have, &gone, sizeof(gone));
	bl_array_close(&a);
}

static void the_kernel_reads_the_slots_that_were_stored(void **state)
{
	BL_CLOSE int fd = make(BL_MAP_slot, BPF_F_MMAPABLE);
	struct bl_array a;

	(void)state;
	bl_array_open(&a, BL_MAP_slot, fd);
	for (size_t i = 0; i < BL_ARRAY_SIZE(ids); i++) {
		bl_slot slot = ids[i] + 1, have = 0;

		assert_int_equal(bl_array_write(&a, ids[i], &slot), 0);
		assert_int_equal(bpf_map_lookup_elem(fd, &ids[i], &have), 0);
		assert_int_equal(have, slot);
	}
	bl_array_close(&a);
}

static struct bl_service_meta name(uint32_t id)
{
	struct bl_service_meta m = {};

	(void)snprintf(m.uid, sizeof(m.uid), "uid-%u", id);
	(void)snprintf(m.namespace, sizeof(m.namespace), "team-%u", id);
	(void)snprintf(m.name, sizeof(m.name), "svc-%u", id);
	return m;
}

static size_t mapped(const struct bl_array *a)
{
	size_t n = 0;

	for (size_t i = 0; i <= a->len / (128 << 10) / 64; i++)
		n += (size_t)__builtin_popcountll(a->there[i]);
	return n;
}

static void the_kernel_reads_the_names_that_were_stored_one_window_after_the_other(void **state)
{
	BL_CLOSE int fd = make(BL_MAP_service_meta, BPF_F_MMAPABLE);
	struct bl_array a;

	(void)state;
	bl_array_open(&a, BL_MAP_service_meta, fd);
	for (uint32_t id = 0; id < 2000; id++) { /* three windows and a half */
		struct bl_service_meta m = name(id);

		assert_int_equal(bl_array_write(&a, id, &m), 0);
		assert_in_range(mapped(&a), 1, 2);
	}
	for (uint32_t id = ENTRIES; id > ENTRIES - 1200; id--) {
		struct bl_service_meta m = name(id - 1);

		assert_int_equal(bl_array_write(&a, id - 1, &m), 0);
		assert_in_range(mapped(&a), 1, 2);
	}
	for (uint32_t id = 0; id < 2000; id++) {
		struct bl_service_meta have, want = name(id);

		assert_int_equal(bpf_map_lookup_elem(fd, &id, &have), 0);
		assert_memory_equal(&have, &want, sizeof(want));
	}
	for (uint32_t id = ENTRIES - 1200; id < ENTRIES; id++) {
		struct bl_service_meta have, want = name(id);

		assert_int_equal(bpf_map_lookup_elem(fd, &id, &have), 0);
		assert_memory_equal(&have, &want, sizeof(want));
	}
	bl_array_close(&a);
}

static void an_index_behind_the_end_is_refused(void **state)
{
	BL_CLOSE int fd = make(BL_MAP_slot, BPF_F_MMAPABLE);
	bl_slot slot = 1;
	struct bl_array a;

	(void)state;
	bl_array_open(&a, BL_MAP_slot, fd);
	assert_int_equal(bl_array_write(&a, ENTRIES, &slot), -E2BIG);
	bl_array_close(&a);
}

static void a_map_that_cannot_be_mapped_is_left_to_calls(void **state)
{
	BL_CLOSE int fd = make(BL_MAP_slot, 0);
	bl_slot slot = 1;
	struct bl_array a;

	(void)state;
	bl_array_open(&a, BL_MAP_slot, fd);
	assert_int_equal(bl_array_write(&a, 0, &slot), -EOPNOTSUPP);
	bl_array_close(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_kernel_reads_the_backends_that_were_stored),
		cmocka_unit_test(a_cleared_backend_is_cleared_whole),
		cmocka_unit_test(the_kernel_reads_the_slots_that_were_stored),
		cmocka_unit_test(
			the_kernel_reads_the_names_that_were_stored_one_window_after_the_other),
		cmocka_unit_test(an_index_behind_the_end_is_refused),
		cmocka_unit_test(a_map_that_cannot_be_mapped_is_left_to_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
