// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: What the server says about itself.
 *
 * /version and the health paths for everybody; for clients that are in: the list of groups and of their resources, in the
 * classic form (one document a group version) and aggregated (all in one, KEP-3352), and the OpenAPI documents. Everything
 * is made from the table of kinds when it is asked for; clients cache it on disk.
 *
 * The version is that of the Kubernetes API that the server follows; clients compare it with their own.
 */
#include <stdio.h>
#include <string.h>

#include "apiserver/handlers.h"
#include "apiserver/negotiate.h"
#include "apiserver/server_priv.h"
#include "apiserver/status.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#define VERSION_MINOR "36"

/* A subresource of a kind. */
struct sub {
	const char *name, *group, *version, *kind, *verbs;
};

static const struct sub sub_status = {"status", NULL, NULL, NULL, "get patch update"};
static const struct sub sub_finalize = {"finalize", NULL, NULL, NULL, "update"};
static const struct sub sub_binding = {"binding", "", "v1", "Binding", "create"};
static const struct sub sub_eviction = {"eviction", "policy", "v1", "Eviction", "create"};

static size_t subs_of(const struct bl_kind *k, const struct sub *ret[4])
{
	size_t n = 0;

	if (bl_streq(k->kind, "Pod")) {
		ret[n++] = &sub_binding;
		ret[n++] = &sub_eviction;
	}
	if (bl_streq(k->kind, "Namespace"))
		ret[n++] = &sub_finalize;
	if (k->has_status)
		ret[n++] = &sub_status;
	return n;
}

static const char *verbs_of(const struct bl_kind *k)
{
	return k->no_delete_collection
		       ? "create delete get list patch update watch"
		       : "create delete deletecollection get list patch update watch";
}

