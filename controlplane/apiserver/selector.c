// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Selectors of lists and watches.
 *
 * A label selector is a list of requirements, all of which must hold: `k=v`, `k==v`, `k!=v`, `k in (a,b)`,
 * `k notin (a,b)`, `k`, `!k`, `k>1`, `k<1` (the grammar of k8s.io/apimachinery/pkg/labels). An object without the key
 * satisfies != and notin. Labels are found in the object's text, so that a list of 20,000 decodes none of them.
 *
 * A field selector knows =, == and !=. metadata.name and metadata.namespace are known for every kind, other fields by the
 * kind's row; those need the object decoded. The last decoded object is kept: a commit asks many watches about one object.
 */
#include "apiserver/selector.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "apiserver/kinds/names.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#define REQUIREMENTS_MAX 256
#define TEXT_MAX	 8192

enum op { OP_EXISTS, OP_ABSENT, OP_IN, OP_NOT_IN, OP_GREATER, OP_LESS };

struct requirement {
	enum op op;
	char *key;
	char **values;
	size_t count;
};

struct bl_selector {
	const struct bl_kind *kind;
	struct requirement *labels, *fields;
	size_t label_count, field_count;
};

struct reader {
	const char *at;
	struct bl_err *err;
};

static void skip_space(struct reader *r)
{
	while (isspace((unsigned char)*r->at))
		r->at++;
}

static int bad(struct reader *r, const char *what)
{
	return bl_err_set(r->err, -EINVAL, "unable to parse requirement: %s at '%s'", what, r->at);
}

/* A key, value or operator word: up to a blank or one of the grammar's signs. */
static char *read_word(struct reader *r)
{
	size_t n = strcspn(r->at, " \t\r\n!=<>(),");
	char *word = bl_strndup(r->at, n);

	r->at += n;
	skip_space(r);
	return word;
}

static void add_value(struct requirement *q, char *value)
{
	q->values = bl_realloc(q->values, q->count + 1, sizeof(*q->values));
	q->values[q->count++] = value;
}

static int check_value(struct reader *r, const char *value)
{
	struct bl_rules broken = bl_rule_label_value(value);

	return broken.count ? bad(r, broken.text[0]) : 0;
}

static int read_value(struct reader *r, struct requirement *q)
{
	char *value;

	skip_space(r);
	value = read_word(r);
	add_value(q, value);
	return check_value(r, value);
}

/* (a, b) */
static int read_set(struct reader *r, struct requirement *q)
{
	int ret = 0;

	if (*r->at != '(')
		return bad(r, "expected '('");
	do {
		r->at++;
		ret = read_value(r, q);
	} while (!ret && *r->at == ',');
	if (ret)
		return ret;
	if (*r->at != ')')
		return bad(r, "expected ',' or ')'");
	r->at++;
	skip_space(r);
	return 0;
}

static int read_number(struct reader *r, struct requirement *q)
{
	int64_t n;
	int ret = read_value(r, q);

	return !ret && bl_str_to_int(q->values[0], INT64_MIN, INT64_MAX, &n)
		       ? bad(r, "not a number")
		       : ret;
}

static int read_operator(struct reader *r, struct requirement *q)
{
	BL_FREE char *word = NULL;

	if (!*r->at || *r->at == ',') {
		q->op = OP_EXISTS;
		return 0;
	}
	if (*r->at == '=' || (*r->at == '!' && r->at[1] == '=')) {
		q->op = *r->at == '=' ? OP_IN : OP_NOT_IN;
		r->at += *r->at == '!' || r->at[1] == '=' ? 2 : 1;
		return read_value(r, q);
	}
	if (*r->at == '>' || *r->at == '<') {
		q->op = *r->at++ == '>' ? OP_GREATER : OP_LESS;
		return read_number(r, q);
	}
	word = read_word(r);
	if (!bl_streq(word, "in") && !bl_streq(word, "notin"))
		return bad(r, "expected an operator");
	q->op = bl_streq(word, "in") ? OP_IN : OP_NOT_IN;
	return read_set(r, q);
}

static int read_label_requirement(struct reader *r, struct requirement *q)
{
	bool absent;
	struct bl_rules broken;
	int ret;

	skip_space(r);
	absent = *r->at == '!';
	r->at += absent;
	skip_space(r);
	q->key = read_word(r);
	broken = bl_rule_qualified_name(q->key);
	if (broken.count)
		return bad(r, broken.text[0]);
	q->op = OP_ABSENT;
	ret = absent ? 0 : read_operator(r, q);
	skip_space(r);
	return ret || !*r->at || *r->at == ',' ? ret : bad(r, "expected ',' or the end");
}

static int parse_labels(struct bl_selector *s, const char *text, struct bl_err *err)
{
	struct reader r = {text, err};
	int ret;

	skip_space(&r);
	while (*r.at) {
		if (s->label_count == REQUIREMENTS_MAX)
			return bad(&r, "too many requirements");
		s->labels = bl_realloc(s->labels, s->label_count + 1, sizeof(*s->labels));
		s->labels[s->label_count] = (struct requirement){};
		ret = read_label_requirement(&r, &s->labels[s->label_count++]);
		if (ret)
			return ret;
		if (*r.at == ',' && !r.at[1])
			return bad(&r, "expected a requirement after ','");
		r.at += *r.at == ',';
	}
	return 0;
}

static bool known_field(const struct bl_kind *kind, const char *key)
{
	static json_t *nothing;
	char buf[64];

	if (bl_streq(key, "metadata.name") || bl_streq(key, "metadata.namespace"))
		return true;
	if (!nothing)
		nothing = json_object();
	return kind->field_value && kind->field_value(nothing, key, buf);
}

