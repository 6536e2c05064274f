// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: What the agent says of policy.
 *
 * Which policies there are and whom they select here is read from the store, as the API tells it. An explanation asks both ends of the
 * way from there to the packet, the compiled tables and those in the kernel, with one function: where they differ, a change is under way or
 * something is broken, and the answer says so.
 */

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/policy_text.h"
#include "api/namespace.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "ipc/messages.h"
#include "maps/maps.h"

#define EXPLAIN_IPS 8

static bool selects(const struct bl_api_networkpolicy *np, const struct bl_api_pod *pod)
{
	return bl_streq(np->obj.meta.namespace, pod->obj.meta.namespace) && !pod->host_network &&
	       bl_api_selector_matches(np->pods, &pod->obj.meta.labels);
}

static const struct bl_api_pod *find_pod(const struct bl_agent *a, const char *namespace,
					 const char *name)
{
	return (const struct bl_api_pod *)bl_store_get(a->store, BL_API_POD, namespace, name);
}

/* Before everything is listed, what is missing would look like what is not there. */
static bool refuse(const struct bl_agent *a, struct bl_call *call)
{
	if (bl_agent_is_synced(a))
		return false;
	bl_server_fail(call, BL_CNI_TRY_AGAIN, "the agent is not in sync with the API server");
	return true;
}

/* --- list ------------------------------------------------------------------------------------------------------------------ */

struct lister {
	struct bl_agent *agent;
	const char *namespace; /* NULL: all */
	const struct bl_attachment *attachments;
	size_t n;
	json_t *out;
};

static void list_policy(void *arg, const struct bl_api_object *obj)
{
	const struct bl_api_networkpolicy *np = (const struct bl_api_networkpolicy *)obj;
	const char *namespace = obj->meta.namespace, *name = obj->meta.name, *error;
	struct lister *l = arg;
	char object[640];
	json_int_t here = 0;

	if (l->namespace && !bl_streq(l->namespace, namespace))
		return;
	for (size_t i = 0; i < l->n; i++) {
		const struct bl_api_pod *pod = find_pod(l->agent, l->attachments[i].pod_namespace,
							l->attachments[i].pod_name);

		here += pod && selects(np, pod);
	}
	(void)snprintf(object, sizeof(object), "NetworkPolicy %.253s/%.253s", namespace, name);
	error = bl_failures_get(l->agent->failures, object);
	json_array_append_new(
		l->out, json_pack("{ss ss so sb sb sI ss}", "namespace", namespace, "name", name,
				  "selects", bl_policy_text_selector(np->pods), "ingress",
				  (int)np->isolates_ingress, "egress", (int)np->isolates_egress,
				  "pods", here, "error", error ? error : ""));
}

static void on_list(void *arg, const json_t *request, int fd, struct bl_call *call)
{
	struct lister l = {.agent = arg};
	struct bl_err err = {};

	(void)fd;
	if (refuse(l.agent, call))
		return;
	if (bl_json_get_str(request, "namespace", &l.namespace, &err)) {
		bl_server_fail(call, BL_IPC_BAD_REQUEST, "%s", bl_err_text(&err));
		return;
	}
	l.attachments = bl_cni_attachments(l.agent->cni, &l.n);
	l.out = json_array();
	bl_store_each(l.agent->store, BL_API_NETWORKPOLICY, list_policy, &l);
	bl_server_reply(call, l.out);
}

/* --- for a pod ------------------------------------------------------------------------------------------------------------- */

struct subject {
	const struct bl_api_pod *pod;
	bool isolated[2];
	json_t *rules[2]; /* by enum bl_direction */
};

static void add_rules(struct subject *s, enum bl_direction dir,
		      const struct bl_api_networkpolicy *np, bool isolates,
		      const struct bl_api_policy_rule *rules, size_t n)
{
	s->isolated[dir] |= isolates;
	for (size_t i = 0; isolates && i < n; i++) {
		json_t *rule = bl_policy_text_rule(&rules[i]);

		json_object_set_new(rule, "policy", json_string(np->obj.meta.name));
		json_object_set_new(rule, "rule", json_integer((json_int_t)i));
		json_array_append_new(s->rules[dir], rule);
	}
}

