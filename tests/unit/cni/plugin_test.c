// SPDX-License-Identifier: Apache-2.0
/* The plugin's commands against an agent that answers what the test says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../../cni-plugin/plugin.h"
#include "base/json.h"
#include "base/mem.h"
#include "ipc/frame.h"
#include "ipc/messages.h"

static struct fixture {
	char dir[32], path[64], netns[64];
	int listener, netns_fd;
	const char *answer; /* JSON */
	json_t *request;    /* what the agent was asked */
	bool got_fd;
	const char *command, *container_id, *netns_var;
} f;

/* Answers one connection. */
static void *serve(void *arg)
{
	BL_CLOSE int sock = accept(f.listener, NULL, NULL);
	BL_JSON json_t *answer = NULL;
	BL_BUF struct bl_buf in = {};
	BL_BUF struct bl_buf out = {};
	BL_CLOSE int fd = -1;
	size_t need;

	(void)arg;
	while (bl_ipc_frame_get(in.data, in.len, BL_IPC_REQUEST_MAX, &f.request, &need, NULL)) {
		ssize_t n = bl_ipc_recv(sock, bl_buf_reserve(&in, 4096), 4096, &fd);

		if (n == -EAGAIN)
			poll(&(struct pollfd){.fd = sock, .events = POLLIN}, 1, -1);
		else if (n <= 0)
			return NULL;
		else
			in.len += (size_t)n;
	}
	f.got_fd = fd >= 0;
	if (!bl_json_parse(f.answer, strlen(f.answer), &answer, NULL) &&
	    !bl_ipc_frame_put(&out, answer, BL_IPC_ANSWER_MAX))
		(void)bl_ipc_send(sock, out.data, out.len, -1);
	return NULL;
}

static void *make_netns(void *arg)
{
	(void)arg;
	if (!unshare(CLONE_NEWNET))
		f.netns_fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	return NULL;
}

static int setup(void **state)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	pthread_t thread;

	(void)state;
	f = (struct fixture){.dir = "/tmp/bl_plugin_XXXXXX",
			     .netns_fd = -1,
			     .command = "ADD",
			     .container_id = "c1"};
	assert_non_null(mkdtemp(f.dir));
	snprintf(f.path, sizeof(f.path), "%s/s", f.dir);
	strcpy(addr.sun_path, f.path);
	f.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(f.listener, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(f.listener, 4), 0);
	pthread_create(&thread, NULL, make_netns, NULL);
	pthread_join(thread, NULL);
	snprintf(f.netns, sizeof(f.netns), "/proc/self/fd/%d", f.netns_fd);
	f.netns_var = f.netns;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	json_decref(f.request);
	close(f.netns_fd);
	close(f.listener);
	unlink(f.path);
	return rmdir(f.dir);
}

static char *get(const char *name)
{
	const char *value = !strcmp(name, "CNI_COMMAND")       ? f.command
			    : !strcmp(name, "CNI_CONTAINERID") ? f.container_id
			    : !strcmp(name, "CNI_IFNAME")      ? "eth0"
			    : !strcmp(name, "CNI_NETNS")       ? f.netns_var
			    : !strcmp(name, "CNI_ARGS") ? "K8S_POD_NAMESPACE=shop;K8S_POD_NAME=cart"
							: NULL;

	return (char *)(uintptr_t)value;
}

/* Runs the plugin with a configuration of this version and more fields; what it printed, NULL for nothing. */
static json_t *run(const char *version, const char *more, int want_status)
{
	BL_BUF struct bl_buf conf = {};
	BL_BUF struct bl_buf out = {};
	json_t *printed = NULL;

	bl_buf_printf(&conf, "{\"cniVersion\":\"%s\",\"name\":\"net\",\"type\":\"beeline-cni\",",
		      version);
	bl_buf_printf(&conf, "\"socket\":\"%s\"%s}", f.path, more);
	assert_int_equal(bl_plugin_run(get, &conf, &out), want_status);
	if (out.len)
		assert_int_equal(bl_json_parse(out.data, out.len, &printed, NULL), 0);
	return printed;
}

static json_t *run_with_agent(const char *answer, const char *version, const char *more,
			      int want_status)
{
	pthread_t thread;
	json_t *printed;

	f.answer = answer;
	pthread_create(&thread, NULL, serve, NULL);
	printed = run(version, more, want_status);
	pthread_join(thread, NULL);
	return printed;
}

