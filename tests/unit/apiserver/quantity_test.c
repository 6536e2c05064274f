// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Quantities in their canonical form
 *
 * The pairs are what `kubectl apply` and then `kubectl get -o yaml` show of a container's resources.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "apiserver/schema/quantity.h"
#include "base/mem.h"

struct pair {
	const char *in, *out;
};

static void check(const struct pair *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char text[BL_QUANTITY_STRLEN] = "untouched";

		assert_int_equal(bl_quantity_canonical(list[i].in, text), 0);
		assert_string_equal(text, list[i].out);
	}
}

static void decimal_quantities_lose_fraction_and_zeros(void **state)
{
	static const struct pair list[] = {
		{"500m", "500m"},   {"1000m", "1"},  {"0.5", "500m"},  {"1.0", "1"},
		{"1500m", "1500m"}, {"1000", "1k"},  {"1234", "1234"}, {"1000000", "1M"},
		{"0", "0"},	    {"0m", "0"},     {"-1", "-1"},     {"+2", "2"},
		{"0.000001", "1u"}, {"1n", "1n"},    {"1000n", "1u"},  {".5", "500m"},
		{"5.", "5"},	    {"0.1k", "100"}, {"100P", "100P"},
	};

	(void)state;
	check(list, BL_ARRAY_SIZE(list));
}

static void binary_quantities_stay_binary_from_1024(void **state)
{
	static const struct pair list[] = {
		{"64Mi", "64Mi"}, {"1024Mi", "1Gi"},  {"1.5Gi", "1536Mi"}, {"1Ki", "1Ki"},
		{"0.5Ki", "512"}, {"100Ki", "100Ki"}, {"1Ei", "1Ei"},	   {"0.25Ki", "256"},
	};

	(void)state;
	check(list, BL_ARRAY_SIZE(list));
}

static void exponents_stay_exponents(void **state)
{
	static const struct pair list[] = {
		{"1e3", "1e3"}, {"1E3", "1e3"},	    {"1500e3", "1500e3"},
		{"1e0", "1"},	{"10e-3", "10e-3"}, {"12e2", "1200"},
	};

	(void)state;
	check(list, BL_ARRAY_SIZE(list));
}

static void too_fine_rounds_up_and_too_large_is_cut(void **state)
{
	static const struct pair list[] = {
		{"0.0000000001", "1n"},
		{"0.0000000000000000000000000001", "1n"},
		{"1.0000000001", "1000000001n"},
		{"99E", "9223372036854775807"},
		{"123456789012345678901234567890123456789012345678901", "9223372036854775807"},
		{"1e999", "9223372036854775807"},
	};

	(void)state;
	check(list, BL_ARRAY_SIZE(list));
}

static void other_text_is_refused(void **state)
{
	static const char *const bad[] = {"",	 "one", "1 ",	"1KB",	  "1K", "1.2.3",
					  "e3",	 "1e",	"1e1x", "--1",	  "m",	"1mi",
					  "1e-", ".",	"0x1",	"1e12345"};
	char text[BL_QUANTITY_STRLEN];

	(void)state;
	for (size_t i = 0; i < BL_ARRAY_SIZE(bad); i++)
		assert_int_equal(bl_quantity_canonical(bad[i], text), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decimal_quantities_lose_fraction_and_zeros),
		cmocka_unit_test(binary_quantities_stay_binary_from_1024),
		cmocka_unit_test(exponents_stay_exponents),
		cmocka_unit_test(too_fine_rounds_up_and_too_large_is_cut),
		cmocka_unit_test(other_text_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
