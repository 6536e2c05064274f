// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The XDP program on uplinks: in which mode, how long, and what is said of it.
 */

#include "agent/datapath/datapath.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "datapath_box.h"
#include "maps/maps.h"

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

static uint8_t xdp_mode(uint32_t ifindex)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, opts);

	assert_int_equal(bpf_xdp_query((int)ifindex, 0, &opts), 0);
	return opts.attach_mode;
}

static void xdp_is_where_the_configuration_wants_it(void **state)
{
	static const struct {
		enum bl_xdp_wish wish;
		uint8_t mode;
		const char *said;
	} steps[] = {
		{BL_XDP_GENERIC, XDP_ATTACHED_SKB, "generic"},
		{BL_XDP_GENERIC, XDP_ATTACHED_SKB, "generic"},
		{BL_XDP_AUTO, XDP_ATTACHED_NONE, "off"}, /* a veth */
		{BL_XDP_NATIVE, XDP_ATTACHED_DRV, "native"},
		{BL_XDP_GENERIC, XDP_ATTACHED_SKB, "generic"},
		{BL_XDP_OFF, XDP_ATTACHED_NONE, "off"},
	};
	uint32_t a, b;

	(void)state;
	need_box();
	a = make_link("dpa");
	b = make_link("dpb");
	for (size_t i = 0; i < BL_ARRAY_SIZE(steps); i++) {
		const struct bl_datapath_opts opts = {.xdp = steps[i].wish};
		struct bl_datapath *dp = open_dp(&opts);
		struct bl_datapath_stats stats;

		assert_int_equal(bl_datapath_attach_uplink(dp, a, NULL), 0);
		bl_datapath_stats(dp, &stats);
		assert_int_equal(stats.n_xdp, 1);
		assert_string_equal(stats.xdp[0].mode, steps[i].said);
		assert_int_equal(xdp_mode(a), steps[i].mode);
		assert_int_equal(has_pin("xdp", a), steps[i].mode != XDP_ATTACHED_NONE);
		assert_int_equal(xdp_mode(b), XDP_ATTACHED_NONE);
		bl_datapath_close(dp);
	}
	remove_link("dpa");
	remove_link("dpb");
}

static void xdp_goes_with_its_uplink(void **state)
{
	const struct bl_datapath_opts opts = {.xdp = BL_XDP_GENERIC};
	struct bl_datapath *dp;
	struct bl_datapath_stats stats;
	uint32_t a;

	(void)state;
	need_box();
	a = make_link("dpa");
	dp = open_dp(&opts);
	assert_int_equal(bl_datapath_attach_uplink(dp, a, NULL), 0);
	assert_int_equal(xdp_mode(a), XDP_ATTACHED_SKB);
	assert_int_equal(bl_datapath_keep_links(dp, NULL, 0, NULL), 0);
	bl_datapath_stats(dp, &stats);
	assert_int_equal(stats.n_xdp, 0);
	assert_false(has_pin("xdp", a)); /* the kernel detaches it a little later */
	bl_datapath_close(dp);
	remove_link("dpa");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, teardown)
	const struct CMUnitTest tests[] = {
		TEST(xdp_is_where_the_configuration_wants_it),
		TEST(xdp_goes_with_its_uplink),
	};

	return cmocka_run_group_tests(tests, enter, leave);
}
