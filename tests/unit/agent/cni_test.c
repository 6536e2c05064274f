// SPDX-License-Identifier: Apache-2.0
/* ADD and DEL. */
#include "cni_fixture.h"

static void add_is_answered_with_addresses_of_both_families(void **state)
{
	struct fixture *f = *state;
	const struct bl_attachment *list;
	struct caller c;
	const json_t *ips;
	size_t n;

	NEED_NETNS(f);
	call(f, &c, request("cni-add", "one"));
	assert_int_equal(c.rc, 0);
	ips = json_object_get(c.ok, "ips");
	assert_string_equal(bl_json_str_at(json_array_get(ips, 0), "address", NULL),
			    "10.244.1.2/32");
	assert_string_equal(bl_json_str_at(json_array_get(ips, 0), "gateway", NULL), "169.254.1.1");
	assert_string_equal(bl_json_str_at(json_array_get(ips, 1), "address", NULL),
			    "fd00:244:1::2/128");
	assert_string_equal(bl_json_str_at(json_array_get(ips, 1), "gateway", NULL), "fe80::1");
	assert_int_equal(json_integer_value(json_object_get(c.ok, "mtu")), 1450);
	assert_string_equal(bl_json_str_at(c.ok, "mac", NULL), "02:00:00:00:00:01");
	list = bl_cni_attachments(f->cni, &n);
	assert_int_equal(n, 1);
	assert_string_equal(list[0].container_id, "one");
	assert_int_equal(records(f, false), 1);
	caller_free(&c);
}

static void add_waits_for_the_apply(void **state)
{
	struct fixture *f = *state;
	struct caller c;

	NEED_NETNS(f);
	f->hold = true;
	caller_start(&c, f->loop, f->socket, request("cni-add", "one"), f->netns);
	spin_until_changes(f, 1);
	bl_cni_applied(f->cni, NULL); /* of a list that it was not in */
	uv_run(bl_loop_uv(f->loop), UV_RUN_NOWAIT);
	assert_int_equal(c.finished, 0);
	apply_now(f);
	caller_wait(&c, f->loop);
	assert_int_equal(c.rc, 0);
	caller_free(&c);
}

static void second_add_is_an_error_and_the_first_stays(void **state)
{
	struct fixture *f = *state;
	size_t n;

	NEED_NETNS(f);
	assert_int_equal(code_of(f, request("cni-add", "one")), 0);
	assert_int_equal(code_of(f, request("cni-add", "one")), BL_CNI_EXISTS);
	(void)bl_cni_attachments(f->cni, &n);
	assert_int_equal(n, 1);
	assert_int_equal(kernel.n, 1);
	assert_int_equal(code_of(f, request("cni-check", "one")), 0);
}

static void add_that_fails_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	struct caller c;

	NEED_NETNS(f);
	kernel.add_rc = -EPERM;
	assert_int_equal(code_of(f, request("cni-add", "one")), BL_CNI_IO_FAILURE);
	expect_nothing_left(f);
	kernel.add_rc = 0;
	f->programmed_rc = -ENOSPC;
	call(f, &c, request("cni-add", "one"));
	assert_int_equal(c.failure.code, BL_CNI_TRY_AGAIN);
	assert_string_equal(c.failure.msg, "not programmed: endpoint4 is full");
	caller_free(&c);
	expect_nothing_left(f);
	f->programmed_rc = 0;
	assert_int_equal(code_of(f, request("cni-add", "one")), 0);
}

static void add_without_a_containers_namespace_is_refused(void **state)
{
	struct fixture *f = *state;
	BL_CLOSE int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	BL_CLOSE int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int saved = f->netns;

	f->netns = own;
	assert_int_equal(code_of(f, request("cni-add", "one")), BL_CNI_BAD_ENVIRONMENT);
	f->netns = null;
	assert_int_equal(code_of(f, request("cni-add", "one")), BL_CNI_BAD_ENVIRONMENT);
	f->netns = -1;
	assert_int_equal(code_of(f, request("cni-add", "one")), BL_CNI_BAD_ENVIRONMENT);
	f->netns = saved;
	expect_nothing_left(f);
}

