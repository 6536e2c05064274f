// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Attachments on disk.
 *
 * One file an attachment, replaced in one step, so that there is no table to corrupt and no lock to hold: what a crash can
 * lose or leave is one pod's record. It is written twice in an ADD: first as an intent, before anything is made in the kernel,
 * then committed, before the runtime is answered. An agent that starts and finds an intent knows that nobody was told of the
 * attachment, and undoes it.
 *
 * The file and the link's host side have the same name, derived from container and interface by a hash, so that each leads to
 * the other without a search, a path never contains what a runtime sent, and a link can be recognised as ours by an agent
 * that has lost the file.
 *
 * A file that does not parse is reported and left where it is: it may be the record of a pod that runs. Temporary files of
 * writes that a crash ended are removed.
 */

#include "agent/record.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <xxhash.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#define FILE_MAX 65536

/* The fields that are strings: name, bound, and whether an attachment can be without. */
static const struct {
	const char *name;
	size_t offset, max;
	bool required;
} strings[] = {
	{"container_id", offsetof(struct bl_attachment, container_id), 200, true},
	{"ifname", offsetof(struct bl_attachment, ifname), 15, true},
	{"network", offsetof(struct bl_attachment, network), 200, true},
	{"netns", offsetof(struct bl_attachment, netns), 4095, true},
	{"pod_namespace", offsetof(struct bl_attachment, pod_namespace), 63, false},
	{"pod_name", offsetof(struct bl_attachment, pod_name), 253, false},
	{"pod_uid", offsetof(struct bl_attachment, pod_uid), 64, false},
};

static const char **string_at(const struct bl_attachment *a, size_t i)
{
	return (const char **)((uintptr_t)a + strings[i].offset);
}

const char *bl_mac_format(const uint8_t mac[6], char buf[BL_MAC_STRLEN])
{
	(void)snprintf(buf, BL_MAC_STRLEN, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
		       mac[3], mac[4], mac[5]);
	return buf;
}

static int mac_parse(const char *s, uint8_t ret_mac[6])
{
	unsigned int b[6];
	char again[BL_MAC_STRLEN];

	if (sscanf(s, "%2x:%2x:%2x:%2x:%2x:%2x", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5]) != 6)
		return -EINVAL;
	for (size_t i = 0; i < 6; i++)
		ret_mac[i] = (uint8_t)b[i];
	return bl_streq(bl_mac_format(ret_mac, again), s) ? 0 : -EINVAL;
}

void bl_record_host_ifname(const char *container_id, const char *ifname, char ret_name[16])
{
	BL_FREE char *key = bl_asprintf("%s/%s", container_id, ifname);

	(void)snprintf(ret_name, 16, "bl%012llx",
		       (unsigned long long)XXH64(key, strlen(key), 0) & 0xffffffffffffULL);
}

int bl_record_new(const json_t *request, struct bl_record **ret_record, struct bl_err *err)
{
	struct bl_arena *arena = bl_arena_new(1024);
	struct bl_record *r = bl_arena_new0(arena, struct bl_record);
	int64_t mtu = 0;
	int rc = bl_json_get_int(request, "mtu", 1280, 65535, &mtu, err);

	r->arena = arena;
	for (size_t i = 0; !rc && i < BL_ARRAY_SIZE(strings); i++) {
		const char *s = "";

		rc = bl_json_get_str(request, strings[i].name, &s, err);
		if (!rc && ((strings[i].required && !*s) || strlen(s) > strings[i].max))
			rc = bl_err_set(err, -EINVAL, "%s: must have 1 to %zu bytes",
					strings[i].name, strings[i].max);
		if (!rc)
			*string_at(&r->a, i) = bl_arena_strdup(arena, s);
	}
	if (rc) {
		bl_record_free(r);
		return rc;
	}
	r->a.mtu = (uint32_t)mtu;
	bl_record_host_ifname(r->a.container_id, r->a.ifname, r->a.host_ifname);
	*ret_record = r;
	return 0;
}

struct bl_record *bl_record_free(struct bl_record *r)
{
	if (r)
		bl_arena_free(r->arena);
	return NULL;
}

static char *path_of(const char *dir, const struct bl_record *r)
{
	return bl_asprintf("%s/%s.json", dir, r->a.host_ifname);
}

