/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_APISERVER_SELECTOR_H
#define BL_APISERVER_SELECTOR_H

#include <stdbool.h>

#include "apiserver/kind.h"
#include "apiserver/object.h"
#include "base/cleanup.h"
#include "base/err.h"

/* labelSelector and fieldSelector of a list, a watch or a deletecollection. */
struct bl_selector;

/* NULL or empty texts select everything. -EINVAL: not a selector, or a field that the kind has none of (400). */
int bl_selector_parse(const struct bl_kind *kind, const char *labels, const char *fields,
		      struct bl_selector **ret_sel, struct bl_err *err);
struct bl_selector *bl_selector_free(struct bl_selector *s);

bool bl_selector_matches(const struct bl_selector *s, const struct bl_object *obj);

/* The name that metadata.name=NAME asks for, or NULL. Lends. */
const char *bl_selector_name(const struct bl_selector *s);

#endif
