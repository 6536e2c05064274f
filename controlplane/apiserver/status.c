// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Status answers.
 *
 * Whatever is not an object or a list is a metav1.Status. Clients act on `reason` and `code` (client-go's IsNotFound,
 * IsConflict, ...) and kubectl prints `message`, so both follow the real API server to the word. `details` names the
 * object: with the plural of the kind where the request was about a stored object, with the Kind where the object itself
 * is at fault (Invalid). Absent fields are left out rather than sent empty.
 */
#include "apiserver/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

static json_t *make(int code, const char *status, const char *reason, const char *message)
{
	json_t *s = json_object();

	json_object_set_new(s, "kind", json_string("Status"));
	json_object_set_new(s, "apiVersion", json_string("v1"));
	json_object_set_new(s, "metadata", json_object());
	json_object_set_new(s, "status", json_string(status));
	if (message)
		json_object_set_new(s, "message", json_string(message));
	if (reason)
		json_object_set_new(s, "reason", json_string(reason));
	json_object_set_new(s, "code", json_integer(code));
	return s;
}

__attribute__((format(printf, 3, 0))) static json_t *make_v(int code, const char *reason,
							    const char *fmt, va_list ap)
{
	char message[2000];

	vsnprintf(message, sizeof(message), fmt, ap);
	return make(code, "Failure", reason, message);
}

#define MAKE(code, reason, fmt)                              \
	({                                                   \
		va_list _ap;                                 \
		va_start(_ap, fmt);                          \
		json_t *_s = make_v(code, reason, fmt, _ap); \
		va_end(_ap);                                 \
		_s;                                          \
	})

json_t *bl_status_new(int code, const char *reason, const char *fmt, ...)
{
	return MAKE(code, reason, fmt);
}

static json_t *details_of(json_t *status)
{
	json_t *d = json_object_get(status, "details");

	if (!d) {
		d = json_object();
		json_object_set_new(status, "details", d);
	}
	return d;
}

static void set_identity(json_t *status, const char *group, const char *kind, const char *name)
{
	json_t *d = details_of(status);

	if (name && *name)
		json_object_set_new(d, "name", json_string(name));
	if (group && *group)
		json_object_set_new(d, "group", json_string(group));
	if (kind && *kind)
		json_object_set_new(d, "kind", json_string(kind));
}

void bl_status_about(json_t *status, const struct bl_kind *kind, const char *name)
{
	set_identity(status, kind->group, kind->plural, name);
}

void bl_status_add_cause(json_t *status, const char *reason, const char *message, const char *field)
{
	json_t *d = details_of(status);
	json_t *causes = json_object_get(d, "causes");
	json_t *c = json_object();

	if (!causes) {
		causes = json_array();
		json_object_set_new(d, "causes", causes);
	}
	if (reason)
		json_object_set_new(c, "reason", json_string(reason));
	if (message)
		json_object_set_new(c, "message", json_string(message));
	if (field)
		json_object_set_new(c, "field", json_string(field));
	json_array_append_new(causes, c);
}

json_t *bl_status_bad_request(const char *fmt, ...)
{
	return MAKE(400, "BadRequest", fmt);
}

/* "services" or "endpointslices.discovery.k8s.io" */
static const char *resource_name(const struct bl_kind *k, char *buf, size_t size)
{
	snprintf(buf, size, "%s%s%s", k->plural, *k->group ? "." : "", k->group);
	return buf;
}

json_t *bl_status_not_found(const struct bl_kind *kind, const char *name)
{
	char res[128];
	json_t *s = bl_status_new(404, "NotFound", "%s \"%s\" not found",
				  resource_name(kind, res, sizeof(res)), name);

	bl_status_about(s, kind, name);
	return s;
}

json_t *bl_status_no_route(void)
{
	json_t *s =
		bl_status_new(404, "NotFound", "the server could not find the requested resource");

	details_of(s);
	return s;
}

