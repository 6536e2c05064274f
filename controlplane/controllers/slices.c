// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The slices that a Service should have.
 *
 * Pods are grouped by address family and by what the service's ports mean on them; each group is spread over slices of
 * at most a hundred endpoints. Given the slices there are, the plan is the fewest writes that make them right:
 *
 *     1. in every slice of the group, endpoints that no longer exist are taken out and changed ones replaced;
 *     2. what is left over goes first into slices that are written anyway, then into one slice with room for all of it,
 *        and then into new slices;
 *     3. slices of groups that no longer exist, and empty ones, are written over by new ones, or deleted.
 *
 * A slice whose content is right is not written, whatever the order of its endpoints or ports. A family without any
 * endpoint keeps one empty slice, so that a watcher can tell "nobody" from "not looked at yet".
 *
 * Pure: no clock, no client; the same input gives the same plan.
 */

#include "controllers/slices.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "controllers/endpoints.h"

/* The endpoints of one family and one set of ports. */
struct group {
	char *ports_key;
	json_t *ports;	   /* array */
	json_t *endpoints; /* array: those still to be placed */
};

/* A slice that exists. */
struct old {
	json_t *slice;	   /* lent */
	json_t *endpoints; /* what stays in it */
	struct group *group;
	bool changed;
};

struct planner {
	const struct bl_slices_input *in;
	struct bl_slices_plan *plan;
	uint8_t family;
	json_t *labels, *owners; /* of every slice */
	struct group *groups;
	size_t n_groups;
	struct old *olds; /* of this family */
	size_t n_olds;
};

static void add_action(struct planner *p, enum bl_slices_op op, json_t *slice)
{
	struct bl_slices_plan *plan = p->plan;

	plan->list = bl_realloc(plan->list, plan->count + 1, sizeof(*plan->list));
	plan->list[plan->count++] = (struct bl_slices_action){.op = op, .slice = slice};
}

static const char *family_name(uint8_t family)
{
	return family == 4 ? "IPv4" : "IPv6";
}

static struct group *group_of(struct planner *p, json_t *ports)
{
	char *key = bl_endpoints_ports_key(ports);

	for (size_t i = 0; i < p->n_groups; i++) {
		if (!bl_streq(p->groups[i].ports_key, key))
			continue;
		json_decref(ports);
		free(key);
		return &p->groups[i];
	}
	p->groups = bl_realloc(p->groups, p->n_groups + 1, sizeof(*p->groups));
	p->groups[p->n_groups] =
		(struct group){.ports_key = key, .ports = ports, .endpoints = json_array()};
	return &p->groups[p->n_groups++];
}

static const struct bl_ip *address_of(const struct bl_api_pod *pod, uint8_t family)
{
	for (size_t i = 0; i < pod->n_ips; i++) {
		if (pod->ips[i].family == family)
			return &pod->ips[i];
	}
	return NULL;
}

static void group_pods(struct planner *p)
{
	const struct bl_slices_input *in = p->in;

	for (size_t i = 0; i < in->n_pods; i++) {
		const struct bl_api_pod *pod = in->pods[i];
		const struct bl_ip *ip = address_of(pod, p->family);
		const char *zone = "";
		struct group *g;

		if (!ip || !bl_endpoints_wants(pod))
			continue;
		if (*pod->node)
			zone = in->zone_of(in->arg, pod->node);
		if (!zone && !in->service->publish_not_ready)
			continue; /* its node is gone, and it will be */
		g = group_of(p, bl_endpoints_ports(in->service, pod));
		json_array_append_new(g->endpoints,
				      bl_endpoints_make(in->service, pod, ip, zone ? zone : ""));
	}
}

static json_t *slice_labels(const struct bl_api_service *svc)
{
	json_t *labels = json_object();

	for (size_t i = 0; i < svc->obj.meta.labels.count; i++) {
		const struct bl_api_pair *l = &svc->obj.meta.labels.list[i];

		if (!bl_streq(l->key, BL_SLICES_SERVICE) &&
		    !bl_streq(l->key, BL_SLICES_MANAGEDBY) && !bl_streq(l->key, BL_SLICES_HEADLESS))
			json_object_set_new(labels, l->key, json_string(l->value));
	}
	if (svc->headless)
		json_object_set_new(labels, BL_SLICES_HEADLESS, json_string(""));
	json_object_set_new(labels, BL_SLICES_SERVICE, json_string(svc->obj.meta.name));
	json_object_set_new(labels, BL_SLICES_MANAGEDBY, json_string(BL_SLICES_MANAGER));
	return labels;
}

static json_t *slice_owners(const struct bl_api_service *svc)
{
	return json_pack("[{s:s, s:s, s:s, s:s, s:b, s:b}]", "apiVersion", "v1", "kind", "Service",
			 "name", svc->obj.meta.name, "uid", svc->obj.meta.uid, "controller", 1,
			 "blockOwnerDeletion", 1);
}

