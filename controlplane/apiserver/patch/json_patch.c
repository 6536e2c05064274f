// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: JSON patch
 *
 * RFC 6902 with the pointers of RFC 6901: add, remove, replace, move, copy and test, one after the other on a copy of the
 * object; the first that fails ends it, and nothing of the patch is kept.
 *
 * The API server tells two failures apart, and so does the return code: a body that is no list of objects cannot be read
 * (-EINVAL, 400); an operation that is unknown, that names a place which is not there, or a test that finds another value,
 * does not fit this object (-EDOM, 422). Array indices are plain decimal without leading zeros; "-" stands for the place
 * behind the last element, and only `add` may go there.
 *
 * Operations are bounded in number, and so are copies in what they add together: each `copy` of a large value could double
 * the object.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "apiserver/patch.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#define OPS_MAX 10000
#define COPY_MAX    \
	(3 * 1024 * \
	 1024) /* bytes of text that copies may add, as the real server's limit of a body */
#define TOKEN_MAX 1024
#define INDEX_END ((size_t)-1)

struct doc {
	json_t *root;
	size_t copied;
	struct bl_err *err;
};

/* A place in the document: a parent that is there, and the last token of the pointer. The root has no parent. */
struct place {
	json_t *parent;
	char token[TOKEN_MAX];
};

/* Reads the token at *p, which points behind a slash, and unescapes it. */
static int next_token(const char **p, char token[TOKEN_MAX])
{
	size_t len = 0;

	for (; **p && **p != '/'; (*p)++) {
		char c = **p;

		if (c == '~') {
			(*p)++;
			if (**p != '0' && **p != '1')
				return -EDOM;
			c = **p == '0' ? '~' : '/';
		}
		if (len + 1 == TOKEN_MAX)
			return -EDOM;
		token[len++] = c;
	}
	token[len] = '\0';
	return 0;
}

/* An index of an element that is there, or of the end. */
static int to_index(const json_t *array, const char *token, size_t *ret)
{
	size_t size = json_array_size(array);
	int64_t i;

	if (bl_streq(token, "-")) {
		*ret = INDEX_END;
		return 0;
	}
	if (bl_str_to_int(token, 0, (int64_t)size, &i))
		return -EDOM;
	*ret = (size_t)i == size ? INDEX_END : (size_t)i;
	return 0;
}

static json_t *child(const json_t *parent, const char *token)
{
	size_t i;

	if (json_is_object(parent))
		return json_object_get(parent, token);
	if (!json_is_array(parent) || to_index(parent, token, &i) || i == INDEX_END)
		return NULL;
	return json_array_get(parent, i);
}

static int find_place(struct doc *d, const char *pointer, struct place *ret)
{
	const char *p = pointer;

	ret->parent = NULL;
	ret->token[0] = '\0';
	if (!*p)
		return 0;
	if (*p != '/')
		return bl_err_set(d->err, -EDOM, "'%s' is not a JSON pointer", pointer);
	for (json_t *at = d->root; *p == '/'; at = child(at, ret->token)) {
		p++;
		if (!json_is_object(at) && !json_is_array(at))
			return bl_err_set(d->err, -EDOM, "doc is missing path: \"%s\"", pointer);
		if (next_token(&p, ret->token))
			return bl_err_set(d->err, -EDOM, "'%s' is not a JSON pointer", pointer);
		ret->parent = at;
	}
	return 0;
}

static json_t *value_at(struct doc *d, const struct place *at)
{
	return at->parent ? child(at->parent, at->token) : d->root;
}

/* Takes `value`. `insert`: an array element moves the others up; otherwise it must be there and is replaced. */
static int put(struct doc *d, const struct place *at, json_t *value, bool insert)
{
	size_t i;

	if (!at->parent) {
		json_decref(d->root);
		d->root = value;
		return 0;
	}
	if (json_is_object(at->parent))
		return json_object_set_new(at->parent, at->token, value) ? -EDOM : 0;
	if (to_index(at->parent, at->token, &i)) {
		json_decref(value);
		return -EDOM;
	}
	if (i == INDEX_END)
		json_array_append_new(at->parent, value);
	else if (insert)
		json_array_insert_new(at->parent, i, value);
	else
		json_array_set_new(at->parent, i, value);
	return 0;
}

static void take_out(const struct place *at)
{
	size_t i;

	if (json_is_object(at->parent))
		json_object_del(at->parent, at->token);
	else if (!to_index(at->parent, at->token, &i))
		json_array_remove(at->parent, i);
}

static int op_add(struct doc *d, const char *path, json_t *value)
{
	struct place at;
	int r = find_place(d, path, &at);

	if (!r && put(d, &at, json_incref(value), true))
		r = bl_err_set(d->err, -EDOM, "add: there is no index \"%s\" at \"%s\"", at.token,
			       path);
	return r;
}

