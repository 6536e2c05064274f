// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/record.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

struct loaded {
	struct bl_record *record;
	size_t n, n_bad;
	struct bl_err bad;
};

static void on_record(void *arg, struct bl_record *r)
{
	struct loaded *l = arg;

	l->n++;
	bl_record_free(l->record);
	l->record = r;
}

static void on_bad(void *arg, const struct bl_err *err)
{
	struct loaded *l = arg;

	l->n_bad++;
	l->bad = *err;
}

static int setup(void **state)
{
	char *dir = bl_strdup("/tmp/bl_record_XXXXXX");

	assert_non_null(mkdtemp(dir));
	*state = dir;
	return 0;
}

static int teardown(void **state)
{
	int rc = rmdir(*state);

	free(*state);
	return rc;
}

static struct bl_record *sample(const char *id)
{
	BL_JSON json_t *request =
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:i}", "container_id", id, "ifname",
			  "eth0", "network", "net", "netns", "/run/netns/x", "pod_namespace",
			  "shop", "pod_name", "cart", "mtu", 1400);
	struct bl_record *r = NULL;

	assert_int_equal(bl_record_new(request, &r, NULL), 0);
	return r;
}

static void record_comes_back_as_it_was_saved(void **state)
{
	struct bl_record *r = sample("one");
	struct loaded l = {};

	bl_ip_parse("10.0.0.5", &r->a.ips[0]);
	bl_ip_parse("fd00::5", &r->a.ips[1]);
	r->a.n_ips = 2;
	memcpy(r->a.mac, "\2\0\0\0\0\xab", 6);
	memcpy(r->a.host_mac, "\2\0\0\0\0\xcd", 6);
	r->committed = true;
	assert_int_equal(bl_record_save(*state, r, NULL), 0);
	assert_int_equal(bl_record_load(*state, on_record, on_bad, &l, NULL), 0);
	assert_int_equal(l.n, 1);
	assert_string_equal(l.record->a.container_id, "one");
	assert_string_equal(l.record->a.ifname, "eth0");
	assert_string_equal(l.record->a.network, "net");
	assert_string_equal(l.record->a.pod_namespace, "shop");
	assert_string_equal(l.record->a.pod_name, "cart");
	assert_string_equal(l.record->a.pod_uid, "");
	assert_string_equal(l.record->a.host_ifname, r->a.host_ifname);
	assert_memory_equal(l.record->a.ips, r->a.ips, sizeof(r->a.ips));
	assert_memory_equal(l.record->a.mac, r->a.mac, 6);
	assert_memory_equal(l.record->a.host_mac, r->a.host_mac, 6);
	assert_int_equal(l.record->a.mtu, 1400);
	assert_int_equal(l.record->committed, true);
	assert_int_equal(bl_record_remove(*state, r, NULL), 0);
	assert_int_equal(bl_record_remove(*state, r, NULL), 0);
	bl_record_free(l.record);
	bl_record_free(r);
}

static void hosts_name_is_the_same_for_ever_and_differs_between_attachments(void **state)
{
	char a[16], b[16];

	(void)state;
	bl_record_host_ifname("one", "eth0", a);
	bl_record_host_ifname("one", "eth0", b);
	assert_string_equal(a, b);
	assert_int_equal(strlen(a), 14);
	assert_int_equal(strncmp(a, "bl", 2), 0);
	bl_record_host_ifname("one", "eth1", b);
	assert_string_not_equal(a, b);
	bl_record_host_ifname("two", "eth0", b);
	assert_string_not_equal(a, b);
}

static void request_that_lacks_or_overdoes_a_field_is_refused(void **state)
{
	static const char *const requests[] = {
		"{}",
		"{\"container_id\":\"\",\"ifname\":\"e\",\"network\":\"n\",\"netns\":\"/\"}",
		"{\"container_id\":5,\"ifname\":\"e\",\"network\":\"n\",\"netns\":\"/\"}",
		"{\"container_id\":\"a\",\"ifname\":\"1234567890123456\",\"network\":\"n\",\"netns\":\"/\"}",
		"{\"container_id\":\"a\",\"ifname\":\"e\",\"network\":\"n\",\"netns\":\"/\",\"mtu\":12}",
	};

	(void)state;
	for (size_t i = 0; i < BL_ARRAY_SIZE(requests); i++) {
		BL_JSON json_t *request = NULL;
		struct bl_record *r = NULL;

		assert_int_equal(bl_json_parse(requests[i], strlen(requests[i]), &request, NULL),
				 0);
		assert_int_equal(bl_record_new(request, &r, NULL), -EINVAL);
		assert_null(r);
	}
}

static void file_that_is_no_record_is_named_and_kept(void **state)
{
	static const char *const texts[] = {
		"", "{}", "[]",
		"{\"container_id\":\"a\",\"ifname\":\"e\",\"network\":\"n\",\"netns\":\"/\",\"ips\":[\"x\"],"
		"\"mac\":\"02:00:00:00:00:01\",\"host_mac\":\"02:00:00:00:00:01\"}",
		"{\"container_id\":\"a\",\"ifname\":\"e\",\"network\":\"n\",\"netns\":\"/\","
		"\"ips\":[\"10.0.0.1\"],\"mac\":\"2:0:0:0:0:1\",\"host_mac\":\"\"}"};
	BL_FREE char *path = bl_asprintf("%s/bl0.json", (char *)*state);

	for (size_t i = 0; i < BL_ARRAY_SIZE(texts); i++) {
		struct loaded l = {};

		assert_int_equal(bl_file_write(path, texts[i], strlen(texts[i]), 0600, NULL), 0);
		assert_int_equal(bl_record_load(*state, on_record, on_bad, &l, NULL), 0);
		assert_int_equal(l.n, 0);
		assert_int_equal(l.n_bad, 1);
		assert_true(bl_str_starts(l.bad.text, path));
		assert_null(strstr(l.bad.text + strlen(path), path)); /* once */
		assert_int_equal(access(path, F_OK), 0);
	}
	unlink(path);
}

static void what_a_crash_left_of_a_write_is_removed(void **state)
{
	BL_FREE char *path = bl_asprintf("%s/bl0.json.abc123", (char *)*state);
	struct loaded l = {};

	assert_int_equal(bl_file_write(path, "{", 1, 0600, NULL), 0);
	assert_int_equal(bl_record_load(*state, on_record, on_bad, &l, NULL), 0);
	assert_int_equal(l.n + l.n_bad, 0);
	assert_int_equal(access(path, F_OK), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(record_comes_back_as_it_was_saved),
		TEST(hosts_name_is_the_same_for_ever_and_differs_between_attachments),
		TEST(request_that_lacks_or_overdoes_a_field_is_refused),
		TEST(file_that_is_no_record_is_named_and_kept),
		TEST(what_a_crash_left_of_a_write_is_removed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