static void expect_error(json_t *printed, int code, const char *msg)
{
	assert_int_equal(json_integer_value(json_object_get(printed, "code")), code);
	assert_string_equal(bl_json_str_at(printed, "msg", NULL), msg);
	json_decref(printed);
}

static void add_hands_the_namespace_over_and_prints_the_result(void **state)
{
	BL_JSON json_t *printed = NULL;

	(void)state;
	if (f.netns_fd < 0)
		skip();
	printed = run_with_agent(
		"{\"ok\":{\"host_ifname\":\"bl0\",\"host_mac\":\"m1\",\"mac\":\"m2\","
		"\"mtu\":1500,\"ips\":[{\"address\":\"10.0.0.5/32\",\"gateway\":"
		"\"169.254.1.1\"}]}}",
		"1.0.0", ",\"runtimeConfig\":{\"ips\":[\"10.0.0.5\"]}", 0);
	assert_int_equal(f.got_fd, true);
	assert_string_equal(bl_json_str_at(f.request, "op", NULL), "cni-add");
	assert_string_equal(bl_json_str_at(f.request, "container_id", NULL), "c1");
	assert_string_equal(bl_json_str_at(f.request, "ifname", NULL), "eth0");
	assert_string_equal(bl_json_str_at(f.request, "network", NULL), "net");
	assert_string_equal(bl_json_str_at(f.request, "netns", NULL), f.netns);
	assert_string_equal(bl_json_str_at(f.request, "pod_namespace", NULL), "shop");
	assert_string_equal(bl_json_str_at(f.request, "pod_name", NULL), "cart");
	assert_string_equal(json_string_value(json_array_get(json_object_get(f.request, "ips"), 0)),
			    "10.0.0.5");
	assert_string_equal(bl_json_str_at(printed, "cniVersion", NULL), "1.0.0");
	assert_int_equal(json_array_size(json_object_get(printed, "interfaces")), 2);
}

static void namespace_that_is_none_or_the_hosts_is_refused(void **state)
{
	(void)state;
	f.netns_var = "/dev/null";
	expect_error(run("1.0.0", "", 1), BL_CNI_BAD_ENVIRONMENT,
		     "CNI_NETNS /dev/null: is no network namespace");
	f.netns_var = "/proc/self/ns/mnt";
	expect_error(run("1.0.0", "", 1), BL_CNI_BAD_ENVIRONMENT,
		     "CNI_NETNS /proc/self/ns/mnt: is no network namespace");
	f.netns_var = "/proc/self/ns/net";
	expect_error(run("1.0.0", "", 1), BL_CNI_BAD_ENVIRONMENT,
		     "CNI_NETNS /proc/self/ns/net: is the host's network namespace");
	f.netns_var = "relative";
	expect_error(run("1.0.0", "", 1), BL_CNI_BAD_ENVIRONMENT,
		     "CNI_NETNS relative: is no absolute path");
	f.netns_var = "/nowhere";
	expect_error(run("1.0.0", "", 1), BL_CNI_BAD_ENVIRONMENT,
		     "CNI_NETNS /nowhere: No such file or directory");
}

static void del_needs_no_namespace_and_prints_nothing(void **state)
{
	static const char *const values[] = {NULL, "", "/nowhere"};

	(void)state;
	f.command = "DEL";
	for (size_t i = 0; i < BL_ARRAY_SIZE(values); i++) {
		f.netns_var = values[i];
		assert_null(run_with_agent("{\"ok\":{}}", "0.3.1", "", 0));
		assert_string_equal(bl_json_str_at(f.request, "op", NULL), "cni-del");
		json_decref(f.request);
		f.request = NULL;
	}
}

static void agent_that_is_down_is_code_11_and_for_status_50(void **state)
{
	static const struct {
		const char *command;
		int code;
	} cases[] = {{"DEL", 11}, {"GC", 11}, {"STATUS", 50}};

	(void)state;
	unlink(f.path);
	for (size_t i = 0; i < BL_ARRAY_SIZE(cases); i++) {
		BL_JSON json_t *printed = NULL;

		f.command = cases[i].command;
		printed = run("1.1.0", ",\"cni.dev/valid-attachments\":[]", 1);
		assert_int_equal(json_integer_value(json_object_get(printed, "code")),
				 cases[i].code);
		assert_string_equal(bl_json_str_at(printed, "cniVersion", NULL), "1.1.0");
	}
}

