/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_AGENT_FAILURES_H
#define BL_AGENT_FAILURES_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"

/*
 * What is wrong at the moment, by object ("service shop/cart", "routes"): for status, and so that a
 * failure which is tried again each second is logged once.
 */
struct bl_failures;

struct bl_failures *bl_failures_new(void);
struct bl_failures *bl_failures_free(struct bl_failures *f);

/* err NULL: it is well again. Logs when that is news. */
void bl_failures_set(struct bl_failures *f, const char *object, const struct bl_err *err);

/* The text, or NULL where the object is well. Lends. */
const char *bl_failures_get(const struct bl_failures *f, const char *object);
bool bl_failures_any(const struct bl_failures *f);

/* [{"object", "error"}], ordered by object. */
json_t *bl_failures_json(struct bl_failures *f);

#endif
