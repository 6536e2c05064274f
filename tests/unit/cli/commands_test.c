// SPDX-License-Identifier: Apache-2.0
/* The command line against an agent's socket that answers what the test says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/cli.h"
#include "ipc/frame.h"

static struct fixture {
	char dir[32], path[64];
	int listener;
	const char *answer;
	json_t *request;
	char *out, *err;
} f;

static void *serve(void *arg)
{
	BL_CLOSE int sock = accept(f.listener, NULL, NULL);
	BL_JSON json_t *answer = NULL;
	BL_BUF struct bl_buf in = {};
	BL_BUF struct bl_buf out = {};
	int fd = -1;
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
	if (!bl_json_parse(f.answer, strlen(f.answer), &answer, NULL) &&
	    !bl_ipc_frame_put(&out, answer, BL_IPC_ANSWER_MAX))
		(void)bl_ipc_send(sock, out.data, out.len, -1);
	return NULL;
}

static int setup(void **state)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};

	(void)state;
	f = (struct fixture){.dir = "/tmp/bl_cli_XXXXXX"};
	assert_non_null(mkdtemp(f.dir));
	snprintf(f.path, sizeof(f.path), "%s/s", f.dir);
	strcpy(addr.sun_path, f.path);
	f.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(f.listener, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(f.listener, 4), 0);
	setenv("BEELINE_SOCKET", f.path, 1);
	setenv("BEELINE_BPF_DIR", "/nowhere/bpf", 1);
	return 0;
}

static void forget(void)
{
	json_decref(f.request);
	free(f.out);
	free(f.err);
	f.request = NULL;
	f.out = f.err = NULL;
}

static int teardown(void **state)
{
	(void)state;
	forget();
	close(f.listener);
	unlink(f.path);
	return rmdir(f.dir);
}

/* Runs "beeline LINE", words at blanks. */
static int run(const char *line)
{
	BL_FREE char *copy = bl_strdup(line);
	char *argv[16] = {(char *)(uintptr_t) "beeline"}, *rest = copy, *word;
	size_t out_len, err_len;
	FILE *out, *err;
	int argc = 1, status;

	free(f.out);
	free(f.err);
	out = open_memstream(&f.out, &out_len);
	err = open_memstream(&f.err, &err_len);
	while ((word = strsep(&rest, " ")))
		if (*word)
			argv[argc++] = word;
	status = bl_cli_run(argc, argv, out, err);
	fclose(out);
	fclose(err);
	return status;
}

static int ask(const char *line, const char *answer)
{
	pthread_t thread;
	int status;

	forget();
	f.answer = answer;
	pthread_create(&thread, NULL, serve, NULL);
	status = run(line);
	pthread_join(thread, NULL);
	return status;
}

static void wrong_usage_is_one_line_and_status_2(void **state)
{
	static const char *const lines[] = {"",
					    "frob",
					    "service",
					    "service get",
					    "service get a/b/c",
					    "service get A",
					    "service get a/b -n c",
					    "service list x",
					    "status --timeout 5",
					    "status --frob",
					    "status -o xml",
					    "status -o",
					    "status --help=1",
					    "wait svc/a/b",
					    "wait --programmed a/b",
					    "wait --programmed svc/a/b --timeout x",
					    "wait --programmed svc/a/b --backends -1",
					    "map dump frob",
					    "map dump a b c d e"};

	(void)state;
	for (size_t i = 0; i < BL_ARRAY_SIZE(lines); i++) {
		int status = run(lines[i]);

		if (status != 2)
			print_error("'%s' gave %d\n", lines[i], status);
		assert_int_equal(status, 2);
		assert_string_equal(f.out, "");
		assert_true(bl_str_starts(f.err, "beeline: "));
		assert_ptr_equal(strchr(f.err, '\n'), f.err + strlen(f.err) - 1);
	}
}

