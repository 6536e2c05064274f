// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Requests for OpenAPI documents
 *
 * /openapi/v2 as JSON or protobuf, by Accept; /openapi/v3 is the index and leads to one document a group. A document of
 * version 3 is asked for with the hash that the index gave (?hash=), and clients keep it under that address, so its answer
 * needs nothing but its bytes.
 *
 * Of the two names of the protobuf media type the older has an @, which is not allowed in one: clients send it, but those
 * built with a current Go cannot read it in an answer. So the answer always has the newer name, as the real server's. Where
 * a client accepts both protobuf and JSON, protobuf is given.
 */
#include <stdio.h>
#include <string.h>

#include "apiserver/handlers.h"
#include "apiserver/openapi.h"
#include "apiserver/status.h"
#include "base/mem.h"
#include "base/str.h"

#define PROTO_OLD "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
#define PROTO_NEW "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"

static void answer_bytes(struct bl_request *rq, const char *type, struct bl_buf *doc)
{
	bl_answer_text(rq, 200, type, bl_strdup(""));
	bl_body_free(&rq->out);
	bl_body_bytes(&rq->out, doc->data, doc->len);
	*doc = (struct bl_buf){};
}

static void answer_v2(struct bl_request *rq)
{
	const char *accept = rq->accept_header ? rq->accept_header : "";
	bool proto = strstr(accept, PROTO_OLD) || strstr(accept, PROTO_NEW);
	struct bl_buf doc = {};

	if (proto)
		bl_openapi_v2_proto(&doc);
	else
		bl_openapi_v2_json(&doc);
	answer_bytes(rq, proto ? PROTO_NEW : "application/json", &doc);
}

/* "api/VERSION" or "apis/GROUP/VERSION". */
static bool answer_v3(struct bl_request *rq, const char *path)
{
	char group[128] = "", version[32] = "", end;
	struct bl_buf doc = {};

	if (sscanf(path, "apis/%127[^/]/%31[^/]%c", group, version, &end) != 2) {
		*group = '\0';
		if (sscanf(path, "api/%31[^/]%c", version, &end) != 1)
			return false;
	}
	if (bl_openapi_v3_group(group, version, &doc))
		return false;
	answer_bytes(rq, "application/json", &doc);
	return true;
}

bool bl_handle_openapi(struct bl_request *rq)
{
	struct bl_buf doc = {};

	if (bl_streq(rq->path, "/openapi/v2")) {
		answer_v2(rq);
		return true;
	}
	if (bl_streq(rq->path, "/openapi/v3") || bl_streq(rq->path, "/openapi/v3/")) {
		bl_openapi_v3_index(&doc);
		answer_bytes(rq, "application/json", &doc);
		return true;
	}
	return bl_str_starts(rq->path, "/openapi/v3/") &&
	       answer_v3(rq, rq->path + strlen("/openapi/v3/"));
}
