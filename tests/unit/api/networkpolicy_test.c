// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Policies: what is absent, what is empty, and what must not be guessed.
 */

#include "api/networkpolicy.h"

#include <errno.h>
#include <netinet/in.h>

#include "decode.h"

#define META "'metadata':{'name':'np','namespace':'shop'}"
#define NP   "networkpolicy 'shop/np': "

static struct bl_api_networkpolicy *policy(const char *spec)
{
	char *text = bl_asprintf("{" META ",'spec':{%s}}", spec);
	struct bl_api_object *obj = decode_ok(BL_API_NETWORKPOLICY, text);

	free(text);
	return (struct bl_api_networkpolicy *)obj;
}

static void policy_error(const char *spec, const char *error)
{
	char *text = bl_asprintf("{" META ",'spec':{%s}}", spec);

	decode_fails(BL_API_NETWORKPOLICY, text, error);
	free(text);
}

static void absent_and_empty_peers_stay_apart(void **state)
{
	struct bl_api_networkpolicy *p =
		policy("'podSelector':{},'ingress':[{},{'from':[]},{'from':[{'podSelector':{}},"
		       "{'namespaceSelector':{}},{'podSelector':{'matchLabels':{'a':''}},"
		       "'namespaceSelector':{'matchLabels':{'b':'1'}}}]}]");
	struct bl_api_policy_peer *peers = p->ingress[2].peers;

	(void)state;
	assert_int_equal(p->pods->count, 0);
	assert_int_equal(p->n_ingress, 3);
	assert_int_equal(p->ingress[0].n_peers, 0);
	assert_int_equal(p->ingress[1].n_peers, 0);
	assert_int_equal(p->ingress[2].n_peers, 3);
	assert_non_null(peers[0].pods);
	assert_null(peers[0].namespaces);
	assert_null(peers[1].pods);
	assert_non_null(peers[1].namespaces);
	assert_int_equal(peers[2].pods->count, 1);
	assert_string_equal(peers[2].pods->list[0].values[0], "");
	bl_api_free(&p->obj);
}

static void policy_types_default_by_the_rules_there_are(void **state)
{
	struct bl_api_networkpolicy *none = policy("'podSelector':{}");
	struct bl_api_networkpolicy *egress = policy("'podSelector':{},'egress':[{}]");
	struct bl_api_networkpolicy *only = policy("'podSelector':{},'policyTypes':['Egress']");

	(void)state;
	assert_true(none->isolates_ingress && !none->isolates_egress);
	assert_true(egress->isolates_ingress && egress->isolates_egress);
	assert_true(!only->isolates_ingress && only->isolates_egress);
	bl_api_free(&none->obj);
	bl_api_free(&egress->obj);
	bl_api_free(&only->obj);
}

static void ports_are_numbers_ranges_names_or_all(void **state)
{
	struct bl_api_networkpolicy *p = policy(
		"'egress':[{'ports':[{'port':53,'protocol':'UDP'},{'port':8000,'endPort':8100},"
		"{'port':'web'},{'protocol':'SCTP'}]}]");
	struct bl_api_policy_port *ports = p->egress[0].ports;

	(void)state;
	assert_int_equal(ports[0].proto, IPPROTO_UDP);
	assert_int_equal(ports[0].end_port, 53);
	assert_int_equal(ports[1].end_port, 8100);
	assert_string_equal(ports[2].name, "web");
	assert_int_equal(ports[3].proto, IPPROTO_SCTP);
	assert_int_equal(ports[3].port, 0);
	bl_api_free(&p->obj);
}

static void blocks_keep_their_exceptions(void **state)
{
	struct bl_api_networkpolicy *p = policy(
		"'ingress':[{'from':[{'ipBlock':{'cidr':'10.0.0.0/8','except':['10.1.0.0/16',"
		"'10.2.0.0/16']}},{'ipBlock':{'cidr':'::/0'}}]}]");
	const struct bl_api_ip_block *b = p->ingress[0].peers[0].block;

	(void)state;
	assert_int_equal(b->cidr.len, 8);
	assert_int_equal(b->n_except, 2);
	assert_int_equal(p->ingress[0].peers[1].block->cidr.ip.family, 6);
	bl_api_free(&p->obj);
}

