// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Services, endpoints and counters out of the pinned maps alone.
 *
 * The command line shows these when the agent does not answer: what the kernel forwards by, not what anybody wished for.
 * service_meta gives frontends the names of their Services, slots and backends tell where their packets go.
 *
 * The maps may change while they are read: a frontend whose id has no name is listed under the empty name instead of
 * being left out, and a slot that leads to no live backend is skipped. Lists are ordered, so that two calls can be compared.
 */

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/ip.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "beeline/reason.h"
#include "maps/maps.h"

struct view {
	int fds[BL_MAP_COUNT];
	json_t *services; /* "namespace/name" -> service */
	uint8_t family;	  /* of the service map that is being read */
};

static void view_free(struct view *v)
{
	json_decref(v->services);
	for (int i = 0; i < BL_MAP_COUNT; i++)
		bl_cleanup_close(&v->fds[i]);
}

static int view_open(struct view *v, const char *pin_dir, struct bl_err *err)
{
	static const enum bl_map maps[] = {BL_MAP_service4, BL_MAP_service6, BL_MAP_slot,
					   BL_MAP_backend, BL_MAP_service_meta};

	for (int i = 0; i < BL_MAP_COUNT; i++)
		v->fds[i] = -1;
	v->services = json_object();
	for (size_t i = 0; i < BL_ARRAY_SIZE(maps); i++) {
		int rc = bl_maps_open(pin_dir, maps[i], true, &v->fds[maps[i]], err);

		if (rc)
			return rc;
	}
	return 0;
}

/* The Service of this name, made where it is missing. Lends. */
static json_t *view_service(struct view *v, const struct bl_service_meta *meta)
{
	BL_FREE char *key = bl_asprintf("%.63s/%.63s", meta->namespace, meta->name);
	json_t *svc = json_object_get(v->services, key);

	if (svc)
		return svc;
	svc = json_pack("{s:s, s:s, s:s, s:[], s:[]}", "namespace", meta->namespace, "name",
			meta->name, "uid", meta->uid, "frontends", "backends");
	json_object_set_new(v->services, key, svc);
	return svc;
}

static void add_once(json_t *list, json_t *item)
{
	json_t *have;
	size_t i;

	json_array_foreach (list, i, have) {
		if (json_equal(have, item)) {
			json_decref(item);
			return;
		}
	}
	json_array_append_new(list, item);
}

static json_t *backend_json(const struct bl_backend *b, const char *port_name)
{
	struct bl_ip ip = {.family = b->flags & BL_BACKEND_V6 ? 6 : 4};
	char buf[BL_IP_STRLEN];

	memcpy(ip.b, &b->addr, bl_ip_size(&ip));
	return json_pack("{s:s, s:i, s:s, s:s, s:b}", "address", bl_ip_format(&ip, buf), "port",
			 ntohs(b->port), "protocol", bl_maps_proto_name(b->proto), "name",
			 port_name, "local", (b->flags & BL_BACKEND_LOCAL) != 0);
}

static void add_backends(const struct view *v, json_t *svc, const char *port_name,
			 const struct bl_service *value)
{
	json_t *list = json_object_get(svc, "backends");

	for (uint32_t i = 0; i < value->slot_count; i++) {
		uint32_t index = value->first_slot + i;
		struct bl_backend b;
		bl_slot id;

		if (bpf_map_lookup_elem(v->fds[BL_MAP_slot], &index, &id))
			return; /* behind the array's end: so are the others */
		if (id && !bpf_map_lookup_elem(v->fds[BL_MAP_backend], &id, &b) &&
		    b.flags & BL_BACKEND_LIVE)
			add_once(list, backend_json(&b, port_name));
	}
}

static int view_entry(void *arg, const void *key, const void *value)
{
	struct view *v = arg;
	const struct bl_service *service = value;
	enum bl_map map = v->family == 4 ? BL_MAP_service4 : BL_MAP_service6;
	BL_JSON json_t *entry = bl_maps_entry_json(map, key, value);
	json_t *front = json_object_get(entry, "key");
	struct bl_service_meta meta = {};
	const char *scope;
	json_t *svc;

	if (bpf_map_lookup_elem(v->fds[BL_MAP_service_meta], &service->id, &meta))
		memset(&meta, 0, sizeof(meta));
	meta.uid[sizeof(meta.uid) - 1] = '\0';
	meta.namespace[sizeof(meta.namespace) - 1] = '\0';
	meta.name[sizeof(meta.name) - 1] = '\0';
	meta.port[sizeof(meta.port) - 1] = '\0';
	svc = view_service(v, &meta);
	scope = bl_json_str_at(front, "scope", NULL);
	if (!scope || bl_streq(scope, bl_maps_scope_name(BL_SCOPE_ADDR)))
		return 0; /* owns its address, carries nothing */
	if (bl_str_starts(scope, bl_maps_scope_name(BL_SCOPE_NODEPORT)))
		json_object_set_new(front, "address", json_string(""));
	json_object_set_new(front, "name", json_string(meta.port));
	json_object_set_new(front, "family", json_integer(v->family));
	json_object_set_new(front, "policy",
			    json_string(service->flags & BL_SERVICE_LOCAL ? "Local" : "Cluster"));
	json_array_append(json_object_get(svc, "frontends"), front);
	/* What a table names, clients inside reach by a set of its own. */
	if (!(service->flags & BL_SERVICE_MAGLEV))
		add_backends(v, svc, meta.port, service);
	return 0;
}

