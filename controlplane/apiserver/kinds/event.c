/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: Event (core/v1).
 *
 * A note about an object. There are two generations of them in one kind: old ones carry
 * firstTimestamp, lastTimestamp and count; new ones carry eventTime, and then must say who reports
 * them, what was done and why. Either lies in the namespace of the object that it is about; notes
 * about objects without a namespace lie in `default` (new ones also in kube-system).
 *
 * The names in selectors are those of the old form (`source`, `involvedObject.name`), which kubectl
 * describe asks for. A message is trimmed for the table, and only there.
 *
 * Events expire in a real cluster; here they stay until they are deleted, with their namespace at the
 * latest.
 */
#include "apiserver/kinds/cells.h"
#include "apiserver/kinds/kinds.h"
#include "apiserver/kinds/names.h"
#include "apiserver/schema_types.h"
#include "base/str.h"

#define WORD_MAX    128
#define MESSAGE_MAX 1024

static const char *namespace_of(const json_t *obj)
{
	return bl_str(bl_get(obj, "metadata"), "namespace");
}

static void check_namespace(struct bl_check *ck, const json_t *obj, bool is_new)
{
	const char *ns = namespace_of(obj);
	const char *involved = bl_str(bl_get(obj, "involvedObject"), "namespace");
	bool good;

	if (*involved == '\0')
		good = bl_streq(ns, "default") || (is_new && bl_streq(ns, "kube-system"));
	else
		good = bl_streq(ns, involved);
	if (!good)
		bl_check_invalid_str(ck, "involvedObject.namespace", involved,
				     "does not match event.namespace");
}

static void check_word(struct bl_check *ck, const json_t *obj, const char *name)
{
	if (!bl_has_str(obj, name))
		bl_check_required(ck, name, "");
	else if (strlen(bl_str(obj, name)) > WORD_MAX)
		bl_check_invalid_str(ck, name, "", "can have at most 128 characters");
}

static void validate(const json_t *obj, struct bl_causes *c)
{
	struct bl_check ck = {.causes = c};
	bool is_new = bl_has(obj, "eventTime");
	const char *reporter = bl_str(obj, "reportingComponent");

	check_namespace(&ck, obj, is_new);
	if (is_new) {
		if (*reporter == '\0')
			bl_check_required(&ck, "reportingComponent", "");
		(void)bl_check_rules(&ck, "reportingComponent", reporter, bl_rule_qualified_name);
		check_word(&ck, obj, "reportingInstance");
		check_word(&ck, obj, "action");
		check_word(&ck, obj, "reason");
		if (strlen(bl_str(obj, "message")) > MESSAGE_MAX)
			bl_check_invalid_str(&ck, "message", "",
					     "can have at most 1024 characters");
	}
	(void)bl_check_rules(&ck, "namespace", namespace_of(obj), bl_rule_dns_subdomain);
}

/* Who reported it: the old field, or the new one. */
static const char *source_of(const json_t *obj)
{
	const json_t *source = bl_get(obj, "source");

	return bl_has_str(source, "component") ? bl_str(source, "component")
					       : bl_str(obj, "reportingComponent");
}

static const char *field_value(const json_t *obj, const char *key, char buf[64])
{
	static const char *const about[] = {"kind",	  "namespace",	     "name",	 "uid",
					    "apiVersion", "resourceVersion", "fieldPath"};
	static const char prefix[] = "involvedObject.";

	(void)buf;
	if (bl_streq(key, "reason") || bl_streq(key, "type") || bl_streq(key, "reportingComponent"))
		return bl_str(obj, key);
	if (bl_streq(key, "source"))
		return source_of(obj);
	for (size_t i = 0; i < sizeof(about) / sizeof(about[0]); i++) {
		if (bl_str_starts(key, prefix) && bl_streq(key + sizeof(prefix) - 1, about[i]))
			return bl_str(bl_get(obj, "involvedObject"), about[i]);
	}
	return NULL;
}

