// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: An error that grows on its way up.
 *
 * The leaf that knows the fact sets it; each caller that knows more puts its context in front. The text has a
 * fixed size, so an error never allocates and never fails itself; what does not fit is cut at the end, where the
 * least important words are.
 */

#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int bl_err_set(struct bl_err *err, int code, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return code;
	err->code = code;
	va_start(ap, fmt);
	(void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return code;
}

int bl_err_wrap(struct bl_err *err, const char *fmt, ...)
{
	struct bl_err old;
	va_list ap;
	size_t n;

	if (!err)
		return -EINVAL;
	old = *err;
	va_start(ap, fmt);
	(void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	n = strlen(err->text);
	(void)snprintf(err->text + n, sizeof(err->text) - n, ": %.*s",
		       (int)(sizeof(err->text) - n - 3), bl_err_text(&old));
	return err->code;
}

const char *bl_err_text(const struct bl_err *err)
{
	return err->text[0] ? err->text : strerror(-err->code);
}
