/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_APISERVER_OBJECT_H
#define BL_APISERVER_OBJECT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "apiserver/kind.h"
#include "base/cleanup.h"

/*
 * A stored object: its JSON text in canonical form and what lists and watches need without reading it. Never changed once
 * made, shared by count: the store, the history, lists being sent and watches all hold the same bytes.
 */
struct bl_object {
	uint32_t refs;
	uint32_t len;	  /* of the JSON text */
	int64_t rev;	  /* metadata.resourceVersion */
	uint32_t rev_at;  /* where the digits of resourceVersion start in the text */
	uint8_t rev_len;  /* how many; 0: the object is not stored yet */
	uint8_t ns_len;	  /* "" for cluster-scoped kinds */
	uint8_t name_len; /* at most 253 bytes each */
	char data[];	  /* namespace, 0, name, 0, JSON text, 0 */
};

static inline const char *bl_object_ns(const struct bl_object *o)
{
	return o->data;
}

static inline const char *bl_object_name(const struct bl_object *o)
{
	return o->data + o->ns_len + 1;
}

static inline const char *bl_object_json(const struct bl_object *o)
{
	return o->data + o->ns_len + 1 + o->name_len + 1;
}

/*
 * From a value in the API's form (lent). metadata.resourceVersion is left empty: bl_object_with_rev() fills it once the
 * storage has given one.
 */
struct bl_object *bl_object_new(const json_t *obj);

/* From text that bl_object_new() once made (a row of the storage); -EINVAL when it is not. */
int bl_object_load(const char *text, size_t len, int64_t rev, struct bl_object **ret_obj);

/* A copy whose resourceVersion is `rev`. */
struct bl_object *bl_object_with_rev(const struct bl_object *o, int64_t rev);

/* The text as it goes to the storage, without a revision. The caller frees it. */
char *bl_object_stored_text(const struct bl_object *o, size_t *ret_len);

struct bl_object *bl_object_ref(struct bl_object *o);
struct bl_object *bl_object_unref(struct bl_object *o);
BL_DEFINE_CLEANUP(object, struct bl_object, bl_object_unref);
#define BL_OBJECT BL_CLEANUP(bl_cleanup_object)

/* A new reference to the value. */
json_t *bl_object_decode(const struct bl_object *o);

/* The text of metadata.labels ("{...}", lent, not terminated), or NULL when there are none. */
const char *bl_object_labels(const struct bl_object *o);

/* The value of one label, or NULL; found in the text without decoding it. */
const char *bl_object_label(const struct bl_object *o, const char *key, size_t *ret_len);

/* Where "metadata" starts in the text: behind `{"apiVersion":...,"kind":...,`. An item of a list starts there. */
size_t bl_object_item_offset(const struct bl_object *o);

/* The same value with the keys in canonical order (new; the values are shared). */
json_t *bl_object_order(const json_t *obj);
/* The same for a value that is sent but not stored: resourceVersion as it is, or absent. */
json_t *bl_object_order_plain(const json_t *obj);

#endif