static void agents_error_is_passed_on_as_it_is(void **state)
{
	(void)state;
	f.command = "STATUS";
	expect_error(
		run_with_agent("{\"error\":{\"code\":50,\"msg\":\"not synced\",\"details\":\"\"}}",
			       "1.1.0", "", 1),
		50, "not synced");
}

static void check_needs_the_result_and_sends_its_addresses(void **state)
{
	(void)state;
	f.command = "CHECK";
	expect_error(run("1.0.0", "", 1), BL_CNI_BAD_CONFIG,
		     "configuration: prevResult: must be set for CHECK");
	if (f.netns_fd < 0)
		skip();
	assert_null(run_with_agent(
		"{\"ok\":{}}", "0.4.0",
		",\"prevResult\":{\"interfaces\":[{\"name\":\"eth0\",\"sandbox\":\"x\"}],"
		"\"ips\":[{\"address\":\"10.0.0.5/32\",\"interface\":0}]}",
		0));
	assert_string_equal(json_string_value(json_array_get(json_object_get(f.request, "ips"), 0)),
			    "10.0.0.5");
}

static void gc_without_the_list_removes_nothing(void **state)
{
	(void)state;
	f.command = "GC";
	expect_error(run("1.1.0", "", 1), BL_CNI_BAD_CONFIG,
		     "configuration: cni.dev/valid-attachments: must be set for GC");
	assert_null(run_with_agent(
		"{\"ok\":{\"removed\":0}}", "1.1.0",
		",\"cni.dev/valid-attachments\":[{\"containerID\":\"a\",\"ifname\":\"e\"}]", 0));
	assert_string_equal(bl_json_str_at(json_array_get(json_object_get(f.request, "valid"), 0),
					   "container_id", NULL),
			    "a");
}

static void commands_newer_than_the_version_are_refused(void **state)
{
	(void)state;
	f.command = "STATUS";
	expect_error(run("1.0.0", "", 1), BL_CNI_INCOMPATIBLE_VERSION,
		     "cniVersion 1.0.0 has no STATUS");
	f.command = "CHECK";
	expect_error(run("0.3.1", "", 1), BL_CNI_INCOMPATIBLE_VERSION,
		     "cniVersion 0.3.1 has no CHECK");
}

static void version_answers_with_any_input(void **state)
{
	static const char *const inputs[] = {"", "{\"cniVersion\":\"0.4.0\"}", "garbage", "[]"};
	static const char *const versions[] = {"1.1.0", "0.4.0", "1.1.0", "1.1.0"};

	(void)state;
	f.command = "VERSION";
	for (size_t i = 0; i < BL_ARRAY_SIZE(inputs); i++) {
		BL_BUF struct bl_buf conf = {};
		BL_BUF struct bl_buf out = {};
		BL_JSON json_t *printed = NULL;

		bl_buf_puts(&conf, inputs[i]);
		assert_int_equal(bl_plugin_run(get, &conf, &out), 0);
		assert_int_equal(bl_json_parse(out.data, out.len, &printed, NULL), 0);
		assert_string_equal(bl_json_str_at(printed, "cniVersion", NULL), versions[i]);
		assert_int_equal(json_array_size(json_object_get(printed, "supportedVersions")), 4);
	}
}

static void bad_environment_is_answered_in_the_configurations_version(void **state)
{
	BL_JSON json_t *printed = NULL;

	(void)state;
	f.container_id = "../../etc";
	printed = run("0.4.0", "", 1);
	assert_int_equal(json_integer_value(json_object_get(printed, "code")),
			 BL_CNI_BAD_ENVIRONMENT);
	assert_string_equal(bl_json_str_at(printed, "cniVersion", NULL), "0.4.0");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(add_hands_the_namespace_over_and_prints_the_result),
		TEST(namespace_that_is_none_or_the_hosts_is_refused),
		TEST(del_needs_no_namespace_and_prints_nothing),
		TEST(agent_that_is_down_is_code_11_and_for_status_50),
		TEST(agents_error_is_passed_on_as_it_is),
		TEST(check_needs_the_result_and_sends_its_addresses),
		TEST(gc_without_the_list_removes_nothing),
		TEST(commands_newer_than_the_version_are_refused),
		TEST(version_answers_with_any_input),
		TEST(bad_environment_is_answered_in_the_configurations_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