static json_t *new_slice(const struct planner *p, const json_t *ports, json_t *endpoints)
{
	const struct bl_api_meta *m = &p->in->service->obj.meta;
	json_t *meta = json_pack("{s:s, s:o, s:O, s:O}", "namespace", m->namespace, "generateName",
				 json_sprintf("%s-", m->name), "labels", p->labels,
				 "ownerReferences", p->owners);

	return json_pack("{s:s, s:s, s:o, s:s, s:o, s:O}", "apiVersion", "discovery.k8s.io/v1",
			 "kind", "EndpointSlice", "metadata", meta, "addressType",
			 family_name(p->family), "endpoints", endpoints, "ports", ports);
}

static json_t *changed_slice(const struct planner *p, const struct old *o)
{
	json_t *slice = json_copy(o->slice);
	json_t *meta = json_copy(json_object_get(o->slice, "metadata"));

	json_object_del(meta, "managedFields");
	json_object_set(meta, "labels", p->labels);
	json_object_set(meta, "ownerReferences", p->owners);
	json_object_set_new(slice, "metadata", meta);
	json_object_set_new(slice, "apiVersion", json_string("discovery.k8s.io/v1"));
	json_object_set_new(slice, "kind", json_string("EndpointSlice"));
	json_object_set(slice, "endpoints", o->endpoints);
	return slice;
}

/* Takes the endpoint that stands for the same pod out of the group's; NULL: it no longer exists. */
static json_t *take_same(struct group *g, const json_t *ep)
{
	json_t *found;
	size_t i;

	json_array_foreach (g->endpoints, i, found) {
		if (!bl_endpoints_same(found, ep))
			continue;
		json_incref(found);
		json_array_remove(g->endpoints, i);
		return found;
	}
	return NULL;
}

/* Step 1. */
static void keep_endpoints(struct planner *p, struct old *o)
{
	json_t *list = json_object_get(o->slice, "endpoints"), *ep;
	const json_t *meta = json_object_get(o->slice, "metadata");
	size_t i;

	o->changed = !json_equal(json_object_get(meta, "labels"), p->labels) ||
		     !json_equal(json_object_get(meta, "ownerReferences"), p->owners);
	json_array_foreach (list, i, ep) {
		json_t *now = take_same(o->group, ep);
		bool equal = now && bl_endpoints_equal(ep, now);

		o->changed |= !equal;
		if (equal)
			json_array_append(o->endpoints, ep);
		else if (now)
			json_array_append(o->endpoints, now);
		json_decref(now);
	}
}

static void fill(struct old *o)
{
	json_t *left = o->group->endpoints;

	while (json_array_size(left) && json_array_size(o->endpoints) < BL_SLICES_MAX) {
		json_array_append(o->endpoints, json_array_get(left, 0));
		json_array_remove(left, 0);
		o->changed = true;
	}
}

/* Step 2, for one group. */
static void place(struct planner *p, struct group *g)
{
	struct old *best = NULL;

	for (size_t i = 0; i < p->n_olds; i++) {
		if (p->olds[i].group == g && p->olds[i].changed)
			fill(&p->olds[i]);
	}
	/* the fullest slice that has room for all */
	for (size_t i = 0; i < p->n_olds && json_array_size(g->endpoints); i++) {
		struct old *o = &p->olds[i];
		size_t n = json_array_size(o->endpoints);

		if (o->group == g && n + json_array_size(g->endpoints) <= BL_SLICES_MAX &&
		    (!best || n > json_array_size(best->endpoints)))
			best = o;
	}
	if (best)
		fill(best);
	while (json_array_size(g->endpoints)) {
		struct old fresh = {.group = g, .endpoints = json_array()};

		fill(&fresh);
		add_action(p, BL_SLICES_CREATE, new_slice(p, g->ports, fresh.endpoints));
	}
}

static void find_olds(struct planner *p)
{
	for (size_t i = 0; i < p->in->n_slices; i++) {
		json_t *slice = p->in->slices[i];
		const char *type = bl_json_str_at(slice, "addressType", NULL);
		BL_FREE char *key = NULL;
		struct old *o;

		if (!type || !bl_streq(type, family_name(p->family)))
			continue;
		o = &p->olds[p->n_olds++];
		*o = (struct old){.slice = slice, .endpoints = json_array()};
		key = bl_endpoints_ports_key(json_object_get(slice, "ports"));
		for (size_t k = 0; k < p->n_groups; k++) {
			if (bl_streq(p->groups[k].ports_key, key))
				o->group = &p->groups[k];
		}
	}
}

