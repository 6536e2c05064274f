/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: Resources of containers.
 *
 * A container asks for what it needs (requests) and is held to what it may take (limits). cpu,
 * memory and ephemeral storage may be promised to more than one container, so a request may be
 * below its limit; huge pages and extended resources (example.com/gpu) cannot, so both are equal
 * and whole.
 *
 * The quality-of-service class follows from cpu and memory alone: Guaranteed where every container
 * has both limits and no lower requests, BestEffort where none says anything, Burstable between.
 */
#include "apiserver/kinds/names.h"
#include "apiserver/kinds/pod.h"
#include "apiserver/kinds/quantity.h"
#include "base/str.h"

static bool is_standard(const char *name)
{
	static const char *const known[] = {
		"cpu",
		"memory",
		"ephemeral-storage",
		"storage",
		"pods",
		"services",
		"secrets",
		"configmaps",
		"requests.cpu",
		"requests.memory",
		"limits.cpu",
		"limits.memory",
		"replicationcontrollers",
		"resourcequotas",
		"persistentvolumeclaims",
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (bl_streq(known[i], name))
			return true;
	}
	return bl_str_starts(name, "hugepages-") || bl_str_starts(name, "requests.hugepages-");
}

static bool is_container_resource(const char *name)
{
	return bl_streq(name, "cpu") || bl_streq(name, "memory") ||
	       bl_streq(name, "ephemeral-storage") || bl_str_starts(name, "hugepages-");
}

/* Without a domain, or of Kubernetes' own. */
static bool is_native(const char *name)
{
	return !strchr(name, '/') || strstr(name, "kubernetes.io/");
}

static bool may_overcommit(const char *name)
{
	return is_native(name) && !bl_str_starts(name, "hugepages-");
}

static void check_name(struct bl_check *ck, const char *name)
{
	if (!bl_check_rules(ck, NULL, name, bl_rule_qualified_name))
		return;
	if (!strchr(name, '/')) {
		if (!is_standard(name))
			bl_check_invalid_str(ck, NULL, name,
					     "must be a standard resource type or fully qualified");
		if (!is_container_resource(name))
			bl_check_invalid_str(ck, NULL, name,
					     "must be a standard resource for containers");
	} else if (!is_native(name) && bl_str_starts(name, "requests.")) {
		bl_check_invalid_str(ck, NULL, name,
				     "doesn't follow extended resource name standard");
	}
}

static void check_amounts(struct bl_check *ck, const char *name, const json_t *amounts)
{
	size_t mark = bl_path_push(&ck->at, name);
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)amounts, key, value) {
		size_t inner = bl_path_push_key(&ck->at, key);
		__int128 nano = 0;

		check_name(ck, key);
		(void)bl_quantity_parse(value, &nano);
		if (nano < 0)
			bl_check_invalid(ck, NULL, value, "must be greater than or equal to 0");
		else if (!is_native(key) && nano % BL_QUANTITY_ONE)
			bl_check_invalid(ck, NULL, value, "must be an integer");
		bl_path_pop(&ck->at, inner);
	}
	bl_path_pop(&ck->at, mark);
}

static void check_against_limits(struct bl_check *ck, const json_t *requests, const json_t *limits)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)requests, key, value) {
		const json_t *limit = bl_get(limits, key);
		int cmp = limit ? bl_quantity_cmp(value, limit) : 0;

		if (!limit && !may_overcommit(key))
			bl_check_required(ck, "limits",
					  "Limit must be set for non overcommitable resources");
		else if (cmp != 0 && !may_overcommit(key))
			bl_check_addf(ck, BL_CAUSE_INVALID, "requests", value,
				      "must be equal to %s limit", key);
		else if (cmp > 0)
			bl_check_addf(ck, BL_CAUSE_INVALID, "requests", value,
				      "must be less than or equal to %s limit", key);
	}
}

void bl_pod_check_resources(struct bl_check *ck, const json_t *container)
{
	const json_t *resources = bl_get(container, "resources");
	size_t mark = bl_path_push(&ck->at, "resources");

	check_amounts(ck, "limits", bl_get(resources, "limits"));
	check_amounts(ck, "requests", bl_get(resources, "requests"));
	check_against_limits(ck, bl_get(resources, "requests"), bl_get(resources, "limits"));
	bl_path_pop(&ck->at, mark);
}

/* Sums over the containers, in the order cpu, memory. */
struct sums {
	__int128 requests[2];
	__int128 limits[2];
	bool every_limit;
};

static __int128 amount(const json_t *resources, const char *kind, const char *name)
{
	__int128 nano = 0;

	(void)bl_quantity_parse(bl_get(bl_get(resources, kind), name), &nano);
	return nano > 0 ? nano : 0;
}

static void add_sums(json_t *container, void *arg)
{
	static const char *const names[] = {"cpu", "memory"};
	const json_t *resources = bl_get(container, "resources");
	struct sums *sums = arg;

	for (size_t i = 0; i < 2; i++) {
		__int128 limit = amount(resources, "limits", names[i]);

		sums->requests[i] += amount(resources, "requests", names[i]);
		sums->limits[i] += limit;
		sums->every_limit &= limit > 0;
	}
}

const char *bl_pod_qos_class(const json_t *spec)
{
	struct sums sums = {.every_limit = true};

	bl_pod_each_container((json_t *)spec, add_sums, &sums);
	if (!sums.requests[0] && !sums.requests[1] && !sums.limits[0] && !sums.limits[1])
		return "BestEffort";
	if (sums.every_limit && sums.requests[0] == sums.limits[0] &&
	    sums.requests[1] == sums.limits[1])
		return "Guaranteed";
	return "Burstable";
}