static void help_is_no_error_and_names_every_command(void **state)
{
	(void)state;
	assert_int_equal(run("--help"), 0);
	for (const char *const *s =
		     (const char *const[]){"service list", "service get", "endpoint list",
					   "bgp status", "map dump", "wait --programmed", NULL};
	     *s; s++)
		assert_non_null(strstr(f.out, *s));
	assert_int_equal(run("wait --help"), 0);
	assert_true(bl_str_starts(f.out, "usage: beeline wait --programmed svc/[NAMESPACE/]NAME "
					 "[--backends N] [--timeout S]\n"));
	assert_int_equal(run("service --help"), 0);
	assert_non_null(strstr(f.out, "service get"));
	assert_null(strstr(f.out, "map dump"));
	assert_int_equal(run("nonsense --help"), 2);
}

static const char service[] =
	"{\"namespace\":\"shop\",\"name\":\"cart\",\"type\":\"ClusterIP\",\"programmed\":true,\"error\":\"\","
	"\"frontends\":[{\"address\":\"10.96.0.9\",\"port\":80,\"protocol\":\"TCP\",\"scope\":\"cluster\","
	"\"name\":\"http\",\"policy\":\"Cluster\"},{\"address\":\"\",\"port\":30080,\"protocol\":\"TCP\","
	"\"scope\":\"nodeport-external\",\"name\":\"http\",\"family\":6,\"policy\":\"Local\"},"
	"{\"address\":\"\",\"port\":30080,\"protocol\":\"TCP\",\"scope\":\"nodeport\","
	"\"name\":\"http\",\"family\":6}],\"backends\":[{\"address\":\"fd00::5\",\"port\":8080,\"protocol\":\"TCP\","
	"\"name\":\"http\",\"local\":true}]}";

static void services_are_a_table(void **state)
{
	BL_FREE char *answer = bl_asprintf("{\"ok\":[%s]}", service);

	(void)state;
	assert_int_equal(ask("service list -n shop", answer), 0);
	assert_string_equal(bl_json_str_at(f.request, "op", NULL), "service-list");
	assert_string_equal(bl_json_str_at(f.request, "namespace", NULL), "shop");
	assert_string_equal(f.out,
			    "NAMESPACE   NAME   TYPE        PROGRAMMED   BACKENDS   FRONTENDS\n"
			    "shop        cart   ClusterIP   yes          1          "
			    "10.96.0.9:80/TCP,[::]:30080/TCP\n");
}

static void one_service_shows_its_ends(void **state)
{
	BL_FREE char *answer = bl_asprintf("{\"ok\":%s}", service);

	(void)state;
	assert_int_equal(ask("service get shop/cart", answer), 0);
	assert_string_equal(bl_json_str_at(f.request, "name", NULL), "cart");
	assert_string_equal(f.out,
			    "shop/cart programmed: yes\n\n"
			    "WHAT       PORT   ADDRESS              WHERE\n"
			    "frontend   http   10.96.0.9:80/TCP     cluster\n"
			    "frontend   http   [::]:30080/TCP       nodeport-external, local\n"
			    "frontend   http   [::]:30080/TCP       nodeport\n"
			    "backend    http   [fd00::5]:8080/TCP   local\n");
}

static void json_is_the_agents_own_answer(void **state)
{
	BL_JSON json_t *printed = NULL;
	BL_JSON json_t *want = NULL;
	BL_FREE char *answer = bl_asprintf("{\"ok\":%s}", service);

	(void)state;
	assert_int_equal(ask("-o json service get cart", answer), 0);
	assert_string_equal(bl_json_str_at(f.request, "namespace", NULL), "default");
	assert_int_equal(bl_json_parse(f.out, strlen(f.out), &printed, NULL), 0);
	assert_int_equal(bl_json_parse(service, strlen(service), &want, NULL), 0);
	assert_true(json_equal(printed, want));
}

static void wait_asks_once_and_says_what_came(void **state)
{
	(void)state;
	assert_int_equal(ask("wait --programmed svc/shop/cart --backends 3 --timeout=5",
			     "{\"ok\":{\"programmed\":true,\"backends\":3}}"),
			 0);
	assert_int_equal(json_integer_value(json_object_get(f.request, "timeout_ms")), 5000);
	assert_int_equal(json_integer_value(json_object_get(f.request, "backends")), 3);
	assert_string_equal(f.out, "service shop/cart programmed, 3 backends\n");
}

