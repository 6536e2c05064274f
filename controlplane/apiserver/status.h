/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_APISERVER_STATUS_H
#define BL_APISERVER_STATUS_H

#include <jansson.h>

#include "apiserver/causes.h"
#include "apiserver/kind.h"

/*
 * metav1.Status: what the API answers instead of an object. Each constructor gives a new value whose "code" is the HTTP
 * status; messages are worded as those of k8s.io/apimachinery/pkg/api/errors.
 */
json_t *bl_status_new(int code, const char *reason, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* details.name, .group, .kind: the kind's plural for "not found" and the like. */
void bl_status_about(json_t *status, const struct bl_kind *kind, const char *name);
void bl_status_add_cause(json_t *status, const char *reason, const char *message,
			 const char *field);

json_t *bl_status_bad_request(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
json_t *bl_status_not_found(const struct bl_kind *kind, const char *name);
json_t *bl_status_no_route(void);
json_t *bl_status_exists(const struct bl_kind *kind, const char *name);
json_t *bl_status_conflict(const struct bl_kind *kind, const char *name, const char *why);
json_t *bl_status_forbidden(const struct bl_kind *kind, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
json_t *bl_status_method(void);
json_t *bl_status_expired(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* 422 with the causes, about an object of the kind, or about a kind by name ("meta.k8s.io", "CreateOptions"). */
json_t *bl_status_invalid(const char *group, const char *kind, const char *name,
			  const struct bl_causes *causes);

/* A deletion that left nothing to show: Success with the object's identity. */
json_t *bl_status_deleted(const struct bl_kind *kind, const char *name, const char *uid);

int bl_status_code(const json_t *status);

#endif
