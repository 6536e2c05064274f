/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: Cells of a Table.
 *
 * kubectl get prints what the server computes: a row of cells for each object, by the columns of
 * the object's kind. The server gives all columns; those of priority 1 are shown with -o wide.
 *
 * Ages follow k8s.io/apimachinery/pkg/util/duration.HumanDuration: two significant units while
 * they matter, one when they do not, so that a column stays narrow. A time of up to one second
 * ahead is zero, as clocks differ; one further ahead is "<invalid>".
 *
 * Maps are printed sorted by key, so that equal objects give equal rows.
 */
#include "apiserver/kinds/cells.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apiserver/kinds/check.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"

void bl_cell_str(json_t *row, const char *text)
{
	json_array_append_new(row, json_string(text ? text : ""));
}

void bl_cell_str_or(json_t *row, const char *text, const char *otherwise)
{
	bl_cell_str(row, text && *text ? text : otherwise);
}

void bl_cell_int(json_t *row, long long number)
{
	json_array_append_new(row, json_integer(number));
}

void bl_cell_buf(json_t *row, struct bl_buf *b, const char *otherwise)
{
	bl_cell_str_or(row, b->data, otherwise);
	bl_buf_free(b);
}

void bl_cell_name(json_t *row, const json_t *obj)
{
	bl_cell_str(row, bl_str(bl_get(obj, "metadata"), "name"));
}

void bl_cell_age(json_t *row, const json_t *obj, long long now_ns)
{
	char buf[BL_SINCE_LEN];

	bl_cell_str(row,
		    bl_since(bl_str(bl_get(obj, "metadata"), "creationTimestamp"), now_ns, buf));
}

/* "<big><unit>" and, where it is not zero, "<small><unit>". */
static void two(char buf[BL_SINCE_LEN], long long big, char big_unit, long long small,
		char small_unit)
{
	if (small == 0 || small_unit == '\0')
		(void)snprintf(buf, BL_SINCE_LEN, "%lld%c", big, big_unit);
	else
		(void)snprintf(buf, BL_SINCE_LEN, "%lld%c%lld%c", big, big_unit, small, small_unit);
}

static void human(char buf[BL_SINCE_LEN], long long sec)
{
	long long min = sec / 60;
	long long hours = sec / 3600;

	if (sec < 120)
		two(buf, sec, 's', 0, '\0');
	else if (min < 10)
		two(buf, min, 'm', sec % 60, 's');
	else if (min < 180)
		two(buf, min, 'm', 0, '\0');
	else if (hours < 8)
		two(buf, hours, 'h', min % 60, 'm');
	else if (hours < 48)
		two(buf, hours, 'h', 0, '\0');
	else if (hours < 24 * 8)
		two(buf, hours / 24, 'd', hours % 24, 'h');
	else if (hours < 24 * 365 * 2)
		two(buf, hours / 24, 'd', 0, '\0');
	else if (hours < 24 * 365 * 8)
		two(buf, hours / 24 / 365, 'y', hours / 24 % 365, 'd');
	else
		two(buf, hours / 24 / 365, 'y', 0, '\0');
}

const char *bl_since(const char *time, long long now_ns, char buf[BL_SINCE_LEN])
{
	int64_t then;
	long long sec;

	if (!time || *time == '\0' || bl_time_parse(time, &then))
		return "<unknown>";
	sec = (now_ns - then) / (long long)BL_NSEC_PER_SEC;
	if (sec < -1)
		return "<invalid>";
	if (sec < 0)
		sec = 0;
	human(buf, sec);
	return buf;
}

struct term {
	const char *key;
	char *text;
};

static int by_key(const void *a, const void *b)
{
	const struct term *x = a;
	const struct term *y = b;

	return strcmp(x->key, y->key);
}

static char *equal_term(const char *key, const char *value)
{
	return bl_asprintf("%s=%s", key, value);
}

/* "key in (a,b)", "key notin (a,b)", "key", "!key"; values sorted as the selector prints them. */
static char *expr_term(const json_t *expr)
{
	BL_BUF struct bl_buf b = {};
	const char *op = bl_str(expr, "operator");
	const char *key = bl_str(expr, "key");
	const json_t *values = bl_get(expr, "values");

	if (bl_streq(op, "Exists"))
		return bl_strdup(key);
	if (bl_streq(op, "DoesNotExist"))
		return bl_asprintf("!%s", key);
	bl_buf_printf(&b, "%s %s (", key, bl_streq(op, "In") ? "in" : "notin");
	for (size_t i = 0; i < json_array_size(values); i++)
		bl_buf_printf(&b, "%s%s", i ? "," : "", bl_str_at_index(values, i));
	bl_buf_putc(&b, ')');
	return bl_buf_take(&b);
}

/* Sorts, joins and frees. */
static void add_terms(json_t *row, struct term *terms, size_t count)
{
	BL_BUF struct bl_buf b = {};

	qsort(terms, count, sizeof(*terms), by_key);
	for (size_t i = 0; i < count; i++) {
		bl_buf_printf(&b, "%s%s", i ? "," : "", terms[i].text);
		free(terms[i].text);
	}
	bl_cell_buf(row, &b, "<none>");
}

static size_t label_terms(const json_t *labels, struct term *terms)
{
	size_t n = 0;
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)labels, key, value) {
		const char *text = json_string_value(value);

		terms[n++] = (struct term){key, equal_term(key, text ? text : "")};
	}
	return n;
}

void bl_cell_labels(json_t *row, const json_t *labels)
{
	BL_FREE struct term *terms = bl_calloc(json_object_size(labels) + 1, sizeof(*terms));

	add_terms(row, terms, label_terms(labels, terms));
}

void bl_cell_selector(json_t *row, const json_t *selector)
{
	const json_t *labels = bl_get(selector, "matchLabels");
	const json_t *exprs = bl_get(selector, "matchExpressions");
	size_t max = json_object_size(labels) + json_array_size(exprs);
	BL_FREE struct term *terms = bl_calloc(max + 1, sizeof(*terms));
	size_t n = label_terms(labels, terms);

	for (size_t i = 0; i < json_array_size(exprs); i++) {
		const json_t *expr = json_array_get(exprs, i);

		terms[n++] = (struct term){bl_str(expr, "key"), expr_term(expr)};
	}
	add_terms(row, terms, n);
}