static int op_replace(struct doc *d, const char *path, json_t *value)
{
	struct place at;
	int r = find_place(d, path, &at);

	if (r)
		return r;
	if (!value_at(d, &at))
		return bl_err_set(d->err, -EDOM,
				  "replace operation does not apply: doc is missing key: %s", path);
	return put(d, &at, json_incref(value), false);
}

static int op_remove(struct doc *d, const char *path)
{
	struct place at;
	int r = find_place(d, path, &at);

	if (r)
		return r;
	if (!at.parent || !value_at(d, &at))
		return bl_err_set(
			d->err, -EDOM,
			"remove operation does not apply: unable to remove nonexistent key: %s",
			path);
	take_out(&at);
	return 0;
}

static int op_test(struct doc *d, const char *path, const json_t *value)
{
	struct place at;
	int r = find_place(d, path, &at);

	if (r)
		return r;
	json_t *there = value_at(d, &at);

	if (!there || !json_equal(there, value))
		return bl_err_set(d->err, -EDOM, "testing path %s: test failed", path);
	return 0;
}

static int op_copy(struct doc *d, const char *from, const char *path, bool move)
{
	struct place at;
	int r = find_place(d, from, &at);

	if (r)
		return r;
	json_t *there = value_at(d, &at);

	if (!there || (move && !at.parent))
		return bl_err_set(d->err, -EDOM,
				  "%s operation does not apply: doc is missing key: %s",
				  move ? "move" : "copy", from);
	if (move && bl_str_starts(path, from) && path[strlen(from)] == '/')
		return bl_err_set(d->err, -EDOM, "move: \"%s\" lies inside \"%s\"", path, from);
	BL_JSON json_t *value = move ? json_incref(there) : json_deep_copy(there);

	if (move)
		take_out(&at);
	else if ((d->copied += json_dumpb(there, NULL, 0, JSON_ENCODE_ANY)) > COPY_MAX)
		return bl_err_set(d->err, -EDOM, "copies add more than %d bytes", COPY_MAX);
	return op_add(d, path, value);
}

static int apply_one(struct doc *d, const json_t *op)
{
	const char *name = bl_json_str_at(op, "op", NULL), *path = bl_json_str_at(op, "path", NULL);
	const char *from = bl_json_str_at(op, "from", NULL);
	json_t *value = json_object_get(op, "value");
	bool needs_value = name && (bl_streq(name, "add") || bl_streq(name, "replace") ||
				    bl_streq(name, "test"));

	if (!name || !path)
		return bl_err_set(d->err, -EDOM, "an operation needs \"op\" and \"path\"");
	if (needs_value && !value)
		return bl_err_set(d->err, -EDOM, "%s operation has no value", name);
	if (bl_streq(name, "test"))
		return op_test(d, path, value);
	if (bl_streq(name, "remove"))
		return op_remove(d, path);
	if (needs_value) {
		BL_JSON json_t *copy = json_deep_copy(value);

		return bl_streq(name, "add") ? op_add(d, path, copy) : op_replace(d, path, copy);
	}
	if (!bl_streq(name, "move") && !bl_streq(name, "copy"))
		return bl_err_set(d->err, -EDOM, "unexpected kind: %s", name);
	if (!from)
		return bl_err_set(d->err, -EDOM, "%s operation has no from", name);
	return op_copy(d, from, path, bl_streq(name, "move"));
}

static int check_patch(const json_t *patch, struct bl_err *err)
{
	size_t i;
	json_t *op;

	if (!json_is_array(patch))
		return bl_err_set(
			err, -EINVAL,
			"error decoding patch: a JSON patch must be an array of operations");
	if (json_array_size(patch) > OPS_MAX)
		return bl_err_set(err, -E2BIG,
				  "The allowed maximum operations in a JSON patch is %d, got %zu",
				  OPS_MAX, json_array_size(patch));
	json_array_foreach (patch, i, op)
		if (!json_is_object(op))
			return bl_err_set(err, -EINVAL,
					  "error decoding patch: operation %zu is not an object",
					  i);
	return 0;
}

int bl_patch_json(const json_t *live, const json_t *patch, json_t **ret_obj, struct bl_err *err)
{
	struct doc d = {.err = err};
	size_t i;
	json_t *op;
	int r = check_patch(patch, err);

	if (r)
		return r;
	d.root = json_deep_copy(live);
	json_array_foreach (patch, i, op) {
		r = apply_one(&d, op);
		if (r)
			break;
	}
	if (!r && !json_is_object(d.root))
		r = bl_err_set(err, -EDOM, "the patched object is no JSON object");
	if (r)
		json_decref(d.root);
	else
		*ret_obj = d.root;
	return r;
}
