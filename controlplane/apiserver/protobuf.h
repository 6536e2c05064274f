/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_APISERVER_PROTOBUF_H
#define BL_APISERVER_PROTOBUF_H

#include <jansson.h>
#include <stddef.h>

#include "base/err.h"

/*
 * Reads an object in Kubernetes' protobuf form (media type application/vnd.kubernetes.protobuf: the four bytes "k8s\0",
 * then runtime.Unknown of k8s.io/apimachinery with the object inside) into what its JSON form would have been read as,
 * *ret_obj (the caller's). -ENOTSUP: a kind whose field numbers are not in the tables; -EBADMSG: no such message.
 */
int bl_protobuf_decode(const char *data, size_t len, json_t **ret_obj, struct bl_err *err);

#endif
