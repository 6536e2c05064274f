// SPDX-License-Identifier: Apache-2.0
/* Restart, CHECK, GC, STATUS, and the conflist. */
#include "cni_fixture.h"

static void restart_keeps_what_is_committed_and_undoes_the_rest(void **state)
{
	struct fixture *f = *state;
	BL_BUF struct bl_buf text = {};
	char name[16], path[128];
	const struct bl_attachment *list;
	char *committed;
	size_t n;

	NEED_NETNS(f);
	assert_int_equal(code_of(f, request("cni-add", "one")), 0);
	assert_int_equal(code_of(f, request("cni-add", "two")), 0);
	assert_int_equal(code_of(f, request("cni-add", "gone")), 0);
	list = bl_cni_attachments(f->cni, &n);
	strcpy(name, list[1].host_ifname);
	*link_named(list[2].host_ifname) = '\0';
	close_cni(f);
	snprintf(path, sizeof(path), "%s/%s.json", f->records, name);
	assert_int_equal(bl_file_read(path, 10000, &text, NULL), 0);
	committed = strstr(text.data, "\"committed\":true");
	assert_non_null(committed);
	memcpy(committed, "\"committed\":null", 16);
	assert_int_equal(bl_file_write(path, text.data, text.len, 0600, NULL), 0);
	open_cni(f);
	list = bl_cni_attachments(f->cni, &n);
	assert_int_equal(n, 1);
	assert_string_equal(list[0].container_id, "one");
	assert_memory_equal(list[0].mac, "\2\0\0\0\0\1", 6);
	assert_int_equal(bl_cni_count(f->cni), 2);
	assert_null(link_named(name));
	assert_int_equal(code_of(f, request_ip("new", "10.244.1.4")), BL_CNI_ADDRESS_IN_USE);
	assert_int_equal(code_of(f, request_ip("new", "10.244.1.3")), 0);
	assert_int_equal(code_of(f, request("cni-check", "gone")), BL_CNI_DIFFERS);
	assert_int_equal(code_of(f, request("cni-del", "gone")), 0);
}

static void unreadable_record_is_kept(void **state)
{
	struct fixture *f = *state;
	char path[128];

	close_cni(f);
	snprintf(path, sizeof(path), "%s/blffffffffffff.json", f->records);
	assert_int_equal(bl_file_write(path, "{\"x\"", 4, 0600, NULL), 0);
	open_cni(f);
	assert_int_equal(bl_cni_count(f->cni), 0);
	assert_int_equal(records(f, false), 1);
}

static void check_tells_what_differs(void **state)
{
	struct fixture *f = *state;
	json_t *r;

	NEED_NETNS(f);
	assert_int_equal(code_of(f, request("cni-check", "one")), BL_CNI_UNKNOWN_CONTAINER);
	assert_int_equal(code_of(f, request("cni-add", "one")), 0);
	r = request("cni-check", "one");
	json_object_set_new(r, "ips", json_pack("[s,s]", "10.244.1.2", "fd00:244:1::2"));
	assert_int_equal(code_of(f, r), 0);
	r = request("cni-check", "one");
	json_object_set_new(r, "ips", json_pack("[s,s]", "10.244.1.3", "fd00:244:1::2"));
	assert_int_equal(code_of(f, r), BL_CNI_DIFFERS);
	r = request("cni-check", "one");
	json_object_set_new(r, "ips", json_pack("[s]", "10.244.1.2"));
	assert_int_equal(code_of(f, r), BL_CNI_DIFFERS);
	kernel.check_rc = -ENODEV;
	assert_int_equal(code_of(f, request("cni-check", "one")), BL_CNI_DIFFERS);
	kernel.check_rc = 0;
	f->programmed_rc = -ENOENT;
	assert_int_equal(code_of(f, request("cni-check", "one")), BL_CNI_DIFFERS);
	f->programmed_rc = 0;
	memset(kernel.links, 0, sizeof(kernel.links));
	assert_int_equal(code_of(f, request("cni-check", "one")), BL_CNI_DIFFERS);
}