static void agents_error_is_one_line_and_status_1(void **state)
{
	(void)state;
	assert_int_equal(
		ask("wait --programmed svc/cart",
		    "{\"error\":{\"code\":103,\"msg\":\"2 of 3 backends\",\"details\":\"\"}}"),
		1);
	assert_string_equal(f.err, "beeline: 2 of 3 backends\n");
	assert_string_equal(f.out, "");
}

static void absent_agent_is_said_before_maps_are_read(void **state)
{
	(void)state;
	unlink(f.path);
	assert_int_equal(run("endpoint list"), 1);
	assert_non_null(strstr(f.err, "no agent answers at "));
	assert_non_null(strstr(f.err, "; reading the maps pinned in /nowhere/bpf\n"));
	assert_int_equal(run("bgp status"), 1);
	assert_null(strstr(f.err, "pinned"));
}

static void status_puts_first_things_first(void **state)
{
	(void)state;
	assert_int_equal(
		ask("status",
		    "{\"ok\":{\"node\":\"n1\",\"version\":\"1\",\"server\":\"https://x\",\"connected\":true,"
		    "\"synced\":{\"services\":true,\"nodes\":false},\"services\":3,\"dirty\":1,\"frontends\":4,"
		    "\"backends\":5,\"endpoints\":6,\"tc_mode\":\"tcx\",\"xdp\":[{\"ifindex\":2,\"interface\":\"eth0\",\"mode\":\"native\"}],"
		    "\"pod_cidrs\":[\"10.244.1.0/24\"],"
		    "\"full_sync\":{\"ns\":12340000,\"services\":3,\"map_writes\":9},"
		    "\"cni\":{\"ready\":false,\"reason\":\"not synced\",\"attachments\":2},"
		    "\"failed\":[{\"object\":\"Service a/b\",\"error\":\"slot is full\"}],"
		    "\"counters\":[{\"name\":\"x\",\"packets\":0,\"bytes\":0,\"text\":\"never\"},"
		    "{\"name\":\"y\",\"packets\":2,\"bytes\":3,\"text\":\"twice\"}]}}"),
		0);
	assert_non_null(strstr(f.out, "Not synced:     nodes\n"));
	assert_non_null(strstr(f.out, "2 services, 4 frontends, 5 backends, 6 endpoints\n"));
	assert_non_null(strstr(f.out, "XDP:            native on eth0\n"));
	assert_non_null(strstr(f.out, "Waiting:        1 services\n"));
	assert_non_null(strstr(f.out, "Full sync:      12.3 ms for 3 services at start\n"));
	assert_non_null(strstr(f.out, "2 attached; no new ones: not synced\n"));
	assert_non_null(strstr(f.out, "Service a/b      slot is full\n"));
	assert_non_null(strstr(f.out, "y         2         3       twice\n"));
	assert_null(strstr(f.out, "never"));
}

static void sessions_and_endpoints_are_tables(void **state)
{
	(void)state;
	assert_int_equal(ask("bgp status", "{\"ok\":{\"enabled\":false}}"), 0);
	assert_string_equal(f.out, "BGP is not configured on this node.\n");
	assert_int_equal(
		ask("bgp status",
		    "{\"ok\":{\"enabled\":true,\"bird\":\"2.0.12\",\"up\":true,\"error\":\"\","
		    "\"sessions\":[{\"name\":\"peer_a\",\"peer\":\"10.0.0.1\",\"asn\":65000,"
		    "\"state\":\"Established\",\"since\":\"10:00\",\"info\":\"\",\"imported\":2,"
		    "\"exported\":1}]}}"),
		0);
	assert_non_null(strstr(f.out, "BIRD 2.0.12: runs the agent's configuration\n"));
	assert_non_null(strstr(f.out, "peer_a    10.0.0.1   65000   Established   10:00   2 "));
	assert_int_equal(
		ask("endpoint list",
		    "{\"ok\":[{\"address\":\"10.244.1.2\",\"kind\":\"pod\",\"interface\":\"bl0\","
		    "\"mac\":\"m\",\"namespace\":\"shop\",\"pod\":\"cart\"}]}"),
		0);
	assert_non_null(strstr(f.out, "10.244.1.2   pod    bl0         m     shop/cart\n"));
}

