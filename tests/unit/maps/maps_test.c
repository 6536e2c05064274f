// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The room maps against real maps, pinned in a bpffs folder of this test's own.
 *
 * Without root or without a bpffs the tests that need them are skipped and say so.
 */

#include "maps/maps.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "beeline/config.h"
#include "beeline/reason.h"

static char pin_dir[64];

static char *pin_path(enum bl_map map)
{
	BL_FREE char *dir = bl_maps_dir(pin_dir, "maps");

	return bl_asprintf("%s/%s", dir, bl_map_table[map].name);
}

static int make_map(enum bl_map map, uint32_t value_size, uint32_t entries)
{
	const struct bl_map_info *row = &bl_map_table[map];
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = row->flags);
	BL_FREE char *path = pin_path(map);
	int fd;

	fd = bpf_map_create(row->type, row->name, row->key_size, value_size, entries, &opts);
	if (fd < 0 || bpf_obj_pin(fd, path))
		fail_msg("%s: %s", path, strerror(errno));
	return fd;
}

static int setup(void **state)
{
	BL_FREE char *dir = NULL;
	struct bl_err err = {};

	(void)state;
	(void)snprintf(pin_dir, sizeof(pin_dir), "/sys/fs/bpf/bl-maps-test-%d", (int)getpid());
	dir = bl_maps_dir(pin_dir, "maps");
	if (geteuid() != 0 || bl_file_mkdirs(dir, 0700, &err)) {
		print_message("needs root and a bpffs: %s\n", bl_err_text(&err));
		pin_dir[0] = '\0';
	}
	return 0;
}

static int teardown(void **state)
{
	BL_FREE char *maps = bl_maps_dir(pin_dir, "maps");
	BL_FREE char *abi = bl_maps_dir(pin_dir, NULL);

	(void)state;
	for (int i = 0; i < BL_MAP_COUNT; i++) {
		BL_FREE char *path = pin_path((enum bl_map)i);

		(void)unlink(path);
	}
	(void)rmdir(maps);
	(void)rmdir(abi);
	(void)rmdir(pin_dir);
	return 0;
}

static void need_bpffs(void)
{
	if (!pin_dir[0])
		skip();
}

static void every_map_is_found_by_its_name(void **state)
{
	enum bl_map map;

	(void)state;
	for (int i = 0; i < BL_MAP_COUNT; i++) {
		assert_int_equal(bl_maps_find(bl_map_table[i].name, &map), 0);
		assert_int_equal(map, i);
	}
	assert_int_equal(bl_maps_find("nothing", &map), -ENOENT);
}

static void every_entry_prints(void **state)
{
	char key[64], value[4096];

	(void)state;
	memset(key, 0, sizeof(key));
	memset(value, 1, sizeof(value));
	for (int i = 0; i < BL_MAP_COUNT; i++) {
		BL_JSON json_t *j = bl_maps_entry_json((enum bl_map)i, key, value);

		assert_non_null(json_object_get(j, "key"));
		assert_non_null(json_object_get(j, "value"));
	}
}

static void a_service_prints_with_names(void **state)
{
	struct bl_service4_key key = {
		.port = htons(80), .proto = IPPROTO_TCP, .scope = BL_SCOPE_CLUSTER};
	struct bl_service value = {.id = 3, .first_slot = 10, .slot_count = 2};
	BL_JSON json_t *j = NULL;
	BL_FREE char *text = NULL;

	(void)state;
	inet_pton(AF_INET, "10.96.0.1", &key.addr);
	j = bl_maps_entry_json(BL_MAP_service4, &key, &value);
	text = bl_json_dump(j);
	assert_string_equal(
		text, "{\"key\":{\"address\":\"10.96.0.1\",\"port\":80,\"protocol\":\"TCP\","
		      "\"scope\":\"cluster\"},\"value\":{\"id\":3,\"first_slot\":10,\"slots\":2,"
		      "\"flags\":[],\"affinity_s\":0}}");
}

static void an_unused_slot_is_left_out(void **state)
{
	uint32_t key = 1;
	bl_slot value = 0;

	(void)state;
	assert_null(bl_maps_entry_json(BL_MAP_slot, &key, &value));
}

static int count(void *arg, const void *key, const void *value)
{
	uint64_t *sum = arg;

	(void)key;
	*sum += *(const uint32_t *)value;
	return 0;
}

