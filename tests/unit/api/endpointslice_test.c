// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: EndpointSlices: conditions and their defaults, addresses that are left out, and what a large slice costs.
 */

#include "api/endpointslice.h"

#include "base/buf.h"
#include "base/str.h"
#include "decode.h"

#define META                                                       \
	"'metadata':{'name':'cart-x','namespace':'shop','labels':" \
	"{'kubernetes.io/service-name':'cart'}}"

static struct bl_api_endpointslice *slice(const char *rest)
{
	char *text = bl_asprintf("{" META ",%s}", rest);
	struct bl_api_object *obj = decode_ok(BL_API_ENDPOINTSLICE, text);

	free(text);
	return (struct bl_api_endpointslice *)obj;
}

static void conditions_default_as_the_api_says(void **state)
{
	struct bl_api_endpointslice *s = slice(
		"'addressType':'IPv4','ports':[{'name':'a','port':8080}],'endpoints':["
		"{'addresses':['10.0.0.1']},"
		"{'addresses':['10.0.0.2'],'conditions':{'ready':false}},"
		"{'addresses':['10.0.0.3'],'conditions':{'ready':false,'serving':true,"
		"'terminating':true},'nodeName':'n1','zone':'z','targetRef':{'kind':'Pod',"
		"'name':'p'},'hints':{'forZones':[{'name':'z1'}],'forNodes':[{'name':'n2'}]}}]");

	(void)state;
	assert_string_equal(s->service, "cart");
	assert_int_equal(s->n_endpoints, 3);
	assert_true(s->endpoints[0].ready && s->endpoints[0].serving);
	assert_false(s->endpoints[1].ready || s->endpoints[1].serving);
	assert_true(s->endpoints[2].serving && s->endpoints[2].terminating);
	assert_string_equal(s->endpoints[0].node, "");
	assert_string_equal(s->endpoints[2].node, "n1");
	assert_string_equal(s->endpoints[2].target, "p");
	assert_string_equal(s->endpoints[2].zone_hints[0], "z1");
	assert_string_equal(s->endpoints[2].node_hints[0], "n2");
	bl_api_free(&s->obj);
}

static void addresses_that_point_to_the_node_are_left_out(void **state)
{
	struct bl_api_endpointslice *s =
		slice("'addressType':'IPv4','endpoints':[{'addresses':['127.0.0.1']},"
		      "{'addresses':['169.254.169.254']},{'addresses':['224.0.0.1']},"
		      "{'addresses':['0.0.0.0']},{'addresses':['fd00::1']},{'addresses':[]},"
		      "{'addresses':['nonsense']},{'addresses':['10.0.0.1']}]");
	struct bl_api_endpointslice *s6 = slice(
		"'addressType':'IPv6','endpoints':[{'addresses':['::1']},{'addresses':['fe80::1']},"
		"{'addresses':['ff02::1']},{'addresses':['fd00::1']}]");

	(void)state;
	assert_int_equal(s->n_endpoints, 1);
	assert_int_equal(s->n_refused, 7);
	assert_string_equal(s->refused, "endpoints[0]: 127.0.0.1: loopback");
	assert_int_equal(s->endpoints[0].ips[0].b[0], 10);
	assert_int_equal(s6->n_endpoints, 1);
	assert_int_equal(s6->n_refused, 3);
	bl_api_free(&s->obj);
	bl_api_free(&s6->obj);
}

static void fqdn_slice_has_no_endpoints(void **state)
{
	struct bl_api_endpointslice *s =
		slice("'addressType':'FQDN','endpoints':[{'addresses':['a.example']}]");

	(void)state;
	assert_int_equal(s->family, 0);
	assert_int_equal(s->n_endpoints, 0);
	bl_api_free(&s->obj);
}

static void add_endpoints(struct bl_buf *b, int n)
{
	bl_buf_puts(b,
		    "{" META ",'addressType':'IPv4','ports':[{'name':'a','port':1}],'endpoints':[");
	for (int i = 0; i < n; i++)
		bl_buf_printf(b,
			      "%s{'addresses':['10.1.%d.%d'],'conditions':{'ready':true},"
			      "'nodeName':'node-%d','targetRef':{'kind':'Pod','name':'cart-%d'}}",
			      i ? "," : "", i / 250, i % 250 + 1, i / 100, i);
	bl_buf_puts(b, "]}");
}

static void more_endpoints_than_the_api_allows_are_refused(void **state)
{
	BL_BUF struct bl_buf b = {};

	(void)state;
	add_endpoints(&b, 1001);
	decode_fails(
		BL_API_ENDPOINTSLICE, b.data,
		"endpointslice 'shop/cart-x': endpoints: 1001 entries, at most 1000 are allowed");
}

static void memory_is_exact(void **state)
{
	BL_BUF struct bl_buf b = {};
	struct bl_api_endpointslice *s;

	(void)state;
	add_endpoints(&b, 1000);
	s = (struct bl_api_endpointslice *)decode_ok(BL_API_ENDPOINTSLICE, b.data);
	assert_int_equal(s->n_endpoints, 1000);
	/* struct, address and pod name of each endpoint, and little else */
	assert_in_range(bl_arena_bytes(s->obj.arena), 100000, 140000);
	bl_api_free(&s->obj);
}

static void unknown_address_type_is_an_error(void **state)
{
	(void)state;
	decode_fails(BL_API_ENDPOINTSLICE, "{" META ",'addressType':'IPX'}",
		     "endpointslice 'shop/cart-x': addressType: 'IPX' is not IPv4, IPv6 or FQDN");
	decode_fails(BL_API_ENDPOINTSLICE,
		     "{" META ",'addressType':'IPv4','endpoints':[{'addresses':['10.0.0.1'],"
		     "'conditions':{'ready':'yes'}}]}",
		     "endpointslice 'shop/cart-x': endpoints[0].conditions.ready: must be true or "
		     "false");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conditions_default_as_the_api_says),
		cmocka_unit_test(addresses_that_point_to_the_node_are_left_out),
		cmocka_unit_test(fqdn_slice_has_no_endpoints),
		cmocka_unit_test(more_endpoints_than_the_api_allows_are_refused),
		cmocka_unit_test(memory_is_exact),
		cmocka_unit_test(unknown_address_type_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
