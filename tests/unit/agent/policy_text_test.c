// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Rules of policies as text: absent and empty are told apart.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/policy_text.h"
#include "base/json.h"
#include "base/mem.h"

/* `spec` with single quotes; the first ingress rule's text, or the selector's where there is none. */
static char *text_of(const char *spec)
{
	BL_FREE char *text =
		bl_asprintf("{'metadata':{'namespace':'n','name':'p'},'spec':{%s}}", spec);
	const struct bl_api_networkpolicy *np;
	BL_API_OBJECT struct bl_api_object *obj = NULL;
	BL_JSON json_t *json = NULL, *out = NULL;
	struct bl_err err = {};

	for (char *c = text; *c; c++)
		*c = *c == '\'' ? '"' : *c;
	assert_int_equal(bl_json_parse(text, strlen(text), &json, &err), 0);
	if (bl_api_decode(BL_API_NETWORKPOLICY, json, &obj, &err))
		fail_msg("%s", bl_err_text(&err));
	np = (const struct bl_api_networkpolicy *)obj;
	out = np->n_ingress ? bl_policy_text_rule(&np->ingress[0])
			    : bl_policy_text_selector(np->pods);
	return json_dumps(out, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
}

static void assert_text(const char *spec, const char *want)
{
	BL_FREE char *text = text_of(spec);

	assert_string_equal(text, want);
}

static void selectors_say_every_requirement(void **state)
{
	(void)state;
	assert_text("'podSelector':{}", "\"{}\"");
	assert_text(
		"'podSelector':{'matchLabels':{'app':'web'},'matchExpressions':["
		"{'key':'tier','operator':'In','values':['a','b']},"
		"{'key':'env','operator':'NotIn','values':['']},{'key':'x','operator':'Exists'},"
		"{'key':'y','operator':'DoesNotExist'}]}",
		"\"{app=web,tier in (a,b),env notin (),x,!y}\"");
}

static void rules_without_peers_or_ports_are_for_all(void **state)
{
	(void)state;
	assert_text("'podSelector':{},'ingress':[{}]",
		    "{\"peers\":[\"everyone\"],\"ports\":[\"every port\"]}");
	assert_text("'podSelector':{},'ingress':[{'from':[{'podSelector':{}}]}]",
		    "{\"peers\":[\"pods {}\"],\"ports\":[\"every port\"]}");
}

static void peers_and_ports_have_one_text_each(void **state)
{
	(void)state;
	assert_text(
		"'podSelector':{},'ingress':[{'from':[{'namespaceSelector':{'matchLabels':{'a':'b'}}},"
		"{'podSelector':{},'namespaceSelector':{}},"
		"{'ipBlock':{'cidr':'10.0.0.0/8','except':['10.1.0.0/16','10.2.0.0/16']}}],"
		"'ports':[{},{'port':'web','protocol':'UDP'},{'port':80},"
		"{'port':1,'endPort':9,'protocol':'SCTP'}]}]",
		"{\"peers\":[\"every pod of namespaces {a=b}\",\"pods {} of namespaces {}\","
		"\"block 10.0.0.0/8 except 10.1.0.0/16,10.2.0.0/16\"],"
		"\"ports\":[\"every port/TCP\",\"web/UDP\",\"80/TCP\",\"1-9/SCTP\"]}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(selectors_say_every_requirement),
		cmocka_unit_test(rules_without_peers_or_ports_are_for_all),
		cmocka_unit_test(peers_and_ports_have_one_text_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