/* Step 3, and the writes of what changed. `empty` is the slice that stays although it is. */
static void emit(struct planner *p, const struct old *empty)
{
	for (size_t i = 0; i < p->n_olds; i++) {
		struct old *o = &p->olds[i];

		if (o != empty && !json_array_size(o->endpoints))
			add_action(p, BL_SLICES_DELETE, json_incref(o->slice));
		else if (o->changed)
			add_action(p, BL_SLICES_UPDATE, changed_slice(p, o));
	}
}

/* Of a family without endpoints: one empty slice without ports, the first there is or a new one. */
static const struct old *keep_empty(struct planner *p)
{
	json_t *ports;

	for (size_t i = 0; i < p->n_olds; i++) {
		if (p->olds[i].group)
			return &p->olds[i];
	}
	ports = json_array();
	add_action(p, BL_SLICES_CREATE, new_slice(p, ports, json_array()));
	json_decref(ports);
	return NULL;
}

static void free_family(struct planner *p)
{
	for (size_t i = 0; i < p->n_groups; i++) {
		free(p->groups[i].ports_key);
		json_decref(p->groups[i].ports);
		json_decref(p->groups[i].endpoints);
	}
	for (size_t i = 0; i < p->n_olds; i++)
		json_decref(p->olds[i].endpoints);
	free(p->groups);
	free(p->olds);
	p->groups = NULL;
	p->olds = NULL;
	p->n_groups = p->n_olds = 0;
}

/* Writes the new slice into one that would be deleted: one write, and never a moment without either. */
static void reuse(struct planner *p, size_t first)
{
	struct bl_slices_plan *plan = p->plan;

	for (size_t i = first, k = first; i < plan->count; i++) {
		struct bl_slices_action *create = &plan->list[i], *gone;
		struct old o;

		if (create->op != BL_SLICES_CREATE)
			continue;
		while (k < plan->count && plan->list[k].op != BL_SLICES_DELETE)
			k++;
		if (k == plan->count)
			return;
		gone = &plan->list[k];
		o = (struct old){.slice = gone->slice,
				 .endpoints = json_object_get(create->slice, "endpoints")};
		gone->op = BL_SLICES_UPDATE;
		gone->slice = changed_slice(p, &o);
		json_object_set(gone->slice, "ports", json_object_get(create->slice, "ports"));
		json_decref(o.slice);
		json_decref(create->slice);
		*create = plan->list[--plan->count];
		i--;
	}
}

static void plan_family(struct planner *p)
{
	const struct old *empty = NULL;
	size_t first = p->plan->count;
	bool nobody;

	group_pods(p);
	nobody = !p->n_groups;
	if (nobody)
		(void)group_of(p, json_array());
	p->olds = bl_calloc(p->in->n_slices + 1, sizeof(*p->olds));
	find_olds(p);
	for (size_t i = 0; i < p->n_olds; i++) {
		if (p->olds[i].group)
			keep_endpoints(p, &p->olds[i]);
	}
	if (nobody)
		empty = keep_empty(p);
	for (size_t i = 0; i < p->n_groups; i++)
		place(p, &p->groups[i]);
	emit(p, empty);
	reuse(p, first);
	free_family(p);
}

/* The families that the service has addresses of; a headless one that names none has both. */
static bool has_family(const struct bl_api_service *svc, uint8_t family)
{
	if (svc->families[0])
		return svc->families[0] == family || svc->families[1] == family;
	for (size_t i = 0; i < svc->n_cluster_ips; i++) {
		if (svc->cluster_ips[i].family == family)
			return true;
	}
	return !svc->n_cluster_ips;
}

/* Slices of a family that the service does not have any more, or of host names. */
static void delete_others(struct planner *p)
{
	for (size_t i = 0; i < p->in->n_slices; i++) {
		const char *type = bl_json_str_at(p->in->slices[i], "addressType", NULL);
		uint8_t family = type && bl_streq(type, "IPv4")	  ? 4
				 : type && bl_streq(type, "IPv6") ? 6
								  : 0;

		if (!family || !has_family(p->in->service, family))
			add_action(p, BL_SLICES_DELETE, json_incref(p->in->slices[i]));
	}
}

void bl_slices_plan(const struct bl_slices_input *in, struct bl_slices_plan *ret_plan)
{
	static const uint8_t families[] = {4, 6};
	struct planner p = {.in = in, .plan = ret_plan};

	*ret_plan = (struct bl_slices_plan){};
	p.labels = slice_labels(in->service);
	p.owners = slice_owners(in->service);
	for (size_t i = 0; i < BL_ARRAY_SIZE(families); i++) {
		p.family = families[i];
		if (has_family(in->service, p.family))
			plan_family(&p);
	}
	delete_others(&p);
	json_decref(p.labels);
	json_decref(p.owners);
}

void bl_slices_plan_free(struct bl_slices_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		json_decref(plan->list[i].slice);
	free(plan->list);
	*plan = (struct bl_slices_plan){};
}