static void caller_that_leaves_undoes_its_add(void **state)
{
	struct fixture *f = *state;
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	BL_BUF struct bl_buf frame = {};
	BL_JSON json_t *r = request("cni-add", "one");
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	NEED_NETNS(f);
	f->hold = true;
	strcpy(addr.sun_path, f->socket);
	assert_int_equal(connect(sock, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(bl_ipc_frame_put(&frame, r, BL_IPC_REQUEST_MAX), 0);
	assert_int_equal(bl_ipc_send(sock, frame.data, frame.len, f->netns), frame.len);
	spin_until_changes(f, 1);
	assert_int_equal(kernel.n, 1);
	close(sock);
	spin_until_changes(f, 2);
	apply_now(f);
	expect_nothing_left(f);
}

static void requested_address_is_honoured_or_refused_clearly(void **state)
{
	struct fixture *f = *state;
	struct caller c;

	NEED_NETNS(f);
	call(f, &c, request_ip("one", "10.244.1.5"));
	assert_int_equal(c.rc, 0);
	assert_string_equal(
		bl_json_str_at(json_array_get(json_object_get(c.ok, "ips"), 0), "address", NULL),
		"10.244.1.5/32");
	assert_int_equal(json_array_size(json_object_get(c.ok, "ips")), 2);
	caller_free(&c);
	call(f, &c, request_ip("two", "10.244.1.5"));
	assert_int_equal(c.failure.code, BL_CNI_ADDRESS_IN_USE);
	assert_string_equal(c.failure.msg, "address 10.244.1.5 is in use");
	caller_free(&c);
	assert_int_equal(code_of(f, request_ip("two", "10.9.9.9")), BL_CNI_BAD_CONFIG);
	assert_int_equal(code_of(f, request_ip("two", "10.244.1.1")), BL_CNI_BAD_CONFIG);
	assert_int_equal(kernel.n, 1);
}

static void full_prefix_is_an_error_of_its_own_and_gives_back(void **state)
{
	static const char *const ids[] = {"a", "b", "c", "d", "e"};
	struct fixture *f = *state;

	NEED_NETNS(f);
	for (size_t i = 0; i < BL_ARRAY_SIZE(ids); i++)
		assert_int_equal(code_of(f, request("cni-add", ids[i])), 0);
	assert_int_equal(code_of(f, request("cni-add", "f")), BL_CNI_NO_ADDRESS);
	assert_int_equal(code_of(f, bl_ipc_request("cni-status")), BL_CNI_NOT_AVAILABLE);
	assert_int_equal(code_of(f, request("cni-del", "c")), 0);
	assert_int_equal(code_of(f, bl_ipc_request("cni-status")), 0);
	assert_int_equal(code_of(f, request("cni-add", "f")), 0);
}

static void parallel_adds_get_addresses_of_their_own(void **state)
{
	static const char *const ids[] = {"a", "b", "c", "d", "e"};
	struct fixture *f = *state;
	struct caller c[BL_ARRAY_SIZE(ids)];
	const struct bl_attachment *list;
	size_t n;

	NEED_NETNS(f);
	for (size_t i = 0; i < BL_ARRAY_SIZE(ids); i++)
		caller_start(&c[i], f->loop, f->socket, request("cni-add", ids[i]), f->netns);
	for (size_t i = 0; i < BL_ARRAY_SIZE(ids); i++) {
		caller_wait(&c[i], f->loop);
		assert_int_equal(c[i].rc, 0);
		caller_free(&c[i]);
	}
	list = bl_cni_attachments(f->cni, &n);
	assert_int_equal(n, BL_ARRAY_SIZE(ids));
	for (size_t i = 1; i < n; i++)
		assert_true(bl_ip_cmp(&list[i - 1].ips[0], &list[i].ips[0]) < 0);
}

static void del_succeeds_always_and_again(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(code_of(f, request("cni-del", "never")), 0);
	NEED_NETNS(f);
	assert_int_equal(code_of(f, request("cni-add", "one")), 0);
	assert_int_equal(code_of(f, request("cni-del", "one")), 0);
	expect_nothing_left(f);
	assert_int_equal(code_of(f, request("cni-del", "one")), 0);
}

static void address_is_free_only_after_the_entries_are_gone(void **state)
{
	struct fixture *f = *state;
	struct caller c;

	NEED_NETNS(f);
	assert_int_equal(code_of(f, request_ip("one", "10.244.1.5")), 0);
	f->hold = true;
	caller_start(&c, f->loop, f->socket, request("cni-del", "one"), -1);
	spin_until_changes(f, 2);
	assert_int_equal(kernel.n, 1);
	assert_int_equal(code_of(f, request_ip("two", "10.244.1.5")), BL_CNI_ADDRESS_IN_USE);
	apply_now(f);
	caller_wait(&c, f->loop);
	assert_int_equal(c.rc, 0);
	caller_free(&c);
	f->hold = false;
	assert_int_equal(code_of(f, request_ip("two", "10.244.1.5")), 0);
}

static void del_does_not_wait_for_an_api_server_that_never_came(void **state)
{
	struct fixture *f = *state;

	NEED_NETNS(f);
	assert_int_equal(code_of(f, request("cni-add", "one")), 0);
	assert_int_equal(code_of(f, request("cni-add", "two")), 0);
	close_cni(f);
	f->hold = true;
	open_cni(f);
	assert_int_equal(code_of(f, request("cni-del", "one")), 0);
	assert_int_equal(code_of(f, json_pack("{s:s, s:s, s:[]}", "op", "cni-gc", "network", "net",
					      "valid")),
			 0);
	expect_nothing_left(f);
}

static void del_that_fails_is_finished_by_the_next(void **state)
{
	struct fixture *f = *state;

	NEED_NETNS(f);
	assert_int_equal(code_of(f, request("cni-add", "one")), 0);
	kernel.del_rc = -EBUSY;
	assert_int_equal(code_of(f, request("cni-del", "one")), BL_CNI_TRY_AGAIN);
	assert_int_equal(records(f, false), 1);
	kernel.del_rc = 0;
	assert_int_equal(code_of(f, request("cni-del", "one")), 0);
	expect_nothing_left(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(add_is_answered_with_addresses_of_both_families),
		TEST(add_waits_for_the_apply),
		TEST(second_add_is_an_error_and_the_first_stays),
		TEST(add_that_fails_leaves_nothing),
		TEST(add_without_a_containers_namespace_is_refused),
		TEST(caller_that_leaves_undoes_its_add),
		TEST(requested_address_is_honoured_or_refused_clearly),
		TEST(full_prefix_is_an_error_of_its_own_and_gives_back),
		TEST(parallel_adds_get_addresses_of_their_own),
		TEST(del_succeeds_always_and_again),
		TEST(address_is_free_only_after_the_entries_are_gone),
		TEST(del_does_not_wait_for_an_api_server_that_never_came),
		TEST(del_that_fails_is_finished_by_the_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
