// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Queries of URLs.
 *
 * The first parameter is joined by '?', every other by '&', told apart by what the path already holds: a caller lists its
 * parameters and leaves out none. Values may be anything (selectors hold '=', ',' and '!', continue tokens are
 * base64), so every byte that is not unreserved in RFC 3986 is escaped; keys are the caller's constants and go as they are.
 *
 * An empty value means that the parameter is not wanted, which is what empty means for each parameter of the API.
 */

#include "client/query.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

void bl_query_add(struct bl_buf *url, const char *key, const char *value)
{
	if (!value || !*value)
		return;
	bl_buf_printf(url, "%c%s=", memchr(url->data, '?', url->len) ? '&' : '?', key);
	for (const char *p = value; *p; p++) {
		unsigned char c = (unsigned char)*p;

		if (isalnum(c) || strchr("-._~", c))
			bl_buf_putc(url, *p);
		else
			bl_buf_printf(url, "%%%02X", c);
	}
}

void bl_query_add_number(struct bl_buf *url, const char *key, uint64_t value)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	bl_query_add(url, key, text);
}
