// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The datapath on the real kernel: maps, programs and links in a sandbox.
 *
 * Sockets of this process stand for pods: it joins the sandbox's cgroup, and a listener on loopback stands for the backend.
 * Skipped, with the reason, where the process may not make namespaces or load programs.
 */

#include "agent/datapath/datapath.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/mem.h"
#include "datapath_box.h"
#include "maps/maps.h"

static void write_pid(const char *cgroup)
{
	BL_FREE char *path = bl_asprintf("%s/cgroup.procs", cgroup);
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	fprintf(f, "%d\n", (int)getpid());
	assert_int_equal(fclose(f), 0);
}

/* Back to the root of the hierarchy, so that the sandbox's cgroup is empty again. */
static void leave_cgroup(void)
{
	BL_FREE char *root =
		bl_strndup(box.cgroup, (size_t)(strrchr(box.cgroup, '/') - box.cgroup));

	write_pid(root);
}

/* One Service of one frontend and one backend, both on loopback. */
static int set_service(struct bl_datapath *dp, const char *front, uint16_t port, uint16_t to,
		       struct bl_err *err)
{
	struct bl_frontend f = {.port = port, .proto = IPPROTO_TCP};
	struct bl_target t = {.port = to};
	struct bl_desired_set set = {.port_name = "",
				     .proto = IPPROTO_TCP,
				     .frontends = &f,
				     .n_frontends = 1,
				     .targets = &t,
				     .n_targets = to ? 1 : 0};
	struct bl_desired_service want = {
		.namespace = "shop", .name = "cart", .uid = "u", .sets = &set, .n_sets = 1};

	assert_int_equal(bl_ip_parse(front, &f.ip), 0);
	set.family = f.ip.family;
	assert_int_equal(bl_ip_parse(set.family == 4 ? "127.0.0.1" : "::1", &t.ip), 0);
	return bl_datapath_set_service(dp, &want, err);
}

static int listen_on(uint16_t *ret_port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(a);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, 16), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	*ret_port = ntohs(a.sin_port);
	return fd;
}

/* 0, or the errno of connecting. */
static int try_connect(const char *ip, uint16_t port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
	BL_CLOSE int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(inet_pton(AF_INET, ip, &a.sin_addr), 1);
	return connect(fd, (struct sockaddr *)&a, sizeof(a)) ? errno : 0;
}

static void a_connect_reaches_the_backend_of_a_service(void **state)
{
	struct bl_datapath *dp;
	BL_CLOSE int listener = -1;
	struct bl_err err = {};
	uint16_t port;

	(void)state;
	need_box();
	dp = open_dp(NULL);
	listener = listen_on(&port);
	write_pid(box.cgroup);
	assert_int_equal(set_service(dp, "10.96.0.1", 80, port, &err), 0);
	assert_int_equal(try_connect("10.96.0.1", 80), 0);
	assert_int_equal(set_service(dp, "10.96.0.1", 80, 0, &err), 0);
	assert_int_equal(try_connect("10.96.0.1", 80), ECONNREFUSED);
	bl_datapath_close(dp);
	leave_cgroup();
}

static void without_agent_services_stay(void **state)
{
	BL_CLOSE int listener = -1;
	struct bl_datapath *dp;
	uint16_t port;

	(void)state;
	need_box();
	dp = open_dp(NULL);
	listener = listen_on(&port);
	write_pid(box.cgroup);
	assert_int_equal(set_service(dp, "10.96.0.1", 80, port, NULL), 0);
	bl_datapath_close(dp);
	assert_int_equal(try_connect("10.96.0.1", 80), 0);
	leave_cgroup();
}

