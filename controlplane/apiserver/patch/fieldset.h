/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_APISERVER_PATCH_FIELDSET_H
#define BL_APISERVER_PATCH_FIELDSET_H

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * Sets of field paths, as managedFields has them. A set is a JSON object: each key is a path element ("f:spec",
 * "k:{\"port\":80,\"protocol\":\"TCP\"}", "v:\"a\"", "i:0") and leads to the set below it; the key "." says that the path
 * so far is itself a member. Empty sets below are never kept. Functions that return json_t give a new set.
 */
json_t *bl_set_union(const json_t *a, const json_t *b);
json_t *bl_set_minus(const json_t *a, const json_t *b);
json_t *bl_set_common(const json_t *a, const json_t *b);

bool bl_set_empty(const json_t *set);  /* NULL is empty */
bool bl_set_member(const json_t *set); /* has "." */
void bl_set_add(json_t *set);	       /* makes the path of this node a member */
json_t *bl_set_at(const json_t *set, const char *element); /* the set below, or NULL; lends */

/* Hangs `below` (takes it) under an element, unless it is empty. */
void bl_set_attach(json_t *set, const char *element, json_t *below);

/* From and to fieldsV1, where a member without anything below it is {} and "." stands only beside others. The decoder
 * brings keys and values into one form. -EINVAL: not a field set. */
int bl_set_decode(const json_t *fields_v1, json_t **ret_set);
json_t *bl_set_encode(const json_t *set);

/* Calls fn for each member with its path as people read it: .spec.ports[port=80,protocol="TCP"].name */
void bl_set_each(const json_t *set, void (*fn)(const char *path, void *arg), void *arg);

#endif
