/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: The grammars of names, as tables of texts and how many rules each breaks.
 */
#include "apiserver/kinds/names.h"

#include "kind_case.h"

struct name_case {
	const char *text;
	unsigned int broken;
};

static void check(bl_rule_fn rule, const struct name_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct bl_rules r = rule(cases[i].text);

		if (r.count != cases[i].broken)
			fail_msg("'%s' breaks %u rules, wanted %u", cases[i].text, r.count,
				 cases[i].broken);
	}
}

#define CHECK(rule, ...)                                               \
	do {                                                           \
		static const struct name_case cases[] = {__VA_ARGS__}; \
		check(rule, cases, BL_ARRAY_SIZE(cases));              \
	} while (0)

#define A63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void labels_and_subdomains(void **state)
{
	(void)state;
	CHECK(bl_rule_dns_label, {"a", 0}, {"1a-b", 0}, {A63, 0}, {A63 "a", 1}, {A63 "A", 2},
	      {"", 1}, {"a.b", 1}, {"-a", 1}, {"a-", 1}, {"\xc3\xa9", 1});
	CHECK(bl_rule_dns_subdomain, {"a.b", 0}, {"a..b", 1}, {".a", 1}, {"a.", 1}, {"A", 1});
	CHECK(bl_rule_dns1035_label, {"a1", 0}, {"1a", 1}, {"", 1});
	CHECK(bl_rule_fqdn, {"a.b", 0}, {"a.b.", 0}, {"a", 1}, {"", 1}, {"A.b", 1});
}

static void qualified_names(void **state)
{
	(void)state;
	CHECK(bl_rule_qualified_name, {"a", 0}, {"A_b.c-d", 0}, {"a.b/C", 0}, {"a/b/c", 1},
	      {"/a", 1}, {"a/", 2}, {"", 2}, {"A/b", 1}, {"a b", 1}, {A63 "a", 1});
	CHECK(bl_rule_annotation_key, {"A.B/c", 0}, {"a b", 1});
	CHECK(bl_rule_label_value, {"", 0}, {"A.b_c-d", 0}, {"-a", 1}, {"a b", 1}, {A63 "a", 1});
}

static void ports_keys_and_variables(void **state)
{
	(void)state;
	CHECK(bl_rule_port_name, {"web", 0}, {"8080-x", 0}, {"123", 1}, {"a--b", 1}, {"-a", 1},
	      {"Web", 1}, {"abcdefghijklmnop", 1});
	CHECK(bl_rule_config_key, {"a.b_C-d", 0}, {".", 1}, {"..", 1}, {"..a", 1}, {"a b", 1},
	      {"", 1});
	CHECK(bl_rule_env_name, {"A", 0}, {"a.b c", 0}, {"A=B", 1}, {"", 1}, {"\xc3\xa9", 1});
	CHECK(bl_rule_http_header, {"X-A", 0}, {"X A", 1}, {"", 1});
	CHECK(bl_rule_path_segment, {"a", 0}, {"..", 1}, {"a/b%", 2});
	CHECK(bl_rule_domain_path, {"a.b/c", 0}, {"a", 1}, {"a.b/", 1});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(labels_and_subdomains),
		cmocka_unit_test(qualified_names),
		cmocka_unit_test(ports_keys_and_variables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
