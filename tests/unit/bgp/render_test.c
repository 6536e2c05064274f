// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "agent/bgp/bgp.h"
#include "base/mem.h"

static struct bl_ip ip(const char *s)
{
	struct bl_ip found = {};

	assert_int_equal(bl_ip_parse(s, &found), 0);
	return found;
}

static struct bl_cidr cidr(const char *s)
{
	struct bl_cidr found = {};

	assert_int_equal(bl_cidr_parse(s, false, &found), 0);
	return found;
}

/* A dual-stack node with a fabric router (eBGP) and another node (iBGP). */
struct cast {
	struct bl_desired_peer peers[2];
	struct bl_cidr announce[2], accept[2];
	struct bl_desired_bgp bgp;
};

static void cast_init(struct cast *c)
{
	c->peers[0] = (struct bl_desired_peer){
		.name = "peer_fabric4", .ip = ip("10.0.0.1"), .asn = 64512, .password = "s3cret"};
	c->peers[1] = (struct bl_desired_peer){
		.name = "mesh6_node_b", .ip = ip("fd00::b"), .asn = 4200000001};
	c->announce[0] = cidr("10.244.1.0/24");
	c->announce[1] = cidr("fd00:244:1::/64");
	c->accept[0] = cidr("10.244.0.0/16");
	c->accept[1] = cidr("fd00:244::/48");
	c->bgp = (struct bl_desired_bgp){.enabled = true,
					 .router_id = ip("10.0.0.11"),
					 .asn = 4200000001,
					 .source4 = ip("10.0.0.11"),
					 .source6 = ip("fd00::a"),
					 .peers = c->peers,
					 .n_peers = 2,
					 .announce = c->announce,
					 .n_announce = 2,
					 .accept = c->accept,
					 .n_accept = 2};
}

static const char expected[] =
	"# Written by beelined from the cluster's state: changes made here are lost.\n"
	"router id 10.0.0.11;\n"
	"\n"
	"ipv4 table beeline4;\n"
	"ipv6 table beeline6;\n"
	"\n"
	"protocol direct beeline_links {\n"
	"\tipv4 { table beeline4; import all; export none; };\n"
	"\tipv6 { table beeline6; import all; export none; };\n"
	"}\n"
	"\n"
	"protocol static beeline_own4 {\n"
	"\tipv4 { table beeline4; import all; export none; };\n"
	"\troute 10.244.1.0/24 blackhole;\n"
	"}\n"
	"\n"
	"filter beeline_export4 {\n"
	"\tif proto = \"beeline_own4\" then accept;\n"
	"\treject;\n"
	"}\n"
	"\n"
	"filter beeline_import4 {\n"
	"\tif net = 0.0.0.0/0 then reject;\n"
	"\tif net ~ [ 10.244.1.0/24+ ] then reject;\n"
	"\tif net ~ [ 10.244.0.0/16+ ] then accept;\n"
	"\treject;\n"
	"}\n"
	"\n"
	"filter beeline_to_kernel4 {\n"
	"\tif source != RTS_BGP then reject;\n"
	"\tkrt_prefsrc = 10.0.0.11;\n"
	"\taccept;\n"
	"}\n"
	"\n"
	"protocol kernel beeline_kernel4 {\n"
	"\tpersist;\n"
	"\tgraceful restart on;\n"
	"\tmerge paths on;\n"
	"\tscan time 10;\n"
	"\tipv4 { table beeline4; import none; export filter beeline_to_kernel4; };\n"
	"}\n"
	"\n"
	"protocol static beeline_own6 {\n"
	"\tipv6 { table beeline6; import all; export none; };\n"
	"\troute fd00:244:1::/64 blackhole;\n"
	"}\n"
	"\n"
	"filter beeline_export6 {\n"
	"\tif proto = \"beeline_own6\" then accept;\n"
	"\treject;\n"
	"}\n"
	"\n"
	"filter beeline_import6 {\n"
	"\tif net = ::/0 then reject;\n"
	"\tif net ~ [ fd00:244:1::/64+ ] then reject;\n"
	"\tif net ~ [ fd00:244::/48+ ] then accept;\n"
	"\treject;\n"
	"}\n"
	"\n"
	"filter beeline_to_kernel6 {\n"
	"\tif source != RTS_BGP then reject;\n"
	"\tkrt_prefsrc = fd00::a;\n"
	"\taccept;\n"
	"}\n"
	"\n"
	"protocol kernel beeline_kernel6 {\n"
	"\tpersist;\n"
	"\tgraceful restart on;\n"
	"\tmerge paths on;\n"
	"\tscan time 10;\n"
	"\tipv6 { table beeline6; import none; export filter beeline_to_kernel6; };\n"
	"}\n"
	"\n"
	"protocol bgp peer_fabric4 {\n"
	"\tlocal 10.0.0.11 as 4200000001;\n"
	"\tneighbor 10.0.0.1 as 64512;\n"
	"\tpassword \"s3cret\";\n"
	"\tallow local as 1;\n"
	"\tgraceful restart on;\n"
	"\tconnect delay time 1;\n"
	"\tconnect retry time 2;\n"
	"\terror wait time 1, 30;\n"
	"\tipv4 {\n"
	"\t\ttable beeline4;\n"
	"\t\timport filter beeline_import4;\n"
	"\t\texport filter beeline_export4;\n"
	"\t\tnext hop self;\n"
	"\t};\n"
	"}\n"
	"\n"
	"protocol bgp mesh6_node_b {\n"
	"\tlocal fd00::a as 4200000001;\n"
	"\tneighbor fd00::b as 4200000001;\n"
	"\tgraceful restart on;\n"
	"\tconnect delay time 1;\n"
	"\tconnect retry time 2;\n"
	"\terror wait time 1, 30;\n"
	"\tipv6 {\n"
	"\t\ttable beeline6;\n"
	"\t\timport filter beeline_import6;\n"
	"\t\texport filter beeline_export6;\n"
	"\t\tnext hop self;\n"
	"\t};\n"
	"}\n"
	"\n";