int bl_record_save(const char *dir, const struct bl_record *r, struct bl_err *err)
{
	BL_FREE char *path = path_of(dir, r);
	BL_JSON json_t *j = json_object();
	json_t *ips = json_array();
	char ip[BL_IP_STRLEN], mac[BL_MAC_STRLEN];
	BL_FREE char *text = NULL;

	for (size_t i = 0; i < BL_ARRAY_SIZE(strings); i++)
		json_object_set_new(j, strings[i].name, json_string(*string_at(&r->a, i)));
	for (size_t i = 0; i < r->a.n_ips; i++)
		json_array_append_new(ips, json_string(bl_ip_format(&r->a.ips[i], ip)));
	json_object_set_new(j, "ips", ips);
	json_object_set_new(j, "mtu", json_integer(r->a.mtu));
	json_object_set_new(j, "mac", json_string(bl_mac_format(r->a.mac, mac)));
	json_object_set_new(j, "host_mac", json_string(bl_mac_format(r->a.host_mac, mac)));
	json_object_set_new(j, "committed", json_boolean(r->committed));
	text = bl_json_dump(j);
	return bl_file_write(path, text, strlen(text), 0600, err);
}

int bl_record_remove(const char *dir, const struct bl_record *r, struct bl_err *err)
{
	BL_FREE char *path = path_of(dir, r);

	if (unlink(path) && errno != ENOENT)
		return bl_err_set(err, -errno, "%s: %s", path, strerror(errno));
	return 0;
}

static int read_ips(const json_t *list, struct bl_attachment *a, struct bl_err *err)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *s = json_string_value(json_array_get(list, i));

		if (i == 2 || !s || bl_ip_parse(s, &a->ips[i]))
			return bl_err_set(err, -EINVAL, "ips: must be at most two addresses");
		a->n_ips++;
	}
	return a->n_ips ? 0 : bl_err_set(err, -EINVAL, "ips: must be set");
}

static int decode(json_t *j, struct bl_record **ret_record, struct bl_err *err)
{
	struct bl_record *r = NULL;
	const char *mac = "", *host_mac = "";
	const json_t *ips = NULL;
	int rc = bl_record_new(j, &r, err);

	if (rc)
		return rc;
	if (bl_json_get_str(j, "mac", &mac, err) ||
	    bl_json_get_str(j, "host_mac", &host_mac, err) ||
	    bl_json_get_bool(j, "committed", &r->committed, err) ||
	    bl_json_get_arr(j, "ips", &ips, err) || read_ips(ips, &r->a, err))
		rc = -EINVAL;
	else if (mac_parse(mac, r->a.mac) || mac_parse(host_mac, r->a.host_mac))
		rc = bl_err_set(err, -EINVAL, "mac: is no link-layer address");
	if (rc)
		bl_record_free(r);
	else
		*ret_record = r;
	return rc;
}

static int read_file(const char *path, struct bl_record **ret_record, struct bl_err *err)
{
	BL_JSON json_t *j = NULL;
	int rc = bl_json_load_file(path, FILE_MAX, &j, err); /* an error has the path */

	if (rc)
		return rc;
	rc = decode(j, ret_record, err);
	return rc ? bl_err_wrap(err, "%s", path) : 0;
}

int bl_record_load(const char *dir, void (*each)(void *arg, struct bl_record *r),
		   void (*bad)(void *arg, const struct bl_err *err), void *arg, struct bl_err *err)
{
	const struct dirent *entry;
	DIR *d;
	int rc = bl_file_mkdirs(dir, 0700, err);

	if (rc)
		return rc;
	d = opendir(dir);
	if (!d)
		return bl_err_set(err, -errno, "%s: %s", dir, strerror(errno));
	while ((entry = readdir(d))) {
		BL_FREE char *path = bl_asprintf("%s/%s", dir, entry->d_name);
		struct bl_record *r = NULL;
		struct bl_err why = {};

		if (strstr(entry->d_name, ".json."))
			(void)unlink(path);
		if (!bl_str_ends(entry->d_name, ".json"))
			continue;
		if (read_file(path, &r, &why))
			bad(arg, &why);
		else
			each(arg, r);
	}
	closedir(d);
	return 0;
}