static void a_restart_writes_nothing(void **state)
{
	struct bl_desired_endpoint ep[2] = {{.flags = BL_ENDPOINT_HOST},
					    {.flags = BL_ENDPOINT_POD, .ifindex = 1, .mac = {2}}};
	struct bl_desired_prefix prefix = {.flags = BL_PREFIX_CLUSTER};
	struct bl_config config = {.flags = BL_CONFIG_MASQUERADE, .nodeport_first = 30000};
	struct bl_datapath_stats stats;
	struct bl_datapath *dp;

	(void)state;
	need_box();
	assert_int_equal(bl_ip_parse("10.1.0.1", &ep[0].ip), 0);
	assert_int_equal(bl_ip_parse("fd00::1", &ep[1].ip), 0);
	assert_int_equal(bl_cidr_parse("10.1.0.0/16", false, &prefix.cidr), 0);
	for (int round = 0; round < 2; round++) {
		dp = open_dp(NULL);
		assert_int_equal(set_service(dp, "10.96.0.1", 80, 8080, NULL), 0);
		assert_int_equal(bl_datapath_set_endpoints(dp, ep, 2, NULL), 0);
		assert_int_equal(bl_datapath_set_prefixes(dp, &prefix, 1, NULL), 0);
		assert_int_equal(bl_datapath_set_config(dp, &config, NULL), 0);
		assert_int_equal(bl_datapath_sweep(dp, NULL), 0);
		bl_datapath_stats(dp, &stats);
		bl_datapath_close(dp);
	}
	assert_int_equal(stats.map_writes, 0);
	assert_int_equal(stats.map_deletes, 0);
	assert_int_equal(stats.services, 1);
}

static uint32_t running_prog(const char *link)
{
	BL_FREE char *dir = bl_maps_dir(box.bpffs, "links");
	BL_FREE char *path = bl_asprintf("%s/%s", dir, link);
	BL_CLOSE int fd = bpf_obj_get(path);
	struct bpf_link_info info = {};
	uint32_t len = sizeof(info);

	assert_int_equal(bpf_obj_get_info_by_fd(fd, &info, &len), 0);
	return info.prog_id;
}

static void a_restart_runs_the_same_programs_and_new_maps_new_ones(void **state)
{
	static const struct bl_map_size sizes[] = {{"service4", 128}};
	struct bl_datapath_opts opts = {.sizes = sizes, .n_sizes = BL_ARRAY_SIZE(sizes)};
	uint32_t first;

	(void)state;
	need_box();
	bl_datapath_close(open_dp(NULL));
	first = running_prog("connect4");
	bl_datapath_close(open_dp(NULL));
	assert_int_equal(running_prog("connect4"), first);
	bl_datapath_close(open_dp(&opts));
	assert_int_not_equal(running_prog("connect4"), first);
}

static void a_replaced_endpoint_keeps_being_translated(void **state)
{
	struct bl_desired_endpoint ep = {.flags = BL_ENDPOINT_POD, .ifindex = 1};
	struct bl_endpoint value = {};
	struct bl_datapath *dp;
	BL_CLOSE int fd = -1;

	(void)state;
	need_box();
	dp = open_dp(NULL);
	assert_int_equal(bl_ip_parse("10.1.0.1", &ep.ip), 0);
	assert_int_equal(bl_datapath_set_endpoints(dp, &ep, 1, NULL), 0);
	assert_int_equal(bl_maps_open(box.bpffs, BL_MAP_endpoint4, true, &fd, NULL), 0);
	assert_int_equal(bpf_map_lookup_elem(fd, ep.ip.b, &value), 0);
	assert_int_equal(value.translated, 0);
	ep.mac[5] = 7;
	assert_int_equal(bl_datapath_set_endpoints(dp, &ep, 1, NULL), 0);
	assert_int_equal(bpf_map_lookup_elem(fd, ep.ip.b, &value), 0);
	assert_int_equal(value.translated, 1);
	assert_int_equal(bl_datapath_set_endpoints(dp, NULL, 0, NULL), 0);
	assert_int_equal(bpf_map_lookup_elem(fd, ep.ip.b, &value), -ENOENT);
	bl_datapath_close(dp);
}