static const struct bl_column columns[] = {
	{"Last Seen", "string", "", "When it was seen last.", 0},
	{"Type", "string", "", "Normal or Warning.", 0},
	{"Reason", "string", "", "Why it was reported, as one word.", 0},
	{"Object", "string", "", "The object that it is about.", 0},
	{"Subobject", "string", "", "The part of the object that it is about.", 1},
	{"Source", "string", "", "Who reported it.", 1},
	{"Message", "string", "", "What happened, for people.", 0},
	{"First Seen", "string", "", "When it was seen first.", 1},
	{"Count", "string", "", "How often it was seen.", 1},
	{"Name", "string", "name", "Name must be unique within a namespace.", 1},
	{},
};

static void cell_object(json_t *row, const json_t *about)
{
	struct bl_buf b = {};

	bl_buf_puts(&b, bl_str(about, "kind"));
	for (size_t i = 0; i < b.len; i++)
		b.data[i] =
			b.data[i] >= 'A' && b.data[i] <= 'Z' ? (char)(b.data[i] + 32) : b.data[i];
	if (bl_has_str(about, "name"))
		bl_buf_printf(&b, "/%s", bl_str(about, "name"));
	bl_cell_buf(row, &b, "");
}

static void cell_source(json_t *row, const json_t *obj)
{
	const json_t *source = bl_get(obj, "source");
	struct bl_buf b = {};

	if (bl_has_str(source, "component")) {
		bl_buf_puts(&b, bl_str(source, "component"));
		if (bl_has_str(source, "host"))
			bl_buf_printf(&b, ", %s", bl_str(source, "host"));
	} else {
		bl_buf_puts(&b, bl_str(obj, "reportingComponent"));
		if (bl_has_str(obj, "reportingInstance"))
			bl_buf_printf(&b, ", %s", bl_str(obj, "reportingInstance"));
	}
	bl_cell_buf(row, &b, "");
}

static void cell_message(json_t *row, const char *message)
{
	static const char blank[] = " \t\n\r";
	struct bl_buf b = {};

	message += strspn(message, blank);
	bl_buf_puts(&b, message);
	while (b.len > 0 && strchr(blank, b.data[b.len - 1]))
		b.data[--b.len] = '\0';
	bl_cell_buf(row, &b, "");
}

static json_t *cells(const json_t *obj, long long now_ns)
{
	const json_t *series = bl_get(obj, "series");
	const json_t *about = bl_get(obj, "involvedObject");
	const char *first = bl_has(obj, "firstTimestamp") ? bl_str(obj, "firstTimestamp")
							  : bl_str(obj, "eventTime");
	const char *last = bl_has(obj, "lastTimestamp") ? bl_str(obj, "lastTimestamp") : first;
	long long count = bl_int(obj, "count") ? bl_int(obj, "count") : 1;
	json_t *row = json_array();
	char buf[BL_SINCE_LEN];

	if (json_is_object(series)) {
		last = bl_str(series, "lastObservedTime");
		count = bl_int(series, "count");
	}
	bl_cell_str(row, bl_since(last, now_ns, buf));
	bl_cell_str(row, bl_str(obj, "type"));
	bl_cell_str(row, bl_str(obj, "reason"));
	cell_object(row, about);
	bl_cell_str(row, bl_str(about, "fieldPath"));
	cell_source(row, obj);
	cell_message(row, bl_str(obj, "message"));
	bl_cell_str(row, bl_since(first, now_ns, buf));
	bl_cell_int(row, count);
	bl_cell_name(row, obj);
	return row;
}

static const char *const short_names[] = {"ev", NULL};

const struct bl_kind bl_kind_event = {
	.group = "",
	.version = "v1",
	.kind = "Event",
	.plural = "events",
	.singular = "event",
	.short_names = short_names,
	.namespaced = true,
	.create_on_update = true,
	.schema = &bl_schema_event,
	.validate = validate,
	.field_value = field_value,
	.columns = columns,
	.cells = cells,
};
