/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_APISERVER_KINDS_NET_H
#define BL_APISERVER_KINDS_NET_H

#include "apiserver/kinds/check.h"
#include "base/ip.h"

/* Addresses and ports in objects: causes at the path's child `name` (NULL: the path). true: nothing is wrong. */
bool bl_check_ip(struct bl_check *ck, const char *name, const char *text);
bool bl_check_cidr(struct bl_check *ck, const char *name, const char *text);

/* What an endpoint or an external address may not be: unspecified, loopback, link-local. A text that is no address gives the
 * cause that bl_check_ip() gives. */
bool bl_check_endpoint_ip(struct bl_check *ck, const char *name, const char *text);

/* 1..65535 */
bool bl_check_port(struct bl_check *ck, const char *name, long long port);

/* A number as above, or the name of a port. */
bool bl_check_port_or_name(struct bl_check *ck, const char *name, const json_t *value);

/* TCP, UDP or SCTP, and there at all. */
void bl_check_protocol(struct bl_check *ck, const char *name, const char *protocol);

/* 4, 6, or 0 where the text is no address. */
int bl_ip_family(const char *text);

/* Adds a warning unless an address is written in its canonical form. `path` names the field. */
void bl_warn_ip(json_t *warnings, const char *path, const char *text);
void bl_warn_cidr(json_t *warnings, const char *path, const char *text);
void bl_warn(json_t *warnings, const char *text, ...) __attribute__((format(printf, 2, 3)));

#endif