static void another_size_keeps_what_the_map_holds(void **state)
{
	static const struct bl_map_size sizes[] = {
		{"service4", 128}, {"slot", 512}, {"flow4", 1024}};
	struct bl_datapath_opts opts = {.sizes = sizes, .n_sizes = BL_ARRAY_SIZE(sizes)};
	struct bl_datapath_stats stats;
	BL_CLOSE int listener = -1;
	struct bl_datapath *dp;
	BL_CLOSE int fd = -1;
	uint16_t port;

	(void)state;
	need_box();
	dp = open_dp(NULL);
	listener = listen_on(&port);
	write_pid(box.cgroup);
	assert_int_equal(set_service(dp, "10.96.0.1", 80, port, NULL), 0);
	bl_datapath_close(dp);
	dp = open_dp(&opts);
	assert_int_equal(set_service(dp, "10.96.0.1", 80, port, NULL), 0);
	bl_datapath_stats(dp, &stats);
	assert_int_equal(stats.map_writes, 0);
	assert_int_equal(bl_maps_open(box.bpffs, BL_MAP_service4, true, &fd, NULL), 0);
	assert_int_equal(bl_maps_size(fd), 128);
	assert_int_equal(try_connect("10.96.0.1", 80), 0);
	assert_int_equal(set_service(dp, "10.96.0.1", 80, 0, NULL), 0);
	assert_int_equal(try_connect("10.96.0.1", 80), ECONNREFUSED);
	bl_datapath_close(dp);
	leave_cgroup();
}

static void a_size_that_is_too_small_is_refused_by_name(void **state)
{
	static const struct bl_map_size sizes[] = {{"backend", 1}};
	struct bl_datapath_opts opts = {.pin_dir = box.bpffs,
					.cgroup = box.cgroup,
					.sizes = sizes,
					.n_sizes = BL_ARRAY_SIZE(sizes)};
	struct bl_datapath *dp;
	struct bl_err err = {};

	(void)state;
	need_box();
	dp = open_dp(NULL);
	assert_int_equal(set_service(dp, "10.96.0.1", 80, 8080, NULL), 0);
	bl_datapath_close(dp);
	assert_int_equal(bl_datapath_open(&opts, &dp, &err), -ENOSPC);
	assert_string_equal(err.text,
			    "map 'backend' is to have 1 entries instead of 65536: it holds more");
}

static void run_ip(const char *args)
{
	BL_FREE char *cmd = bl_asprintf("/sbin/ip link %s", args);
	FILE *p = popen(cmd, "re");

	assert_non_null(p);
	assert_int_equal(pclose(p), 0);
}

/* A pair of veths; removing one removes both. */
static uint32_t make_link(const char *name)
{
	BL_FREE char *args = bl_asprintf("add %s type veth peer name %sp", name, name);

	run_ip(args);
	return if_nametoindex(name);
}

static void remove_link(const char *name)
{
	BL_FREE char *args = bl_asprintf("del %s", name);

	run_ip(args);
}

static bool has_pin(const char *name, uint32_t ifindex)
{
	BL_FREE char *dir = bl_maps_dir(box.bpffs, "links");
	BL_FREE char *path = bl_asprintf("%s/%s-%u", dir, name, ifindex);

	return access(path, F_OK) == 0;
}

static bool has_filter(uint32_t ifindex, bool egress)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)ifindex,
		    .attach_point = egress ? BPF_TC_EGRESS : BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = 1, .priority = 0xbe);

	return bpf_tc_query(&hook, &opts) == 0;
}

/* Whether a program hangs on an interface, by whichever means the data path uses. */
static bool is_attached(const struct bl_datapath *dp, const char *name, uint32_t ifindex)
{
	struct bl_datapath_stats stats;

	bl_datapath_stats(dp, &stats);
	if (!strcmp(stats.tc_mode, "tcx"))
		return has_pin(name, ifindex);
	return has_filter(ifindex, !strcmp(name, "node"));
}

