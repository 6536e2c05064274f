// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The envelope of requests and answers.
 *
 * Every operation has the same two outcomes: a value, or an error with a code that a program can act on and a line that a
 * person can read. The codes below 100 are the CNI specification's, so that the plugin passes the agent's errors on
 * without translating them; the command line prints the line and only looks at whether there was an error.
 *
 * An answer that is neither form means that the other side is no agent (or one of another age): that is an error of its
 * own, never an empty success. Texts are cut to the sizes of struct bl_ipc_failure, at the end, where the least
 * important words are.
 */

#include "ipc/messages.h"

#include <errno.h>
#include <stdio.h>

#include "base/json.h"

json_t *bl_ipc_request(const char *op)
{
	return json_pack("{s:s}", "op", op);
}

json_t *bl_ipc_ok(json_t *ok)
{
	return json_pack("{s:o}", "ok", ok);
}

/* A string value also of text that is not UTF-8: an error must never be lost over its own text. */
static json_t *text(const char *s)
{
	json_t *j = json_string(s);

	return j ? j : json_string("(text is not UTF-8)");
}

json_t *bl_ipc_error(int code, const char *msg, const char *details)
{
	return json_pack("{s:{s:i, s:o, s:o}}", "error", "code", code, "msg", text(msg), "details",
			 text(details));
}

int bl_ipc_split(const json_t *answer, json_t **ret_ok, struct bl_ipc_failure *ret_failure)
{
	json_t *ok = json_object_get(answer, "ok");
	const json_t *error = json_object_get(answer, "error");
	const json_t *code = json_object_get(error, "code");
	const char *msg = bl_json_str_at(error, "msg", NULL);
	const char *details = bl_json_str_at(error, "details", NULL);

	if (ok && !error) {
		*ret_ok = json_incref(ok);
		return 0;
	}
	if (ok || !json_is_integer(code) || json_integer_value(code) < 1 ||
	    json_integer_value(code) > 999 || !msg) {
		*ret_failure = (struct bl_ipc_failure){
			.msg = "the answer is neither a value nor an error"};
		return -EBADMSG;
	}
	ret_failure->code = (int)json_integer_value(code);
	(void)snprintf(ret_failure->msg, sizeof(ret_failure->msg), "%s", msg);
	(void)snprintf(ret_failure->details, sizeof(ret_failure->details), "%s",
		       details ? details : "");
	return -EREMOTEIO;
}
