/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: Affinity of a Pod: to nodes by their labels, to other pods and away from them.
 *
 * Each comes in two strengths. What is required is a list of terms; what is preferred has a weight
 * of 1 to 100 in front of each term. A node term compares labels, also as numbers (Gt, Lt); a pod
 * term says by labels which pods are meant and by a topology key how near they are.
 *
 * Only the form is checked. Terms are never evaluated here: a scheduler reads them, and pods of this
 * control plane that come without one are spread without looking at affinity.
 *
 * Paths are long and follow the API's names, as the real server gives them.
 */
#include "apiserver/kinds/meta.h"
#include "apiserver/kinds/names.h"
#include "apiserver/kinds/pod.h"
#include "base/str.h"

#define REQUIRED_KEY  "requiredDuringSchedulingIgnoredDuringExecution"
#define PREFERRED_KEY "preferredDuringSchedulingIgnoredDuringExecution"

static void check_node_expression(struct bl_check *ck, const json_t *expr)
{
	const char *op = bl_str(expr, "operator");
	size_t values = bl_count(expr, "values");

	if (bl_streq(op, "In") || bl_streq(op, "NotIn")) {
		if (values == 0)
			bl_check_required(ck, "values",
					  "must be specified when `operator` is 'In' or 'NotIn'");
	} else if (bl_streq(op, "Exists") || bl_streq(op, "DoesNotExist")) {
		if (values > 0)
			bl_check_forbidden(ck, "values",
					   "may not be specified when `operator` is 'Exists' or "
					   "'DoesNotExist'");
	} else if (bl_streq(op, "Gt") || bl_streq(op, "Lt")) {
		if (values != 1)
			bl_check_required(ck, "values",
					  "must be specified single value when `operator` is 'Lt' "
					  "or 'Gt'");
	} else {
		bl_check_invalid_str(ck, "operator", op, "not a valid selector operator");
	}
	(void)bl_check_rules(ck, "key", bl_str(expr, "key"), bl_rule_qualified_name);
}

/* Runs `check` on every element of the list at the path's child `name`. */
static void check_each(struct bl_check *ck, const char *name, const json_t *list,
		       void (*check)(struct bl_check *ck, const json_t *element))
{
	size_t mark = bl_path_push(&ck->at, name);

	for (size_t i = 0; i < json_array_size(list); i++) {
		size_t inner = bl_path_push_index(&ck->at, i);

		check(ck, json_array_get(list, i));
		bl_path_pop(&ck->at, inner);
	}
	bl_path_pop(&ck->at, mark);
}

static void check_node_term(struct bl_check *ck, const json_t *term)
{
	check_each(ck, "matchExpressions", bl_get(term, "matchExpressions"), check_node_expression);
}

static bool check_weight(struct bl_check *ck, const json_t *preferred)
{
	long long weight = bl_int(preferred, "weight");

	if (weight >= 1 && weight <= 100)
		return true;
	bl_check_invalid(ck, "weight", bl_get(preferred, "weight"), "must be in the range 1-100");
	return false;
}

static void check_preferred_node(struct bl_check *ck, const json_t *preferred)
{
	size_t mark;

	(void)check_weight(ck, preferred);
	mark = bl_path_push(&ck->at, "preference");
	check_node_term(ck, bl_get(preferred, "preference"));
	bl_path_pop(&ck->at, mark);
}

static void check_pod_term(struct bl_check *ck, const json_t *term)
{
	const json_t *namespaces = bl_get(term, "namespaces");

	bl_check_label_selector(ck, "labelSelector", bl_get(term, "labelSelector"));
	bl_check_label_selector(ck, "namespaceSelector", bl_get(term, "namespaceSelector"));
	for (size_t i = 0; i < json_array_size(namespaces); i++)
		(void)bl_check_rules(ck, "namespace", bl_str_at_index(namespaces, i),
				     bl_rule_dns_label);
	if (!bl_has_str(term, "topologyKey"))
		bl_check_required(ck, "topologyKey", "can not be empty");
	(void)bl_check_rules(ck, "topologyKey", bl_str(term, "topologyKey"),
			     bl_rule_qualified_name);
}

static void check_preferred_pod(struct bl_check *ck, const json_t *preferred)
{
	size_t mark;

	(void)check_weight(ck, preferred);
	mark = bl_path_push(&ck->at, "podAffinityTerm");
	check_pod_term(ck, bl_get(preferred, "podAffinityTerm"));
	bl_path_pop(&ck->at, mark);
}

static void check_nodes(struct bl_check *ck, const json_t *affinity)
{
	const json_t *required = bl_get(affinity, REQUIRED_KEY);
	size_t mark = bl_path_push(&ck->at, REQUIRED_KEY);

	if (json_is_object(required) && bl_count(required, "nodeSelectorTerms") == 0)
		bl_check_required(ck, "nodeSelectorTerms",
				  "must have at least one node selector term");
	check_each(ck, "nodeSelectorTerms", bl_get(required, "nodeSelectorTerms"), check_node_term);
	bl_path_pop(&ck->at, mark);
	check_each(ck, PREFERRED_KEY, bl_get(affinity, PREFERRED_KEY), check_preferred_node);
}

void bl_pod_check_affinity(struct bl_check *ck, const json_t *affinity)
{
	static const char *const to_pods[] = {"podAffinity", "podAntiAffinity"};
	size_t mark = bl_path_push(&ck->at, "affinity");
	size_t inner = bl_path_push(&ck->at, "nodeAffinity");

	check_nodes(ck, bl_get(affinity, "nodeAffinity"));
	bl_path_pop(&ck->at, inner);
	for (size_t i = 0; i < 2; i++) {
		const json_t *one = bl_get(affinity, to_pods[i]);

		inner = bl_path_push(&ck->at, to_pods[i]);
		check_each(ck, REQUIRED_KEY, bl_get(one, REQUIRED_KEY), check_pod_term);
		check_each(ck, PREFERRED_KEY, bl_get(one, PREFERRED_KEY), check_preferred_pod);
		bl_path_pop(&ck->at, inner);
	}
	bl_path_pop(&ck->at, mark);
}
