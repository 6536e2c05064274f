/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: The spec of a Pod.
 *
 * The fields beside containers and volumes: policies, names, where the pod may run and what it
 * tolerates there. After ValidatePodSpec of k8s.io/kubernetes/pkg/apis/core/validation.
 *
 * Names of other objects (service account, node, runtime class) are checked for form only: none of
 * them must exist when the pod is created.
 *
 * Sysctls, seccomp and SELinux options, Windows options and resource claims are stored as they are;
 * nothing in this control plane acts on them.
 */
#include "apiserver/kinds/meta.h"
#include "apiserver/kinds/names.h"
#include "apiserver/kinds/net.h"
#include "apiserver/kinds/pod.h"
#include "apiserver/kinds/taints.h"
#include "base/str.h"

#define NAMESERVERS_MAX 3

static void check_policies(struct bl_check *ck, const json_t *spec)
{
	static const char *const restarts[] = {"Always", "Never", "OnFailure", NULL};
	static const char *const dns[] = {"ClusterFirst", "ClusterFirstWithHostNet", "Default",
					  "None", NULL};
	static const char *const preemptions[] = {"Never", "PreemptLowerPriority", NULL};

	(void)bl_check_one_of(ck, "restartPolicy", bl_str(spec, "restartPolicy"), restarts);
	(void)bl_check_one_of(ck, "dnsPolicy", bl_str(spec, "dnsPolicy"), dns);
	if (bl_has(spec, "preemptionPolicy"))
		(void)bl_check_one_of(ck, "preemptionPolicy", bl_str(spec, "preemptionPolicy"),
				      preemptions);
}

static void check_names(struct bl_check *ck, const json_t *spec)
{
	static const struct {
		const char *name;
		bl_rule_fn rule;
	} names[] = {{"serviceAccountName", bl_rule_dns_subdomain},
		     {"nodeName", bl_rule_dns_subdomain},
		     {"hostname", bl_rule_dns_label},
		     {"subdomain", bl_rule_dns_label},
		     {"priorityClassName", bl_rule_dns_subdomain},
		     {"runtimeClassName", bl_rule_dns_subdomain}};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (bl_has_str(spec, names[i].name))
			(void)bl_check_rules(ck, names[i].name, bl_str(spec, names[i].name),
					     names[i].rule);
	}
}

static void check_dns_config(struct bl_check *ck, const json_t *spec)
{
	const json_t *config = bl_get(spec, "dnsConfig");
	const json_t *servers = bl_get(config, "nameservers");
	size_t mark = bl_path_push(&ck->at, "dnsConfig");

	if (bl_streq(bl_str(spec, "dnsPolicy"), "None") && json_array_size(servers) == 0)
		bl_check_required(ck, json_is_object(config) ? "nameservers" : NULL,
				  "must provide at least one DNS nameserver when `dnsPolicy` is "
				  "None");
	if (json_array_size(servers) > NAMESERVERS_MAX)
		bl_check_invalid(ck, "nameservers", servers,
				 "must not have more than 3 nameservers");
	for (size_t i = 0; i < json_array_size(servers); i++) {
		size_t inner = bl_path_push(&ck->at, "nameservers");

		bl_path_push_index(&ck->at, i);
		(void)bl_check_ip(ck, NULL, bl_str_at_index(servers, i));
		bl_path_pop(&ck->at, inner);
	}
	bl_path_pop(&ck->at, mark);
}

static void check_host_aliases(struct bl_check *ck, const json_t *aliases)
{
	size_t mark = bl_path_push(&ck->at, "hostAliases");

	for (size_t i = 0; i < json_array_size(aliases); i++) {
		const json_t *alias = json_array_get(aliases, i);
		const json_t *names = bl_get(alias, "hostnames");
		size_t inner = bl_path_push_index(&ck->at, i);

		(void)bl_check_ip(ck, "ip", bl_str(alias, "ip"));
		for (size_t k = 0; k < json_array_size(names); k++)
			(void)bl_check_rules(ck, "hostnames", bl_str_at_index(names, k),
					     bl_rule_dns_subdomain);
		bl_path_pop(&ck->at, inner);
	}
	bl_path_pop(&ck->at, mark);
}

static void check_gates(struct bl_check *ck, const char *list, const char *key, const json_t *gates)
{
	size_t mark = bl_path_push(&ck->at, list);

	for (size_t i = 0; i < json_array_size(gates); i++) {
		size_t inner = bl_path_push_index(&ck->at, i);

		(void)bl_check_rules(ck, key, bl_str(json_array_get(gates, i), key),
				     bl_rule_qualified_name);
		bl_path_pop(&ck->at, inner);
	}
	bl_path_pop(&ck->at, mark);
}

static void check_spread(struct bl_check *ck, const json_t *constraints)
{
	static const char *const actions[] = {"DoNotSchedule", "ScheduleAnyway", NULL};
	size_t mark = bl_path_push(&ck->at, "topologySpreadConstraints");

	for (size_t i = 0; i < json_array_size(constraints); i++) {
		const json_t *one = json_array_get(constraints, i);
		size_t inner = bl_path_push_index(&ck->at, i);

		if (bl_int(one, "maxSkew") <= 0)
			bl_check_invalid(ck, "maxSkew", bl_get(one, "maxSkew"),
					 "must be greater than zero");
		if (!bl_has_str(one, "topologyKey"))
			bl_check_required(ck, "topologyKey", "can not be empty");
		else
			(void)bl_check_rules(ck, "topologyKey", bl_str(one, "topologyKey"),
					     bl_rule_qualified_name);
		(void)bl_check_one_of(ck, "whenUnsatisfiable", bl_str(one, "whenUnsatisfiable"),
				      actions);
		bl_check_label_selector(ck, "labelSelector", bl_get(one, "labelSelector"));
		bl_path_pop(&ck->at, inner);
	}
	bl_path_pop(&ck->at, mark);
}

void bl_pod_validate(const json_t *obj, struct bl_causes *c)
{
	struct bl_check ck = {.causes = c};
	const json_t *spec = bl_get(obj, "spec");
	const json_t *deadline = bl_get(spec, "activeDeadlineSeconds");

	bl_path_push(&ck.at, "spec");
	bl_pod_check_volumes(&ck, spec);
	bl_pod_check_containers(&ck, spec);
	check_policies(&ck, spec);
	bl_check_labels(&ck, "nodeSelector", bl_get(spec, "nodeSelector"));
	check_names(&ck, spec);
	if (bl_has(spec, "activeDeadlineSeconds"))
		(void)bl_check_range(&ck, "activeDeadlineSeconds", json_integer_value(deadline), 1,
				     0x7fffffff);
	check_dns_config(&ck, spec);
	check_host_aliases(&ck, bl_get(spec, "hostAliases"));
	bl_check_tolerations(&ck, "tolerations", bl_get(spec, "tolerations"));
	check_gates(&ck, "readinessGates", "conditionType", bl_get(spec, "readinessGates"));
	check_gates(&ck, "schedulingGates", "name", bl_get(spec, "schedulingGates"));
	check_spread(&ck, bl_get(spec, "topologySpreadConstraints"));
	bl_pod_check_affinity(&ck, bl_get(spec, "affinity"));
	if (bl_count(spec, "ephemeralContainers") > 0)
		bl_check_forbidden(&ck, "ephemeralContainers", "cannot be set on create");
	if (bl_count(spec, "schedulingGates") > 0 && bl_has_str(spec, "nodeName"))
		bl_check_forbidden(&ck, "nodeName",
				   "cannot be set until all schedulingGates have been cleared");
}