static void dual_stack_node_with_both_kinds_of_peers(void **state)
{
	BL_BUF struct bl_buf out = {};
	struct cast c;

	(void)state;
	cast_init(&c);
	assert_int_equal(bl_bgp_render(&c.bgp, &out, NULL), 0);
	assert_string_equal(out.data, expected);
}

static void disabled_says_nothing_but_whose_file_it_is(void **state)
{
	struct bl_desired_bgp none = {};
	BL_BUF struct bl_buf out = {};

	(void)state;
	assert_int_equal(bl_bgp_render(&none, &out, NULL), 0);
	assert_string_equal(
		out.data,
		"# Written by beelined from the cluster's state: changes made here are lost.\n");
}

static void without_accepted_prefixes_all_but_the_default_route_is_learnt(void **state)
{
	BL_BUF struct bl_buf out = {};
	struct cast c;

	(void)state;
	cast_init(&c);
	c.bgp.n_accept = 0;
	assert_int_equal(bl_bgp_render(&c.bgp, &out, NULL), 0);
	assert_non_null(strstr(out.data, "\tif net = 0.0.0.0/0 then reject;\n"
					 "\tif net ~ [ 10.244.1.0/24+ ] then reject;\n"
					 "\taccept;\n}"));
}

static void accepted_prefixes_of_one_family_let_nothing_of_the_other_in(void **state)
{
	BL_BUF struct bl_buf out = {};
	struct cast c;

	(void)state;
	cast_init(&c);
	c.bgp.n_accept = 1;
	assert_int_equal(bl_bgp_render(&c.bgp, &out, NULL), 0);
	assert_non_null(strstr(out.data, "\tif net ~ [ fd00:244:1::/64+ ] then reject;\n"
					 "\treject;\n}"));
}

static void node_of_one_family_has_no_source_of_the_other(void **state)
{
	BL_BUF struct bl_buf out = {};
	struct cast c;

	(void)state;
	cast_init(&c);
	c.bgp.source6 = (struct bl_ip){};
	assert_int_equal(bl_bgp_render(&c.bgp, &out, NULL), 0);
	assert_non_null(strstr(out.data, "\tlocal as 4200000001;\n\tneighbor fd00::b"));
	assert_null(strstr(out.data, "krt_prefsrc = fd00"));
}

static void text_that_could_leave_its_place_is_refused(void **state)
{
	static const char *const names[] = {
		"",	     "a b",
		"a;",	     "a\"",
		"a}",	     "1a",
		"a-b",	     "a\n",
		"beeline_x", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
	static const char *const passwords[] = {"", "a\"b", "a\nb", "a\\b", "\xc3\xa9"};

	(void)state;
	for (size_t i = 0; i < BL_ARRAY_SIZE(names); i++) {
		BL_BUF struct bl_buf out = {};
		struct cast c;

		cast_init(&c);
		c.peers[0].name = names[i];
		assert_int_equal(bl_bgp_render(&c.bgp, &out, NULL), -EINVAL);
		assert_int_equal(out.len, 0);
	}
	for (size_t i = 0; i < BL_ARRAY_SIZE(passwords); i++) {
		BL_BUF struct bl_buf out = {};
		struct bl_err err = {};
		struct cast c;

		cast_init(&c);
		c.peers[0].password = passwords[i];
		assert_int_equal(bl_bgp_render(&c.bgp, &out, &err), -EINVAL);
		assert_true(!*passwords[i] || !strstr(err.text, passwords[i]));
	}
}

static void peers_and_numbers_that_cannot_be_are_refused(void **state)
{
	BL_BUF struct bl_buf out = {};
	struct bl_err err = {};
	struct cast c;

	(void)state;
	cast_init(&c);
	c.peers[1].name = c.peers[0].name;
	assert_int_equal(bl_bgp_render(&c.bgp, &out, &err), -EINVAL);
	assert_string_equal(err.text, "bgp: two peers are called 'peer_fabric4'");
	cast_init(&c);
	c.peers[0].asn = 0;
	assert_int_equal(bl_bgp_render(&c.bgp, &out, &err), -EINVAL);
	cast_init(&c);
	c.peers[0].ip = ip("127.0.0.1");
	assert_int_equal(bl_bgp_render(&c.bgp, &out, &err), -EINVAL);
	cast_init(&c);
	c.bgp.asn = 0;
	assert_int_equal(bl_bgp_render(&c.bgp, &out, &err), -EINVAL);
	cast_init(&c);
	c.bgp.router_id = ip("fd00::a");
	assert_int_equal(bl_bgp_render(&c.bgp, &out, &err), -EINVAL);
	assert_string_equal(err.text, "bgp: the router id must be an IPv4 address");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dual_stack_node_with_both_kinds_of_peers),
		cmocka_unit_test(disabled_says_nothing_but_whose_file_it_is),
		cmocka_unit_test(without_accepted_prefixes_all_but_the_default_route_is_learnt),
		cmocka_unit_test(accepted_prefixes_of_one_family_let_nothing_of_the_other_in),
		cmocka_unit_test(node_of_one_family_has_no_source_of_the_other),
		cmocka_unit_test(text_that_could_leave_its_place_is_refused),
		cmocka_unit_test(peers_and_numbers_that_cannot_be_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