static int text_cmp(const void *a, const void *b)
{
	const json_t *const *ja = a, *const *jb = b;
	BL_FREE char *ta = json_dumps(*ja, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_ENCODE_ANY);
	BL_FREE char *tb = json_dumps(*jb, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_ENCODE_ANY);

	return strcmp(ta, tb);
}

/* Orders an array by its items' text: objects by their first field, then the second. */
static void sort(json_t *list)
{
	size_t n = json_array_size(list);
	BL_FREE json_t **items = bl_calloc(n + 1, sizeof(*items));

	for (size_t i = 0; i < n; i++)
		items[i] = json_incref(json_array_get(list, i));
	qsort(items, n, sizeof(*items), text_cmp);
	json_array_clear(list);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, items[i]);
}

int bl_maps_services(const char *pin_dir, json_t **ret_json, struct bl_err *err)
{
	BL_CLEANUP(view_free) struct view v = {};
	json_t *list, *svc;
	const char *key;
	int rc;

	rc = view_open(&v, pin_dir, err);
	for (v.family = 4; !rc && v.family <= 6; v.family += 2) {
		enum bl_map map = v.family == 4 ? BL_MAP_service4 : BL_MAP_service6;

		rc = bl_maps_each(v.fds[map], map, view_entry, &v);
		if (rc)
			bl_err_set(err, rc, "map '%s': %s", bl_map_table[map].name, strerror(-rc));
	}
	if (rc)
		return rc;
	list = json_array();
	json_object_foreach (v.services, key, svc) {
		sort(json_object_get(svc, "frontends"));
		sort(json_object_get(svc, "backends"));
		json_array_append(list, svc);
	}
	sort(list);
	*ret_json = list;
	return 0;
}

struct endpoints {
	json_t *list;
	enum bl_map map;
};

static int endpoint_entry(void *arg, const void *key, const void *value)
{
	struct endpoints *e = arg;
	const struct bl_endpoint *v = value;
	BL_JSON json_t *entry = bl_maps_entry_json(e->map, key, value);
	char name[IF_NAMESIZE] = "";

	if (!(v->flags & BL_ENDPOINT_POD))
		json_object_set_new(json_object_get(entry, "value"), "mac", json_string(""));
	if (v->ifindex)
		(void)if_indextoname(v->ifindex, name);
	json_array_append_new(e->list,
			      json_pack("{s:O, s:s, s:s, s:I, s:O, s:b}", "address",
					json_object_get(entry, "key"), "kind",
					v->flags & BL_ENDPOINT_POD ? "pod" : "host", "interface",
					name, "ifindex", (json_int_t)v->ifindex, "mac",
					bl_json_at(entry, "value", "mac", NULL), "nodeport",
					(v->flags & BL_ENDPOINT_NODEPORT) != 0));
	return 0;
}

int bl_maps_endpoints(const char *pin_dir, json_t **ret_json, struct bl_err *err)
{
	BL_JSON json_t *list = json_array();
	static const enum bl_map maps[] = {BL_MAP_endpoint4, BL_MAP_endpoint6};

	for (size_t i = 0; i < BL_ARRAY_SIZE(maps); i++) {
		struct endpoints e = {.list = list, .map = maps[i]};
		BL_CLOSE int fd = -1;
		int rc = bl_maps_open(pin_dir, maps[i], true, &fd, err);

		if (rc)
			return rc;
		rc = bl_maps_each(fd, maps[i], endpoint_entry, &e);
		if (rc)
			return bl_err_set(err, rc, "map '%s': %s", bl_map_table[maps[i]].name,
					  strerror(-rc));
	}
	sort(list);
	*ret_json = bl_take_ptr(list);
	return 0;
}

static json_t *counter_json(uint32_t reason, const struct bl_counter *cpus)
{
	static const struct {
		const char *verdict, *label, *text;
	} names[BL_REASON_COUNT] = {
#define REASON_ROW(id, verdict, label, text) {#verdict, label, text},
		BL_REASONS(REASON_ROW)
#undef REASON_ROW
	};
	struct bl_counter sum = {};

	for (unsigned int i = 0; i < bl_maps_value_cpus(BL_MAP_counter); i++) {
		sum.packets += cpus[i].packets;
		sum.bytes += cpus[i].bytes;
	}
	return json_pack("{s:s, s:s, s:s, s:I, s:I}", "name", names[reason].label, "verdict",
			 names[reason].verdict, "text", names[reason].text, "packets",
			 (json_int_t)sum.packets, "bytes", (json_int_t)sum.bytes);
}

int bl_maps_counters(const char *pin_dir, json_t **ret_json, struct bl_err *err)
{
	BL_FREE struct bl_counter *value = bl_calloc(1, bl_maps_value_size(BL_MAP_counter));
	BL_JSON json_t *list = json_array();
	BL_CLOSE int fd = -1;
	int rc = bl_maps_open(pin_dir, BL_MAP_counter, true, &fd, err);

	if (rc)
		return rc;
	for (uint32_t i = 0; i < BL_REASON_COUNT; i++) {
		if (bpf_map_lookup_elem(fd, &i, value))
			return bl_err_set(err, -errno, "map 'counter': %s", strerror(errno));
		json_array_append_new(list, counter_json(i, value));
	}
	*ret_json = bl_take_ptr(list);
	return 0;
}