static void what_cannot_be_understood_is_refused(void **state)
{
	(void)state;
	policy_error("'podSelector':{'matchExpressions':[{'key':'a','operator':'Near'}]}",
		     NP "spec.podSelector.matchExpressions[0].operator: 'Near' is not In, NotIn, "
			"Exists or DoesNotExist");
	policy_error(
		"'ingress':[{'from':[{'ipBlock':{'cidr':'10.0.0.0/8','except':['11.0.0.0/16']}}]}]",
		NP "spec.ingress[0].from[0].ipBlock.except[0]: lies outside cidr");
	policy_error("'ingress':[{'from':[{'ipBlock':{'cidr':'10.0.0.0/33'}}]}]", NP
		     "spec.ingress[0].from[0].ipBlock.cidr: '10.0.0.0/33' is not an address range");
	policy_error("'egress':[{'ports':[{'endPort':5}]}]",
		     NP "spec.egress[0].ports[0].endPort: needs a port that is a number");
	policy_error("'egress':[{'ports':[{'port':6,'endPort':5}]}]",
		     NP "spec.egress[0].ports[0].endPort: 5 is below port 6");
	policy_error("'ingress':[{'from':[{}]}]", NP "spec.ingress[0].from[0]: names no peer");
	policy_error("'ingress':[{'from':[{'podSelector':{},'ipBlock':{'cidr':'10.0.0.0/8'}}]}]",
		     NP "spec.ingress[0].from[0].ipBlock: stands beside a selector");
	policy_error("'policyTypes':['Sideways']",
		     NP "spec.policyTypes[0]: must be Ingress or Egress");
}

static struct bl_api_networkpolicy *closed(const char *spec)
{
	char *text = bl_asprintf("{" META ",'spec':%s}", spec);
	BL_JSON json_t *json = json_of(text);
	struct bl_api_object *obj = NULL;
	struct bl_err err = {};

	assert_int_not_equal(bl_api_decode(BL_API_NETWORKPOLICY, json, &obj, &err), 0);
	assert_int_equal(bl_api_networkpolicy_closed(json, &obj, &err), 0);
	assert_string_equal(obj->meta.name, "np");
	free(text);
	return (struct bl_api_networkpolicy *)obj;
}

static void policy_that_cannot_be_decoded_closes_the_pods_it_selects(void **state)
{
	struct bl_api_networkpolicy *p =
		closed("{'podSelector':{'matchLabels':{'a':'b'}},'policyTypes':['Egress'],"
		       "'egress':[{'to':[{'ipBlock':{'cidr':'1.2.3.4/99'}}]},{}]}");

	(void)state;
	assert_int_equal(p->pods->count, 1);
	assert_true(p->isolates_egress && !p->isolates_ingress);
	assert_int_equal(p->n_egress + p->n_ingress, 0);
	bl_api_free(&p->obj);
	p = closed("{'podSelector':{},'ingress':[{'ports':[{'port':70000}]}]}");
	assert_true(p->isolates_ingress && !p->isolates_egress);
	assert_int_equal(p->n_ingress, 0);
	bl_api_free(&p->obj);
	p = closed("{'podSelector':{},'egress':'all'}");
	assert_true(p->isolates_ingress && p->isolates_egress);
	bl_api_free(&p->obj);
}

static void policy_whose_selector_cannot_be_read_closes_its_namespace(void **state)
{
	struct bl_api_networkpolicy *p =
		closed("{'podSelector':{'matchExpressions':[{'key':'a','operator':'Near'}]},"
		       "'policyTypes':['Ingress'],'ingress':[{}]}");

	(void)state;
	assert_int_equal(p->pods->count, 0);
	assert_true(p->isolates_ingress && !p->isolates_egress);
	assert_int_equal(p->n_ingress, 0);
	bl_api_free(&p->obj);
	p = closed("{'podSelector':7,'policyTypes':['Sideways']}");
	assert_int_equal(p->pods->count, 0);
	assert_true(p->isolates_ingress && p->isolates_egress);
	bl_api_free(&p->obj);
	p = closed("[]");
	assert_true(p->isolates_ingress);
	bl_api_free(&p->obj);
}

static void policy_without_a_name_closes_nothing(void **state)
{
	BL_JSON json_t *json = json_of("{'spec':{'podSelector':{}}}"), *list = json_of("[]");
	struct bl_api_object *obj = NULL;
	struct bl_err err = {};

	(void)state;
	assert_int_equal(bl_api_networkpolicy_closed(json, &obj, &err), -EINVAL);
	assert_int_equal(bl_api_networkpolicy_closed(list, &obj, &err), -EINVAL);
	assert_null(obj);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(absent_and_empty_peers_stay_apart),
		cmocka_unit_test(policy_types_default_by_the_rules_there_are),
		cmocka_unit_test(ports_are_numbers_ranges_names_or_all),
		cmocka_unit_test(blocks_keep_their_exceptions),
		cmocka_unit_test(what_cannot_be_understood_is_refused),
		cmocka_unit_test(policy_that_cannot_be_decoded_closes_the_pods_it_selects),
		cmocka_unit_test(policy_whose_selector_cannot_be_read_closes_its_namespace),
		cmocka_unit_test(policy_without_a_name_closes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