static void a_walk_sees_every_entry_of_a_large_hash(void **state)
{
	BL_CLOSE int fd = -1;
	uint64_t sum = 0;

	(void)state;
	need_bpffs();
	fd = make_map(BL_MAP_service4, sizeof(struct bl_service), 65536);
	for (uint32_t i = 1; i <= 5000; i++) {
		struct bl_service4_key key = {.addr.w[0] = htonl(i)};
		struct bl_service value = {.id = i};

		assert_int_equal(bpf_map_update_elem(fd, &key, &value, BPF_NOEXIST), 0);
	}
	assert_int_equal(bl_maps_each(fd, BL_MAP_service4, count, &sum), 0);
	assert_int_equal(sum, 5000ULL * 5001 / 2);
	assert_int_equal(bl_maps_size(fd), 65536);
}

static void a_walk_sees_tries_and_empty_maps(void **state)
{
	struct bl_prefix4_key key = {.len = 8, .addr.w[0] = htonl(0x0a000000)};
	struct bl_prefix value = {.flags = 7};
	BL_CLOSE int fd = -1;
	uint64_t sum = 0;

	(void)state;
	need_bpffs();
	fd = make_map(BL_MAP_prefix4, sizeof(struct bl_prefix), 16);
	assert_int_equal(bl_maps_each(fd, BL_MAP_prefix4, count, &sum), 0);
	assert_int_equal(sum, 0);
	assert_int_equal(bpf_map_update_elem(fd, &key, &value, BPF_ANY), 0);
	assert_int_equal(bl_maps_each(fd, BL_MAP_prefix4, count, &sum), 0);
	assert_int_equal(sum, 7);
}

static void an_absent_map_is_named(void **state)
{
	struct bl_err err = {};
	int fd = -1;

	(void)state;
	need_bpffs();
	assert_int_equal(bl_maps_open(pin_dir, BL_MAP_flow6, true, &fd, &err), -ENOENT);
	assert_non_null(strstr(err.text, "maps/flow6"));
	assert_int_equal(fd, -1);
}

static void another_layout_is_refused(void **state)
{
	struct bl_err err = {};
	BL_CLOSE int made = -1;
	int fd = -1;

	(void)state;
	need_bpffs();
	made = make_map(BL_MAP_config, sizeof(struct bl_config) + 4, 1);
	assert_int_equal(bl_maps_open(pin_dir, BL_MAP_config, true, &fd, &err), -EPROTO);
	assert_int_equal(fd, -1);
}

static void a_read_only_map_refuses_writes(void **state)
{
	struct bl_endpoint value = {.flags = BL_ENDPOINT_HOST};
	struct bl_addr4 key = {};
	struct bl_err err = {};
	BL_CLOSE int made = -1;
	BL_CLOSE int fd = -1;

	(void)state;
	need_bpffs();
	made = make_map(BL_MAP_endpoint4, sizeof(struct bl_endpoint), 16);
	assert_int_equal(bl_maps_open(pin_dir, BL_MAP_endpoint4, true, &fd, &err), 0);
	assert_int_equal(bpf_map_update_elem(fd, &key, &value, BPF_ANY), -EPERM);
}

static void counters_add_up_all_cpus(void **state)
{
	unsigned int cpus = bl_maps_value_cpus(BL_MAP_counter);
	BL_FREE struct bl_counter *values = bl_calloc(cpus, sizeof(*values));
	uint32_t key = BL_DROP_ROUTE;
	BL_JSON json_t *list = NULL;
	BL_CLOSE int fd = -1;
	struct bl_err err = {};
	json_t *row;

	(void)state;
	need_bpffs();
	fd = make_map(BL_MAP_counter, sizeof(struct bl_counter), 64);
	for (unsigned int i = 0; i < cpus; i++)
		values[i] = (struct bl_counter){.packets = 2, .bytes = 100};
	assert_int_equal(bpf_map_update_elem(fd, &key, values, BPF_ANY), 0);
	assert_int_equal(bl_maps_counters(pin_dir, &list, &err), 0);
	assert_int_equal(json_array_size(list), BL_REASON_COUNT);
	row = json_array_get(list, BL_DROP_ROUTE);
	assert_string_equal(bl_json_str_at(row, "name", NULL), "route");
	assert_int_equal(json_integer_value(json_object_get(row, "packets")), 2 * cpus);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_map_is_found_by_its_name),
		cmocka_unit_test(every_entry_prints),
		cmocka_unit_test(a_service_prints_with_names),
		cmocka_unit_test(an_unused_slot_is_left_out),
		cmocka_unit_test_setup_teardown(a_walk_sees_every_entry_of_a_large_hash, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_walk_sees_tries_and_empty_maps, setup, teardown),
		cmocka_unit_test_setup_teardown(an_absent_map_is_named, setup, teardown),
		cmocka_unit_test_setup_teardown(another_layout_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(a_read_only_map_refuses_writes, setup, teardown),
		cmocka_unit_test_setup_teardown(counters_add_up_all_cpus, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