static void policies_are_tables(void **state)
{
	(void)state;
	assert_int_equal(
		ask("policy list -n shop",
		    "{\"ok\":[{\"namespace\":\"shop\",\"name\":\"p\",\"selects\":\"{}\",\"ingress\":true,"
		    "\"egress\":false,\"pods\":3,\"error\":\"spec.x\"}]}"),
		0);
	assert_string_equal(bl_json_str_at(f.request, "namespace", NULL), "shop");
	assert_string_equal(f.out,
			    "NAMESPACE   NAME   SELECTS   PODS HERE   INGRESS   EGRESS   STATE\n"
			    "shop        p      {}        3           yes       no       "
			    "closed: spec.x\n");
	assert_int_equal(
		ask("policy for shop/a.b",
		    "{\"ok\":{\"ingress\":{\"isolated\":true,\"rules\":[{\"policy\":\"p\",\"rule\":1,\"peers\":"
		    "[\"everyone\"],\"ports\":[\"80/TCP\",\"81/TCP\"]}]},\"egress\":{\"isolated\":true,\"rules\":[]}}}"),
		0);
	assert_string_equal(bl_json_str_at(f.request, "name", NULL), "a.b");
	assert_string_equal(f.out,
			    "shop/a.b: ingress isolated, egress isolated, nothing allowed\n\n"
			    "DIRECTION   RULE   PEERS      PORTS\n"
			    "ingress     p#1    everyone   80/TCP; 81/TCP\n");
}

static void an_explanation_that_disagrees_with_the_kernel_is_a_failure(void **state)
{
	static const char form[] =
		"{\"ok\":[{\"direction\":\"ingress\",\"pod\":\"10.1.0.1\",\"peer\":\"10.1.0.2\","
		"\"isolated\":true,\"compiled\":true,\"kernel\":%s,\"agree\":%s}]}";
	BL_FREE char *good = bl_asprintf(form, "true", "true");
	BL_FREE char *bad = bl_asprintf(form, "false", "false");

	(void)state;
	assert_int_equal(ask("policy explain a/b 10.1.0.1 53/UDP", good), 0);
	assert_string_equal(bl_json_str_at(f.request, "from", NULL), "a/b");
	assert_string_equal(bl_json_str_at(f.request, "protocol", NULL), "UDP");
	assert_int_equal(json_integer_value(json_object_get(f.request, "port")), 53);
	assert_non_null(
		strstr(f.out, "ingress     10.1.0.1   10.1.0.2   yes        allow      allow\n"));
	assert_int_equal(ask("policy explain a/b 10.1.0.1 53", bad), 1);
	assert_non_null(strstr(f.out, "allow      deny\n"));
	assert_int_equal(ask("policy explain a/b c/d 1", "{\"ok\":[]}"), 0);
	assert_string_equal(f.out, "Neither end is a pod of this node: other nodes decide.\n");
	assert_int_equal(run("policy explain a/b c/d 0"), 2);
	assert_int_equal(run("policy explain a/b c/d 80/ICMP"), 2);
}

static void map_entries_are_flat_words(void **state)
{
	(void)state;
	assert_int_equal(
		ask("map dump service4",
		    "{\"ok\":{\"name\":\"service4\",\"entries\":[{\"key\":{\"addr\":\"10.96.0.1\","
		    "\"port\":80},\"value\":{\"id\":1,\"flags\":[\"x\"]}},{\"key\":3,\"value\":{}}]}}"),
		0);
	assert_string_equal(f.out, "KEY                      VALUE\n"
				   "addr=10.96.0.1 port=80   id=1 flags=[\"x\"]\n"
				   "3                        -\n");
	assert_int_equal(run("map list"), 0);
	assert_non_null(strstr(f.out, "service4"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(wrong_usage_is_one_line_and_status_2),
		TEST(help_is_no_error_and_names_every_command),
		TEST(services_are_a_table),
		TEST(one_service_shows_its_ends),
		TEST(json_is_the_agents_own_answer),
		TEST(wait_asks_once_and_says_what_came),
		TEST(agents_error_is_one_line_and_status_1),
		TEST(absent_agent_is_said_before_maps_are_read),
		TEST(status_puts_first_things_first),
		TEST(sessions_and_endpoints_are_tables),
		TEST(policies_are_tables),
		TEST(an_explanation_that_disagrees_with_the_kernel_is_a_failure),
		TEST(map_entries_are_flat_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