static void gc_keeps_exactly_the_valid_ones_of_its_network(void **state)
{
	struct fixture *f = *state;
	struct caller c;
	json_t *r;

	NEED_NETNS(f);
	assert_int_equal(code_of(f, request("cni-add", "valid")), 0);
	assert_int_equal(code_of(f, request("cni-add", "stale1")), 0);
	assert_int_equal(code_of(f, request("cni-add", "stale2")), 0);
	r = request("cni-add", "other");
	json_object_set_new(r, "network", json_string("other"));
	assert_int_equal(code_of(f, r), 0);
	call(f, &c,
	     json_pack("{s:s, s:s, s:[{s:s, s:s}]}", "op", "cni-gc", "network", "net", "valid",
		       "container_id", "valid", "ifname", "eth0"));
	assert_int_equal(c.rc, 0);
	assert_int_equal(json_integer_value(json_object_get(c.ok, "removed")), 2);
	caller_free(&c);
	assert_int_equal(bl_cni_count(f->cni), 2);
	assert_int_equal(code_of(f, request("cni-check", "valid")), 0);
	assert_int_equal(code_of(f, request("cni-check", "other")), 0);
	assert_int_equal(kernel.n, 2);
}

static void gc_reports_a_failure_and_the_next_one_finishes(void **state)
{
	struct fixture *f = *state;

	NEED_NETNS(f);
	assert_int_equal(code_of(f, request("cni-add", "stale")), 0);
	kernel.del_rc = -EBUSY;
	assert_int_equal(code_of(f, json_pack("{s:s, s:s, s:[]}", "op", "cni-gc", "network", "net",
					      "valid")),
			 BL_CNI_TRY_AGAIN);
	kernel.del_rc = 0;
	assert_int_equal(code_of(f, json_pack("{s:s, s:s, s:[]}", "op", "cni-gc", "network", "net",
					      "valid")),
			 0);
	expect_nothing_left(f);
}

static void node_that_is_not_ready_says_so(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(code_of(f, bl_ipc_request("cni-status")), 0);
	bl_cni_set_unready(f->cni, "services are not synced");
	assert_int_equal(code_of(f, bl_ipc_request("cni-status")), BL_CNI_NOT_AVAILABLE);
	assert_int_equal(code_of(f, request("cni-add", "one")), BL_CNI_TRY_AGAIN);
	bl_cni_set_unready(f->cni, NULL);
	bl_cni_set_cidrs(f->cni, NULL, 0);
	assert_int_equal(code_of(f, bl_ipc_request("cni-status")), BL_CNI_NOT_AVAILABLE);
	assert_string_equal(bl_cni_unready(f->cni), "the node has no pod prefix yet");
}

static void link_that_goes_away_leaves_the_list(void **state)
{
	struct fixture *f = *state;
	size_t n, changes;

	NEED_NETNS(f);
	assert_int_equal(code_of(f, request("cni-add", "one")), 0);
	changes = f->changes;
	bl_cni_links_changed(f->cni);
	assert_int_equal(f->changes, changes);
	memset(kernel.links, 0, sizeof(kernel.links));
	bl_cni_links_changed(f->cni);
	assert_int_equal(f->changes, changes + 1);
	(void)bl_cni_attachments(f->cni, &n);
	assert_int_equal(n, 0);
	assert_int_equal(bl_cni_count(f->cni), 1);
}

static void conflist_is_installed_once(void **state)
{
	struct fixture *f = *state;
	BL_JSON json_t *conf = NULL;
	const json_t *plugin;
	char dir[64], path[128];
	struct stat first, second;

	snprintf(dir, sizeof(dir), "%s/net.d", f->dir);
	snprintf(path, sizeof(path), "%s/10-beeline.conflist", dir);
	assert_int_equal(bl_cni_install_conf(dir, "/run/x.sock", NULL), 0);
	assert_int_equal(stat(path, &first), 0);
	assert_int_equal(bl_cni_install_conf(dir, "/run/x.sock", NULL), 0);
	assert_int_equal(stat(path, &second), 0);
	assert_int_equal(first.st_ino, second.st_ino);
	assert_int_equal(bl_json_load_file(path, 10000, &conf, NULL), 0);
	assert_string_equal(bl_json_str_at(conf, "cniVersion", NULL), "1.0.0");
	plugin = json_array_get(json_object_get(conf, "plugins"), 0);
	assert_string_equal(bl_json_str_at(plugin, "type", NULL), "beeline-cni");
	assert_string_equal(bl_json_str_at(plugin, "socket", NULL), "/run/x.sock");
	unlink(path);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(restart_keeps_what_is_committed_and_undoes_the_rest),
		TEST(unreadable_record_is_kept),
		TEST(check_tells_what_differs),
		TEST(gc_keeps_exactly_the_valid_ones_of_its_network),
		TEST(gc_reports_a_failure_and_the_next_one_finishes),
		TEST(node_that_is_not_ready_says_so),
		TEST(link_that_goes_away_leaves_the_list),
		TEST(conflist_is_installed_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
