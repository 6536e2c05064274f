/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_APISERVER_CAUSES_H
#define BL_APISERVER_CAUSES_H

#include <jansson.h>
#include <stddef.h>

/*
 * What is wrong with an object, field by field: the `causes` of a Status 422 (metav1.StatusCause). The reasons and texts
 * are those of k8s.io/apimachinery/pkg/util/validation/field.
 */
enum bl_cause_reason {
	BL_CAUSE_REQUIRED,    /* FieldValueRequired */
	BL_CAUSE_DUPLICATE,   /* FieldValueDuplicate */
	BL_CAUSE_INVALID,     /* FieldValueInvalid */
	BL_CAUSE_UNSUPPORTED, /* FieldValueNotSupported */
	BL_CAUSE_FORBIDDEN,   /* FieldValueForbidden */
	BL_CAUSE_TOO_LONG,    /* FieldValueTooLong */
	BL_CAUSE_TOO_MANY,    /* FieldValueTooMany */
	BL_CAUSE_TYPE,	      /* FieldValueTypeInvalid */
	BL_CAUSE_INTERNAL,    /* InternalError */
	BL_CAUSE_NOT_FOUND,   /* FieldValueNotFound */
};

struct bl_cause {
	enum bl_cause_reason reason;
	char *field;   /* "spec.ports[0].port" */
	char *message; /* as the real API server words it, without the field */
};

struct bl_causes {
	struct bl_cause *list;
	size_t count;
};

/*
 * Adds one. `value` is the offending JSON value (lent; its text is put into the message as the API server does), or NULL
 * where the reason shows none. `detail` is the rule that was broken; NULL: none.
 */
void bl_cause_add(struct bl_causes *c, enum bl_cause_reason reason, const char *field,
		  const json_t *value, const char *detail, ...)
	__attribute__((format(printf, 5, 6)));
void bl_causes_free(struct bl_causes *c);

/* "FieldValueRequired" and so on: the `reason` of a StatusCause. */
const char *bl_cause_reason_name(enum bl_cause_reason reason);

/* A field path on the stack: "spec", then ".ports", then "[0]"; cut at its size. bl_path_pop() takes `mark` from push. */
struct bl_path {
	size_t len;
	char text[512];
};

size_t bl_path_push(struct bl_path *p, const char *name);    /* ".name", or "name" at the root */
size_t bl_path_push_index(struct bl_path *p, size_t index);  /* "[3]" */
size_t bl_path_push_key(struct bl_path *p, const char *key); /* "[key]" */
void bl_path_pop(struct bl_path *p, size_t mark);

#endif