static void add_policy(void *arg, const struct bl_api_object *obj)
{
	const struct bl_api_networkpolicy *np = (const struct bl_api_networkpolicy *)obj;
	struct subject *s = arg;

	if (!selects(np, s->pod))
		return;
	add_rules(s, BL_INGRESS, np, np->isolates_ingress, np->ingress, np->n_ingress);
	add_rules(s, BL_EGRESS, np, np->isolates_egress, np->egress, np->n_egress);
}

static bool is_here(struct bl_agent *a, const struct bl_api_pod *pod)
{
	size_t n;
	const struct bl_attachment *list = bl_cni_attachments(a->cni, &n);

	for (size_t i = 0; i < n; i++) {
		if (bl_streq(list[i].pod_name, pod->obj.meta.name) &&
		    bl_streq(list[i].pod_namespace, pod->obj.meta.namespace))
			return true;
	}
	return false;
}

static void on_for(void *arg, const json_t *request, int fd, struct bl_call *call)
{
	const char *namespace = NULL, *name = NULL;
	struct bl_agent *a = arg;
	struct bl_err err = {};
	struct subject s = {};

	(void)fd;
	if (refuse(a, call))
		return;
	s.rules[BL_INGRESS] = json_array();
	s.rules[BL_EGRESS] = json_array();
	if (bl_json_get_str(request, "namespace", &namespace, &err) ||
	    bl_json_get_str(request, "name", &name, &err) || !namespace || !name) {
		bl_server_fail(call, BL_IPC_BAD_REQUEST, "namespace and name must be given");
	} else if (!(s.pod = find_pod(a, namespace, name))) {
		bl_server_fail(call, BL_IPC_NOT_FOUND, "no Pod '%s/%s'", namespace, name);
	} else {
		bl_store_each(a->store, BL_API_NETWORKPOLICY, add_policy, &s);
		bl_server_reply(call,
				json_pack("{ss ss sb sb s{sb sO} s{sb sO}}", "namespace", namespace,
					  "name", name, "here", (int)is_here(a, s.pod),
					  "host_network", (int)s.pod->host_network, "ingress",
					  "isolated", (int)s.isolated[BL_INGRESS], "rules",
					  s.rules[BL_INGRESS], "egress", "isolated",
					  (int)s.isolated[BL_EGRESS], "rules", s.rules[BL_EGRESS]));
	}
	json_decref(s.rules[BL_INGRESS]);
	json_decref(s.rules[BL_EGRESS]);
}

/* --- explain --------------------------------------------------------------------------------------------------------------- */

/* One end: a pod's addresses, or one address. */
struct end {
	const char *text;
	struct bl_ip ips[EXPLAIN_IPS];
	size_t n;
};

static void add_ips(struct end *e, const struct bl_ip *ips, size_t n)
{
	for (size_t i = 0; i < n && e->n < EXPLAIN_IPS; i++)
		e->ips[e->n++] = ips[i];
}

/* What is attached here counts before the API's word, which may be older. */
static int read_pod(struct bl_agent *a, struct end *e, struct bl_err *err)
{
	const char *slash = strchr(e->text, '/');
	BL_FREE char *namespace = bl_strndup(e->text, (size_t)(slash - e->text));
	const struct bl_api_pod *pod = find_pod(a, namespace, slash + 1);
	size_t n;
	const struct bl_attachment *list = bl_cni_attachments(a->cni, &n);

	for (size_t i = 0; i < n; i++) {
		if (bl_streq(list[i].pod_name, slash + 1) &&
		    bl_streq(list[i].pod_namespace, namespace))
			add_ips(e, list[i].ips, list[i].n_ips);
	}
	if (!e->n && pod)
		add_ips(e, pod->ips, pod->n_ips);
	if (!e->n)
		return bl_err_set(err, -ENOENT, pod ? "Pod '%s' has no address" : "no Pod '%s'",
				  e->text);
	return 0;
}

static int read_end(struct bl_agent *a, const json_t *request, const char *field, struct end *e,
		    struct bl_err *err)
{
	int rc = bl_json_get_str(request, field, &e->text, err);

	if (rc)
		return rc;
	if (!e->text)
		return bl_err_set(err, -EINVAL, "%s: must be given", field);
	if (strchr(e->text, '/'))
		return read_pod(a, e, err);
	if (bl_ip_parse(e->text, &e->ips[0]))
		return bl_err_set(err, -EINVAL, "%s: '%s' is neither NAMESPACE/POD nor an address",
				  field, e->text);
	e->n = 1;
	return 0;
}