static void keep_one_of_two(const char *tc_mode)
{
	const struct bl_datapath_opts opts = {.tc_mode = tc_mode};
	uint32_t a = make_link("dpa"), b = make_link("dpb");
	struct bl_datapath *dp = open_dp(&opts);
	struct bl_err err = {};

	for (int i = 0; i < 2; i++) {
		if (bl_datapath_attach_pod(dp, a, &err) || bl_datapath_attach_uplink(dp, b, &err))
			fail_msg("%s", err.text);
	}
	assert_true(is_attached(dp, "pod", a));
	assert_true(is_attached(dp, "host", b));
	assert_true(is_attached(dp, "node", a));
	assert_true(is_attached(dp, "node", b));
	bl_datapath_close(dp);
	dp = open_dp(&opts);
	assert_int_equal(bl_datapath_attach_pod(dp, a, &err), 0);
	assert_int_equal(bl_datapath_keep_links(dp, &a, 1, &err), 0);
	assert_true(is_attached(dp, "pod", a));
	assert_true(is_attached(dp, "node", a));
	assert_false(is_attached(dp, "host", b));
	assert_false(is_attached(dp, "node", b));
	bl_datapath_close(dp);
	remove_link("dpa");
	remove_link("dpb");
}

static void links_of_interfaces_are_kept_by_list(void **state)
{
	(void)state;
	need_box();
	keep_one_of_two(NULL);
}

static void filters_of_interfaces_are_kept_by_list(void **state)
{
	(void)state;
	need_box();
	keep_one_of_two("clsact");
}

static void an_interface_that_is_not_there_is_named(void **state)
{
	struct bl_datapath *dp;
	struct bl_err err = {};

	(void)state;
	need_box();
	dp = open_dp(NULL);
	assert_int_equal(bl_datapath_attach_pod(dp, 9999, &err), -ENODEV);
	assert_non_null(strstr(err.text, "interface 9999"));
	bl_datapath_close(dp);
}

static void what_is_missing_is_named(void **state)
{
	struct bl_datapath_opts opts = {.pin_dir = "/tmp/x", .cgroup = box.cgroup};
	struct bl_datapath *dp = NULL;
	struct bl_err err = {};

	(void)state;
	need_box();
	assert_int_equal(bl_datapath_open(&opts, &dp, &err), -ENOTSUP);
	assert_string_equal(err.text, "/tmp/x is not on a bpffs: mount -t bpf bpf /sys/fs/bpf");
	opts.pin_dir = box.bpffs;
	opts.cgroup = "/tmp";
	assert_int_equal(bl_datapath_open(&opts, &dp, &err), -ENOTSUP);
	assert_non_null(strstr(err.text, "/tmp is not a cgroup v2 folder"));
	assert_null(dp);
}

static void a_second_agent_does_not_start(void **state)
{
	struct bl_datapath_opts opts = {.pin_dir = box.bpffs, .cgroup = box.cgroup};
	struct bl_datapath *dp, *second = NULL;
	struct bl_err err = {};

	(void)state;
	need_box();
	dp = open_dp(NULL);
	assert_int_equal(bl_datapath_open(&opts, &second, &err), -EBUSY);
	assert_non_null(strstr(err.text, "is used by another agent"));
	bl_datapath_close(dp);
	bl_datapath_close(open_dp(NULL));
}

static void purging_leaves_no_folder(void **state)
{
	struct stat st;

	(void)state;
	need_box();
	bl_datapath_close(open_dp(NULL));
	assert_int_equal(stat(box.bpffs, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	purge();
	assert_int_equal(stat(box.bpffs, &st), -1);
	purge();
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_connect_reaches_the_backend_of_a_service),
		TEST(without_agent_services_stay),
		TEST(a_restart_writes_nothing),
		TEST(a_restart_runs_the_same_programs_and_new_maps_new_ones),
		TEST(a_replaced_endpoint_keeps_being_translated),
		TEST(another_size_keeps_what_the_map_holds),
		TEST(a_size_that_is_too_small_is_refused_by_name),
		TEST(links_of_interfaces_are_kept_by_list),
		TEST(filters_of_interfaces_are_kept_by_list),
		TEST(an_interface_that_is_not_there_is_named),
		TEST(what_is_missing_is_named),
		TEST(a_second_agent_does_not_start),
		TEST(purging_leaves_no_folder),
	};

	return cmocka_run_group_tests(tests, enter, leave);
}