json_t *bl_status_exists(const struct bl_kind *kind, const char *name)
{
	char res[128];
	json_t *s = bl_status_new(409, "AlreadyExists", "%s \"%s\" already exists",
				  resource_name(kind, res, sizeof(res)), name);

	bl_status_about(s, kind, name);
	return s;
}

json_t *bl_status_conflict(const struct bl_kind *kind, const char *name, const char *why)
{
	char res[128];
	json_t *s = bl_status_new(
		409, "Conflict", "Operation cannot be fulfilled on %s \"%s\": %s",
		resource_name(kind, res, sizeof(res)), name,
		why ? why
		    : "the object has been modified; please apply your changes to the latest "
		      "version and try again");

	bl_status_about(s, kind, name);
	return s;
}

json_t *bl_status_forbidden(const struct bl_kind *kind, const char *name, const char *fmt, ...)
{
	char why[1000], res[128];
	va_list ap;
	json_t *s;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	s = bl_status_new(403, "Forbidden", "%s \"%s\" is forbidden: %s",
			  resource_name(kind, res, sizeof(res)), name, why);
	bl_status_about(s, kind, name);
	return s;
}

json_t *bl_status_method(void)
{
	json_t *s =
		bl_status_new(405, "MethodNotAllowed",
			      "the server does not allow this method on the requested resource");

	details_of(s);
	return s;
}

json_t *bl_status_expired(const char *fmt, ...)
{
	return MAKE(410, "Expired", fmt);
}

static const char *cause_word(enum bl_cause_reason r)
{
	static const char *const words[] = {
		[BL_CAUSE_REQUIRED] = "FieldValueRequired",
		[BL_CAUSE_DUPLICATE] = "FieldValueDuplicate",
		[BL_CAUSE_INVALID] = "FieldValueInvalid",
		[BL_CAUSE_UNSUPPORTED] = "FieldValueNotSupported",
		[BL_CAUSE_FORBIDDEN] = "FieldValueForbidden",
		[BL_CAUSE_TOO_LONG] = "FieldValueTooLong",
		[BL_CAUSE_TOO_MANY] = "FieldValueTooMany",
		[BL_CAUSE_TYPE] = "FieldValueTypeInvalid",
		[BL_CAUSE_INTERNAL] = "InternalError",
	};

	return words[r];
}

static char *join_causes(const struct bl_causes *causes)
{
	BL_BUF struct bl_buf b = {};

	for (size_t i = 0; i < causes->count; i++)
		bl_buf_printf(&b, "%s%s: %s", i ? ", " : "", causes->list[i].field,
			      causes->list[i].message);
	return bl_buf_take(&b);
}

json_t *bl_status_invalid(const char *group, const char *kind, const char *name,
			  const struct bl_causes *causes)
{
	BL_FREE char *all = join_causes(causes);
	BL_FREE char *message =
		bl_asprintf("%s%s%s \"%s\" is invalid: %s%s%s", kind, *group ? "." : "", group,
			    name ? name : "", causes->count == 1 ? "" : "[", all,
			    causes->count == 1 ? "" : "]");
	json_t *s = make(422, "Failure", "Invalid", message);

	set_identity(s, group, kind, name);
	for (size_t i = 0; i < causes->count; i++)
		bl_status_add_cause(s, cause_word(causes->list[i].reason), causes->list[i].message,
				    causes->list[i].field);
	return s;
}

json_t *bl_status_deleted(const struct bl_kind *kind, const char *name, const char *uid)
{
	json_t *s = make(200, "Success", NULL, NULL);

	json_object_del(s, "code");
	bl_status_about(s, kind, name);
	if (uid)
		json_object_set_new(details_of(s), "uid", json_string(uid));
	return s;
}

int bl_status_code(const json_t *status)
{
	const json_t *code = json_object_get(status, "code");

	return code ? (int)json_integer_value(code) : 200;
}
