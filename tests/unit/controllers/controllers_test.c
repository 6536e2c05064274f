// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The words of --controllers.
 */

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "controllers/controllers.h"

#include <errno.h>

static void names_all_and_none_are_understood(void **state)
{
	static const char *const good[] = {"all",
					   "none",
					   "endpointslice",
					   "endpointslice,nodecidr",
					   "-garbagecollector",
					   "*,-namespace",
					   "nodelifecycle"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_int_equal(bl_controllers_check(good[i], NULL), 0);
}

static void unknown_name_is_told_with_what_there_is(void **state)
{
	struct bl_err err = {};

	(void)state;
	assert_int_equal(bl_controllers_check("endpointslice,cron", &err), -EINVAL);
	assert_string_equal(err.text, "--controllers: there is no controller 'cron'; there are "
				      "endpointslice, nodecidr, namespace, garbagecollector, "
				      "nodelifecycle, or all, none");
	assert_int_equal(bl_controllers_check("", &err), -EINVAL);
	assert_int_equal(bl_controllers_check("-", &err), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_all_and_none_are_understood),
		cmocka_unit_test(unknown_name_is_told_with_what_there_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
