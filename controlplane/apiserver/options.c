// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The options of writes.
 *
 * dryRun, fieldManager, fieldValidation and force come as query parameters and mean the same for create, update, patch and
 * delete; each verb has its own options kind (metav1.CreateOptions, ...), which only the refusal names. Without a
 * fieldManager the client's program name counts: what its User-Agent has in front of the first '/'.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "apiserver/causes.h"
#include "apiserver/handlers.h"
#include "apiserver/status.h"
#include "base/json.h"
#include "base/str.h"

#define MANAGER_MAX 128

static void unsupported(struct bl_causes *c, const char *field, const char *value,
			const char *supported)
{
	BL_JSON json_t *v = json_string(value);

	bl_cause_add(c, BL_CAUSE_UNSUPPORTED, field, v, "supported values: %s", supported);
}

static void read_dry_run(struct bl_request *rq, struct bl_causes *c)
{
	const char *v = bl_request_param(rq, "dryRun");

	if (!v || !*v)
		return;
	if (bl_streq(v, "All"))
		rq->opts.dry_run = true;
	else
		unsupported(c, "dryRun", v, "\"All\"");
}

static void read_validation(struct bl_request *rq, struct bl_causes *c)
{
	const char *v = bl_request_param(rq, "fieldValidation");

	rq->opts.warn = !v || !*v || bl_streq(v, "Warn");
	rq->opts.strict = v && bl_streq(v, "Strict");
	if (v && !rq->opts.warn && !rq->opts.strict && !bl_streq(v, "Ignore"))
		unsupported(c, "fieldValidation", v, "\"Ignore\", \"Strict\", \"Warn\"");
}

static bool printable(const char *s)
{
	for (; *s; s++) {
		if (!isprint((unsigned char)*s) && (unsigned char)*s < 0x80)
			return false;
	}
	return true;
}

static void read_manager(struct bl_request *rq, struct bl_causes *c, bool apply)
{
	const char *v = bl_request_param(rq, "fieldManager");
	const char *agent = rq->user_agent ? rq->user_agent : "unknown";

	if (v && strlen(v) > MANAGER_MAX)
		bl_cause_add(c, BL_CAUSE_TOO_LONG, "fieldManager", NULL,
			     "may not be more than %d bytes", MANAGER_MAX);
	else if (v && !printable(v))
		bl_cause_add(c, BL_CAUSE_INVALID, "fieldManager", NULL,
			     "should only contain printable characters");
	else if (apply && (!v || !*v))
		bl_cause_add(c, BL_CAUSE_REQUIRED, "fieldManager", NULL,
			     "is required for apply patch");
	snprintf(rq->opts.manager, sizeof(rq->opts.manager), "%.*s",
		 v && *v ? MANAGER_MAX : (int)strcspn(agent, "/"), v && *v ? v : agent);
}

json_t *bl_options_read(struct bl_request *rq, const char *kind, bool apply)
{
	struct bl_causes c = {};
	json_t *status = NULL;

	rq->opts = (struct bl_write_opts){};
	rq->opts.force = bl_request_flag(rq, "force");
	read_dry_run(rq, &c);
	if (!bl_streq(kind, "DeleteOptions")) {
		if (bl_request_param(rq, "force") && bl_streq(kind, "PatchOptions") && !apply)
			bl_cause_add(&c, BL_CAUSE_FORBIDDEN, "force", NULL,
				     "may not be specified for non-apply patch");
		read_manager(rq, &c, apply);
		read_validation(rq, &c);
	}
	if (c.count)
		status = bl_status_invalid("meta.k8s.io", kind, "", &c);
	bl_causes_free(&c);
	return status;
}