static int read_proto(const char *text, uint8_t *ret_proto, struct bl_err *err)
{
	static const uint8_t protos[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP};

	for (size_t i = 0; i < BL_ARRAY_SIZE(protos); i++) {
		if (text && bl_streq(text, bl_maps_proto_name(protos[i]))) {
			*ret_proto = protos[i];
			return 0;
		}
	}
	return bl_err_set(err, -EINVAL, "protocol: must be TCP, UDP or SCTP");
}

/* Asks both about one direction of one pair of addresses; nothing where the pod is not of this node. */
static int check(struct bl_agent *a, const struct bl_policy_question *q, json_t *out,
		 struct bl_err *err)
{
	struct bl_maps_question asked = {q->pod, q->peer, q->dir, q->proto, q->port};
	char pod[BL_IP_STRLEN], peer[BL_IP_STRLEN];
	struct bl_policy_answer compiled = {};
	struct bl_maps_verdict kernel;
	int rc;

	if (!bl_policies_ask(a->policies, q, &compiled))
		return 0;
	rc = bl_maps_policy(a->config->bpf_dir, &asked, &kernel, err);
	if (rc)
		return rc;
	json_array_append_new(
		out, json_pack("{ss ss ss sb sb sb sb sI sI sI}", "direction",
			       q->dir == BL_INGRESS ? "ingress" : "egress", "pod",
			       bl_ip_format(&q->pod, pod), "peer", bl_ip_format(&q->peer, peer),
			       "isolated", (int)(compiled.set != BL_SET_OPEN), "compiled",
			       (int)compiled.allowed, "kernel", (int)kernel.allowed, "agree",
			       (int)(kernel.local && compiled.set == kernel.set &&
				     compiled.class == kernel.class &&
				     compiled.allowed == kernel.allowed),
			       "set", (json_int_t)kernel.set, "class", (json_int_t)kernel.class,
			       "place", (json_int_t)kernel.place));
	return 0;
}

static int check_pair(struct bl_agent *a, const struct bl_ip *from, const struct bl_ip *to,
		      struct bl_policy_question *q, json_t *out, struct bl_err *err)
{
	int rc;

	if (from->family != to->family || !bl_ip_cmp(from, to))
		return 0;
	q->pod = *from;
	q->peer = *to;
	q->dir = BL_EGRESS;
	rc = check(a, q, out, err);
	if (rc)
		return rc;
	q->pod = *to;
	q->peer = *from;
	q->dir = BL_INGRESS;
	return check(a, q, out, err);
}

static void on_explain(void *arg, const json_t *request, int fd, struct bl_call *call)
{
	struct bl_policy_question q = {};
	struct end from = {}, to = {};
	const char *proto = NULL;
	struct bl_err err = {};
	int64_t port = 0;
	json_t *out;
	int rc;

	(void)fd;
	if (refuse(arg, call))
		return;
	out = json_array();
	rc = read_end(arg, request, "from", &from, &err);
	if (!rc)
		rc = read_end(arg, request, "to", &to, &err);
	if (!rc)
		rc = bl_json_get_int(request, "port", 1, 65535, &port, &err);
	if (!rc)
		rc = bl_json_get_str(request, "protocol", &proto, &err);
	if (!rc)
		rc = read_proto(proto, &q.proto, &err);
	if (!rc && !port)
		rc = bl_err_set(&err, -EINVAL, "port: must be given");
	q.port = (uint16_t)port;
	for (size_t i = 0; !rc && i < from.n; i++) {
		for (size_t k = 0; !rc && k < to.n; k++)
			rc = check_pair(arg, &from.ips[i], &to.ips[k], &q, out, &err);
	}
	if (!rc) {
		bl_server_reply(call, out);
		return;
	}
	json_decref(out);
	bl_server_fail(call,
		       rc == -EINVAL   ? BL_IPC_BAD_REQUEST
		       : rc == -ENOENT ? BL_IPC_NOT_FOUND
				       : BL_IPC_INTERNAL,
		       "%s", bl_err_text(&err));
}

static const struct bl_server_op ops[] = {
	{"policy-list", on_list},
	{"policy-for", on_for},
	{"policy-explain", on_explain},
};

void bl_agent_policy_serve(struct bl_agent *a)
{
	bl_server_add(a->server, ops, BL_ARRAY_SIZE(ops), a);
}
