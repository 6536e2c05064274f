/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_APISERVER_NEGOTIATE_H
#define BL_APISERVER_NEGOTIATE_H

#include <stdbool.h>

#include "apiserver/request.h"

/*
 * Reads an Accept header (NULL: anything) into the first form that the server can give; -ENOTSUP: none (406). Parameters
 * that ask for transformations it does not know make an entry unusable.
 */
int bl_negotiate(const char *header, struct bl_accept *ret_accept);

/* What a body's Content-Type (NULL: JSON) says it is. */
enum bl_media {
	BL_MEDIA_JSON,
	BL_MEDIA_YAML,
	BL_MEDIA_PROTOBUF,
	BL_MEDIA_JSON_PATCH,
	BL_MEDIA_MERGE_PATCH,
	BL_MEDIA_STRATEGIC_PATCH,
	BL_MEDIA_APPLY_PATCH,
	BL_MEDIA_OTHER,
};

enum bl_media bl_media_type(const char *content_type);

#endif