static json_t *words(const char *text)
{
	BL_FREE char *copy = bl_strdup(text);
	json_t *out = json_array();
	char *save, *w;

	for (w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
		json_array_append_new(out, json_string(w));
	return out;
}

static json_t *strings(const char *const *list)
{
	json_t *out = json_array();

	for (; list && *list; list++)
		json_array_append_new(out, json_string(*list));
	return out;
}

static json_t *group_version(const struct bl_kind *k)
{
	return json_sprintf("%s%s%s", k->group, *k->group ? "/" : "", k->version);
}

/* The first row of each group version, in order. */
static bool is_first(const struct bl_kind *const *kinds, size_t i)
{
	for (size_t n = 0; n < i; n++) {
		if (bl_streq(kinds[n]->group, kinds[i]->group) &&
		    bl_streq(kinds[n]->version, kinds[i]->version))
			return false;
	}
	return true;
}

static bool same_group(const struct bl_kind *k, const char *group, const char *version)
{
	return bl_streq(k->group, group) && (!version || bl_streq(k->version, version));
}

/* --- the classic form ----------------------------------------------------------------------------- */

static json_t *api_versions(void)
{
	return json_pack("{s:s, s:[s], s:[{s:s, s:s}]}", "kind", "APIVersions", "versions", "v1",
			 "serverAddressByClientCIDRs", "clientCIDR", "0.0.0.0/0", "serverAddress",
			 "");
}

static json_t *api_group(const struct bl_kind *k, bool alone)
{
	json_t *g = json_object();
	json_t *v =
		json_pack("{s:o, s:s}", "groupVersion", group_version(k), "version", k->version);

	if (alone) {
		json_object_set_new(g, "kind", json_string("APIGroup"));
		json_object_set_new(g, "apiVersion", json_string("v1"));
	}
	json_object_set_new(g, "name", json_string(k->group));
	json_object_set_new(g, "versions", json_pack("[O]", v));
	json_object_set_new(g, "preferredVersion", v);
	return g;
}

static json_t *api_group_list(const struct bl_request *rq)
{
	const struct bl_kind *const *kinds = rq->srv->kinds;
	json_t *groups = json_array();

	for (size_t i = 0; kinds[i]; i++) {
		if (*kinds[i]->group && is_first(kinds, i))
			json_array_append_new(groups, api_group(kinds[i], false));
	}
	return json_pack("{s:s, s:s, s:o}", "kind", "APIGroupList", "apiVersion", "v1", "groups",
			 groups);
}

static void add_resource(json_t *list, const struct bl_kind *k, const struct sub *sub)
{
	json_t *r = json_object();

	json_object_set_new(r, "name",
			    sub ? json_sprintf("%s/%s", k->plural, sub->name)
				: json_string(k->plural));
	json_object_set_new(r, "singularName", json_string(sub ? "" : k->singular));
	json_object_set_new(r, "namespaced", json_boolean(k->namespaced));
	if (sub && sub->group && *sub->group)
		json_object_set_new(r, "group", json_string(sub->group));
	if (sub && sub->version && *sub->group)
		json_object_set_new(r, "version", json_string(sub->version));
	json_object_set_new(r, "kind", json_string(sub && sub->kind ? sub->kind : k->kind));
	json_object_set_new(r, "verbs", words(sub ? sub->verbs : verbs_of(k)));
	if (!sub && k->short_names)
		json_object_set_new(r, "shortNames", strings(k->short_names));
	if (!sub && k->categories)
		json_object_set_new(r, "categories", strings(k->categories));
	json_array_append_new(list, r);
}

/* NULL: no such group version. */
static json_t *api_resources(const struct bl_request *rq, const char *group, const char *version)
{
	json_t *list = json_array(), *gv = NULL;

	for (const struct bl_kind *const *k = rq->srv->kinds; *k; k++) {
		const struct sub *subs[4];
		size_t n;

		if (!same_group(*k, group, version))
			continue;
		if (!gv)
			gv = group_version(*k);
		add_resource(list, *k, NULL);
		n = subs_of(*k, subs);
		for (size_t i = 0; i < n; i++)
			add_resource(list, *k, subs[i]);
	}
	if (!gv) {
		json_decref(list);
		return NULL;
	}
	return json_pack("{s:s, s:s, s:o, s:o}", "kind", "APIResourceList", "apiVersion", "v1",
			 "groupVersion", gv, "resources", list);
}

/* --- the aggregated form ----------------------------------------------------------------------------- */

static json_t *response_kind(const struct bl_kind *k, const struct sub *sub)
{
	bool own = sub && sub->kind;

	return json_pack("{s:s, s:s, s:s}", "group", own ? sub->group : k->group, "version",
			 own ? sub->version : k->version, "kind", own ? sub->kind : k->kind);
}

static json_t *aggregated_resource(const struct bl_kind *k)
{
	const struct sub *subs[4];
	size_t n = subs_of(k, subs);
	json_t *r = json_object(), *list = json_array();

	json_object_set_new(r, "resource", json_string(k->plural));
	json_object_set_new(r, "responseKind", response_kind(k, NULL));
	json_object_set_new(r, "scope", json_string(k->namespaced ? "Namespaced" : "Cluster"));
	json_object_set_new(r, "singularResource", json_string(k->singular));
	json_object_set_new(r, "verbs", words(verbs_of(k)));
	if (k->short_names)
		json_object_set_new(r, "shortNames", strings(k->short_names));
	if (k->categories)
		json_object_set_new(r, "categories", strings(k->categories));
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list,
				      json_pack("{s:s, s:o, s:o}", "subresource", subs[i]->name,
						"responseKind", response_kind(k, subs[i]), "verbs",
						words(subs[i]->verbs)));
	if (n)
		json_object_set_new(r, "subresources", list);
	else
		json_decref(list);
	return r;
}