static int parse_field(struct bl_selector *s, char *term, struct bl_err *err)
{
	char *sign = strstr(term, "!=");
	struct requirement *q;
	const char *value;

	if (!sign)
		sign = strchr(term, '=');
	if (!sign)
		return bl_err_set(err, -EINVAL,
				  "invalid field selector: '%s'; can't understand '%s'", term,
				  term);
	value = *sign == '!' || sign[1] == '=' ? sign + 2 : sign + 1;
	s->fields = bl_realloc(s->fields, s->field_count + 1, sizeof(*s->fields));
	q = &s->fields[s->field_count++];
	*q = (struct requirement){.op = *sign == '!' ? OP_NOT_IN : OP_IN};
	*sign = 0;
	q->key = bl_strdup(term);
	add_value(q, bl_strdup(value));
	if (known_field(s->kind, q->key))
		return 0;
	return bl_err_set(err, -EINVAL, "field label not supported: %s", q->key);
}

static int parse_fields(struct bl_selector *s, const char *text, struct bl_err *err)
{
	BL_FREE char *copy = bl_strdup(text);
	char *save, *term;
	int ret = 0;

	for (term = strtok_r(copy, ",", &save); term && !ret; term = strtok_r(NULL, ",", &save)) {
		if (s->field_count == REQUIREMENTS_MAX)
			return bl_err_set(err, -EINVAL, "too many fields");
		ret = parse_field(s, term, err);
	}
	return ret;
}

int bl_selector_parse(const struct bl_kind *kind, const char *labels, const char *fields,
		      struct bl_selector **ret_sel, struct bl_err *err)
{
	struct bl_selector *s;
	int ret = 0;

	if ((labels && strlen(labels) > TEXT_MAX) || (fields && strlen(fields) > TEXT_MAX))
		return bl_err_set(err, -EINVAL, "the selector is longer than %d bytes", TEXT_MAX);
	s = bl_new0(struct bl_selector);
	s->kind = kind;
	if (labels)
		ret = parse_labels(s, labels, err);
	if (!ret && fields)
		ret = parse_fields(s, fields, err);
	if (ret) {
		bl_selector_free(s);
		return ret;
	}
	*ret_sel = s;
	return 0;
}

static void free_requirements(struct requirement *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t v = 0; v < list[i].count; v++)
			free(list[i].values[v]);
		free(list[i].values);
		free(list[i].key);
	}
	free(list);
}

struct bl_selector *bl_selector_free(struct bl_selector *s)
{
	if (!s)
		return NULL;
	free_requirements(s->labels, s->label_count);
	free_requirements(s->fields, s->field_count);
	free(s);
	return NULL;
}

static bool is_one_of(const struct requirement *q, const char *value, size_t len)
{
	for (size_t i = 0; i < q->count; i++) {
		if (strlen(q->values[i]) == len && memcmp(q->values[i], value, len) == 0)
			return true;
	}
	return false;
}

static bool compares(const struct requirement *q, const char *value, size_t len)
{
	BL_FREE char *text = bl_strndup(value, len);
	int64_t a, b;

	if (bl_str_to_int(text, INT64_MIN, INT64_MAX, &a) ||
	    bl_str_to_int(q->values[0], INT64_MIN, INT64_MAX, &b))
		return false;
	return q->op == OP_GREATER ? a > b : a < b;
}

static bool label_holds(const struct requirement *q, const struct bl_object *obj)
{
	size_t len = 0;
	const char *value = bl_object_label(obj, q->key, &len);

	switch (q->op) {
	case OP_EXISTS:
		return value != NULL;
	case OP_ABSENT:
		return value == NULL;
	case OP_IN:
		return value && is_one_of(q, value, len);
	case OP_NOT_IN:
		return !value || !is_one_of(q, value, len);
	case OP_GREATER:
	case OP_LESS:
		break;
	}
	return value && compares(q, value, len);
}

/* The decoded form of the object that was asked about last. Lends. */
static const json_t *decoded(const struct bl_object *obj)
{
	static struct bl_object *last;
	static json_t *value;

	if (last != obj) {
		bl_object_unref(last);
		json_decref(value);
		last = bl_object_ref((struct bl_object *)obj);
		value = bl_object_decode(obj);
	}
	return value;
}

static bool field_holds(const struct bl_selector *s, const struct requirement *q,
			const struct bl_object *obj)
{
	const char *value;
	char buf[64];

	if (bl_streq(q->key, "metadata.name"))
		value = bl_object_name(obj);
	else if (bl_streq(q->key, "metadata.namespace"))
		value = bl_object_ns(obj);
	else
		value = s->kind->field_value(decoded(obj), q->key, buf);
	return (value && bl_streq(value, q->values[0])) == (q->op == OP_IN);
}

bool bl_selector_matches(const struct bl_selector *s, const struct bl_object *obj)
{
	for (size_t i = 0; i < s->label_count; i++) {
		if (!label_holds(&s->labels[i], obj))
			return false;
	}
	for (size_t i = 0; i < s->field_count; i++) {
		if (!field_holds(s, &s->fields[i], obj))
			return false;
	}
	return true;
}

const char *bl_selector_name(const struct bl_selector *s)
{
	for (size_t i = 0; i < s->field_count; i++) {
		if (s->fields[i].op == OP_IN && bl_streq(s->fields[i].key, "metadata.name"))
			return s->fields[i].values[0];
	}
	return NULL;
}
