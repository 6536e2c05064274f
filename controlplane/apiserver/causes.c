/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: What is wrong with an object, field by field.
 *
 * A validator walks an object with a path on its stack and adds a cause for every broken rule; it
 * never stops at the first one, because a person wants to see all of them in one answer. The list
 * becomes `details.causes` of a Status 422 and its texts, joined, the Status' message.
 *
 * Texts follow k8s.io/apimachinery/pkg/util/validation/field: the kind of the error, the offending
 * value in JSON, and the rule: `Invalid value: 70000: must be between 1 and 65535, inclusive`.
 * Required, Forbidden and TooLong show no value, since it is absent or too large to be shown.
 *
 * Duplicates are kept: the real API server validates some parts twice on an update, and clients
 * compare. A value that is longer than VALUE_MAX bytes in JSON is cut, so that a request of
 * megabytes does not come back inside its own refusal.
 */
#include "apiserver/causes.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

#define VALUE_MAX  1024
#define CAUSES_MAX 10000 /* an object of 3 MiB cannot make the answer grow without bound */

static const struct {
	const char *reason;
	const char *text;
	bool shows_value;
} reasons[] = {
	[BL_CAUSE_REQUIRED] = {"FieldValueRequired", "Required value", false},
	[BL_CAUSE_DUPLICATE] = {"FieldValueDuplicate", "Duplicate value", true},
	[BL_CAUSE_INVALID] = {"FieldValueInvalid", "Invalid value", true},
	[BL_CAUSE_UNSUPPORTED] = {"FieldValueNotSupported", "Unsupported value", true},
	[BL_CAUSE_FORBIDDEN] = {"FieldValueForbidden", "Forbidden", false},
	[BL_CAUSE_TOO_LONG] = {"FieldValueTooLong", "Too long", false},
	[BL_CAUSE_TOO_MANY] = {"FieldValueTooMany", "Too many", true},
	[BL_CAUSE_TYPE] = {"FieldValueTypeInvalid", "Invalid value", true},
	[BL_CAUSE_INTERNAL] = {"InternalError", "Internal error", false},
	[BL_CAUSE_NOT_FOUND] = {"FieldValueNotFound", "Not found", true},
};

const char *bl_cause_reason_name(enum bl_cause_reason reason)
{
	return reasons[reason].reason;
}

static void put_value(struct bl_buf *b, const json_t *value)
{
	BL_FREE char *text = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
	size_t len = text ? strlen(text) : 0;

	if (!text) {
		bl_buf_puts(b, "null");
	} else if (len <= VALUE_MAX) {
		bl_buf_append(b, text, len);
	} else {
		/* Never in the middle of a character: continuation bytes are 10xxxxxx. */
		len = VALUE_MAX;
		while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
			len--;
		bl_buf_append(b, text, len);
		bl_buf_puts(b, "...");
	}
}

void bl_cause_add(struct bl_causes *c, enum bl_cause_reason reason, const char *field,
		  const json_t *value, const char *detail, ...)
{
	BL_BUF struct bl_buf b = {};
	struct bl_cause *cause;

	if (c->count >= CAUSES_MAX)
		return;

	bl_buf_puts(&b, reasons[reason].text);
	if (reasons[reason].shows_value) {
		bl_buf_puts(&b, ": ");
		put_value(&b, value);
	}
	if (detail && *detail) {
		BL_FREE char *text = NULL;
		va_list ap;

		va_start(ap, detail);
		if (vasprintf(&text, detail, ap) < 0)
			text = NULL;
		va_end(ap);
		if (text && *text)
			bl_buf_printf(&b, ": %s", text);
	}

	/* Grows in powers of two: the list is full exactly when its length is one. */
	if ((c->count & (c->count - 1)) == 0)
		c->list = bl_realloc(c->list, c->count ? c->count * 2 : 1, sizeof(*c->list));
	cause = &c->list[c->count++];
	cause->reason = reason;
	cause->field = bl_strdup(field);
	cause->message = bl_buf_take(&b);
}

void bl_causes_free(struct bl_causes *c)
{
	for (size_t i = 0; i < c->count; i++) {
		free(c->list[i].field);
		free(c->list[i].message);
	}
	free(c->list);
	*c = (struct bl_causes){};
}

/* Appends and cuts at the end of the text. */
static size_t push(struct bl_path *p, const char *before, const char *name, const char *after)
{
	size_t mark = p->len;
	int n = snprintf(p->text + p->len, sizeof(p->text) - p->len, "%s%s%s", before, name, after);

	if (n > 0)
		p->len += (size_t)n < sizeof(p->text) - p->len ? (size_t)n
							       : sizeof(p->text) - p->len - 1;
	return mark;
}

size_t bl_path_push(struct bl_path *p, const char *name)
{
	return push(p, p->len ? "." : "", name, "");
}

size_t bl_path_push_index(struct bl_path *p, size_t index)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%zu", index);
	return push(p, "[", text, "]");
}

size_t bl_path_push_key(struct bl_path *p, const char *key)
{
	return push(p, "[", key, "]");
}

void bl_path_pop(struct bl_path *p, size_t mark)
{
	p->len = mark;
	p->text[mark] = '\0';
}