static json_t *aggregated_group(const struct bl_request *rq, const struct bl_kind *first)
{
	json_t *resources = json_array();

	for (const struct bl_kind *const *k = rq->srv->kinds; *k; k++) {
		if (same_group(*k, first->group, first->version))
			json_array_append_new(resources, aggregated_resource(*k));
	}
	return json_pack("{s:{s:s?}, s:[{s:s, s:o, s:s}]}", "metadata", "name",
			 *first->group ? first->group : NULL, "versions", "version", first->version,
			 "resources", resources, "freshness", "Current");
}

static void answer_aggregated(struct bl_request *rq, bool core)
{
	const struct bl_kind *const *kinds = rq->srv->kinds;
	BL_FREE char *version = bl_asprintf("apidiscovery.k8s.io/%s", rq->accept.discovery);
	json_t *items = json_array();

	for (size_t i = 0; kinds[i]; i++) {
		if (core == !*kinds[i]->group && is_first(kinds, i))
			json_array_append_new(items, aggregated_group(rq, kinds[i]));
	}
	bl_answer_json(rq, 200,
		       json_pack("{s:s, s:s, s:{}, s:o}", "kind", "APIGroupDiscoveryList",
				 "apiVersion", version, "metadata", "items", items));
	rq->type = bl_streq(rq->accept.discovery, "v2")
			   ? "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
			   : "application/json;g=apidiscovery.k8s.io;v=v2beta1;as="
			     "APIGroupDiscoveryList";
}

/* --- version, health, OpenAPI ---------------------------------------------------------------------------- */

static json_t *version_info(void)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "major", "1", "minor",
			 VERSION_MINOR, "gitVersion", "v1." VERSION_MINOR ".0+beeline", "gitCommit",
			 "", "gitTreeState", "clean", "buildDate", "1970-01-01T00:00:00Z",
			 "goVersion", "none", "compiler", "gcc", "platform", "linux/amd64");
}

static bool is_health(const char *path)
{
	return bl_str_starts(path, "/healthz") || bl_str_starts(path, "/livez") ||
	       bl_str_starts(path, "/readyz");
}

static bool handle_group_path(struct bl_request *rq, const char *rest)
{
	char group[128], version[64] = "", more;
	int n = sscanf(rest, "%127[^/]/%63[^/]%c", group, version, &more);
	json_t *list;

	if (n == 2) {
		list = api_resources(rq, group, version);
		if (list)
			bl_answer_json(rq, 200, list);
		return list != NULL;
	}
	for (const struct bl_kind *const *k = rq->srv->kinds; n == 1 && *k; k++) {
		if (*group && same_group(*k, group, NULL)) {
			bl_answer_json(rq, 200, api_group(*k, true));
			return true;
		}
	}
	return false;
}

static bool handle_lists(struct bl_request *rq, const char *path)
{
	bool core = bl_streq(path, "/api") || bl_streq(path, "/api/");

	if (!core && !bl_streq(path, "/apis") && !bl_streq(path, "/apis/")) {
		if (bl_streq(path, "/api/v1") || bl_streq(path, "/api/v1/")) {
			bl_answer_json(rq, 200, api_resources(rq, "", "v1"));
			return true;
		}
		return bl_str_starts(path, "/apis/") && handle_group_path(rq, path + 6);
	}
	if (rq->accept.discovery)
		answer_aggregated(rq, core);
	else
		bl_answer_json(rq, 200, core ? api_versions() : api_group_list(rq));
	return true;
}

bool bl_handle_discovery(struct bl_request *rq)
{
	const char *path = rq->path;

	if (!bl_streq(rq->method, "GET") && !bl_streq(rq->method, "HEAD"))
		return false;
	rq->accept = (struct bl_accept){};
	if (bl_streq(path, "/version") || bl_streq(path, "/version/")) {
		bl_answer_json(rq, 200, version_info());
		return true;
	}
	if (is_health(path)) {
		bl_answer_text(rq, 200, "text/plain; charset=utf-8", bl_strdup("ok"));
		return true;
	}
	if (bl_handle_openapi(rq))
		return true;
	(void)bl_negotiate(rq->accept_header, &rq->accept);
	return handle_lists(rq, path);
}
