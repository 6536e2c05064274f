// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "agent/bgp/status.h"
#include "base/json.h"

static void expect(const char *lines, const char *json)
{
	BL_JSON json_t *got = bl_bgp_parse_sessions(lines);
	BL_JSON json_t *want = NULL;
	char *text;

	assert_int_equal(bl_json_parse(json, strlen(json), &want, NULL), 0);
	text = bl_json_dump(got);
	if (!json_equal(got, want))
		print_error("got %s\n", text);
	free(text);
	assert_true(json_equal(got, want));
}

static void established_session_with_its_routes(void **state)
{
	(void)state;
	expect("2002 Name       Proto      Table      State  Since         Info\n"
	       "1002 device1    Device     ---        up     10:00:00.000  \n"
	       "1006 \n"
	       "1002 peer_fabric4 BGP        ---        up     10:00:01.123  Established   \n"
	       "1006   BGP state:          Established\n"
	       "1006     Neighbor address: 10.0.0.1\n"
	       "1006     Neighbor AS:      64512\n"
	       "1006     Local AS:         64513\n"
	       "1006   Channel ipv4\n"
	       "1006     State:          UP\n"
	       "1006     Routes:         3 imported, 0 filtered, 1 exported, 3 preferred\n"
	       "1006 \n"
	       "0000 \n",
	       "[{\"name\":\"peer_fabric4\",\"peer\":\"10.0.0.1\",\"asn\":64512,\"state\":"
	       "\"Established\",\"since\":\"10:00:01.123\",\"info\":\"\",\"imported\":3,\"exported\":1}]");
}

static void session_that_is_down_says_why_and_since_two_words(void **state)
{
	(void)state;
	expect("1002 mesh4_b    BGP        ---        start  2026-11-24 10:00:01  Active  Socket: x\n"
	       "1006   BGP state:          Active\n"
	       "1006     Neighbor address: 10.0.0.12\n"
	       "1006     Neighbor AS:      64513\n"
	       "1006   Last error:         Socket: No route to host\n",
	       "[{\"name\":\"mesh4_b\",\"peer\":\"10.0.0.12\",\"asn\":64513,\"state\":\"Active\","
	       "\"since\":\"2026-11-24 10:00:01\",\"info\":\"Socket: No route to host\",\"imported\":0,"
	       "\"exported\":0}]");
}

static void what_is_no_session_is_passed_over(void **state)
{
	(void)state;
	expect("", "[]");
	expect("garbage\n99\n1002\n1002 \n1006 Neighbor AS: 1\nNNNN x\n", "[]");
	expect("1002 a Static b up c\n1006 Neighbor address: 1.2.3.4\n", "[]");
	expect("1002 a BGP\n1006 Neighbor AS: -1\n1006 Routes: x\n",
	       "[{\"name\":\"a\",\"peer\":\"\",\"asn\":0,\"state\":\"\",\"since\":\"\",\"info\":\"\","
	       "\"imported\":0,\"exported\":0}]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(established_session_with_its_routes),
		cmocka_unit_test(session_that_is_down_says_why_and_since_two_words),
		cmocka_unit_test(what_is_no_session_is_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
