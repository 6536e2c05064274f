/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_AGENT_RECORD_H
#define BL_AGENT_RECORD_H

#include "agent/cni.h"
#include "base/arena.h"

/* An attachment's record: what of it outlives the agent, one JSON file each, named after the host side of the link. */
struct bl_record {
	struct bl_arena *arena; /* owns the strings and the record itself */
	struct bl_attachment a;
	bool committed; /* false: it was being made */
};

/* A record that holds copies of the request's strings, with the host side's name. -EINVAL names the field. */
int bl_record_new(const json_t *request, struct bl_record **ret_record, struct bl_err *err);
struct bl_record *bl_record_free(struct bl_record *r);

/* "bl" and 12 hexadecimal digits of a hash of both: the same for the same attachment, for ever. */
void bl_record_host_ifname(const char *container_id, const char *ifname, char ret_name[16]);

int bl_record_save(const char *dir, const struct bl_record *r, struct bl_err *err);
/* 0 also where there is no file. */
int bl_record_remove(const char *dir, const struct bl_record *r, struct bl_err *err);

/* Calls `each`, which takes the record, for every file of the folder; one that cannot be read is named to `bad`, and kept. */
int bl_record_load(const char *dir, void (*each)(void *arg, struct bl_record *r),
		   void (*bad)(void *arg, const struct bl_err *err), void *arg, struct bl_err *err);

/* Link-layer addresses as text. */
#define BL_MAC_STRLEN 18
const char *bl_mac_format(const uint8_t mac[6], char buf[BL_MAC_STRLEN]);

#endif
