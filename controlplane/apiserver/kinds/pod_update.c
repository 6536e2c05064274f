/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: What may change of a Pod.
 *
 * A pod's spec is what a node runs, so little of it may change: images of containers, an earlier
 * deadline, further tolerations, fewer scheduling gates. To find anything else, those fields are
 * made equal in a copy and the rest is compared as a whole; one cause at `spec` says that there is
 * a difference.
 *
 * The status is written by the node. A container that ended does not come back when the pod's
 * restart policy forbids it.
 */
#include "apiserver/kinds/names.h"
#include "apiserver/kinds/net.h"
#include "apiserver/kinds/pod.h"
#include "base/json.h"
#include "base/str.h"

/* False: a list of containers differs in length, and nothing else can be compared. */
static bool check_counts(struct bl_check *ck, const json_t *spec, const json_t *old)
{
	static const char *const lists[] = {"containers", "initContainers"};

	for (size_t i = 0; i < 2; i++) {
		if (bl_count(spec, lists[i]) == bl_count(old, lists[i]))
			continue;
		bl_check_forbidden(ck, lists[i], "pod updates may not add or remove containers");
		return false;
	}
	return true;
}

/* From nothing to a deadline, or to an earlier one. */
static bool check_deadline(struct bl_check *ck, const json_t *spec, const json_t *old)
{
	static const char name[] = "activeDeadlineSeconds";
	const json_t *now = bl_get(spec, name);

	if (!bl_has(old, name))
		return true;
	if (!bl_has(spec, name)) {
		bl_check_invalid(ck, name, now,
				 "must not update from a positive integer to nil value");
		return false;
	}
	if (bl_int(old, name) >= bl_int(spec, name))
		return true;
	bl_check_invalid(ck, name, now, "must be less than or equal to previous value");
	return false;
}

/* The same but for how long it lasts. */
static bool same_toleration(const json_t *a, const json_t *b)
{
	static const char *const keys[] = {"key", "operator", "value", "effect"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (!bl_streq(bl_str(a, keys[i]), bl_str(b, keys[i])))
			return false;
	}
	return true;
}

static void check_tolerations(struct bl_check *ck, const json_t *now, const json_t *was)
{
	for (size_t i = 0; i < json_array_size(was); i++) {
		bool found = false;

		for (size_t k = 0; k < json_array_size(now) && !found; k++)
			found = same_toleration(json_array_get(now, k), json_array_get(was, i));
		if (!found) {
			bl_check_forbidden(ck, "tolerations",
					   "existing toleration can not be modified except its "
					   "tolerationSeconds");
			return;
		}
	}
}

static void check_gates(struct bl_check *ck, const json_t *now, const json_t *was)
{
	for (size_t i = 0; i < json_array_size(now); i++) {
		bool found = false;
		size_t mark;

		for (size_t k = 0; k < json_array_size(was) && !found; k++)
			found = json_equal(json_array_get(now, i), json_array_get(was, k));
		if (found)
			continue;
		mark = bl_path_push(&ck->at, "schedulingGates");
		bl_path_push_index(&ck->at, i);
		bl_check_forbidden(ck, NULL,
				   "only deletion is allowed, but found new scheduling gate");
		bl_path_pop(&ck->at, mark);
	}
}

static void carry_images(json_t *spec, const json_t *old, const char *name)
{
	const json_t *list = bl_get(spec, name);

	for (size_t i = 0; i < json_array_size(list); i++)
		bl_carry(json_array_get(list, i), json_array_get(bl_get(old, name), i), "image");
}

static void check_rest(struct bl_check *ck, const json_t *spec, const json_t *old)
{
	static const char *const free_fields[] = {"activeDeadlineSeconds", "tolerations",
						  "schedulingGates", "ephemeralContainers"};
	BL_JSON json_t *copy = json_deep_copy(spec);

	carry_images(copy, old, "containers");
	carry_images(copy, old, "initContainers");
	for (size_t i = 0; i < sizeof(free_fields) / sizeof(free_fields[0]); i++)
		bl_carry(copy, old, free_fields[i]);
	if (bl_int(old, "terminationGracePeriodSeconds") < 0 &&
	    bl_int(copy, "terminationGracePeriodSeconds") == 1)
		bl_carry(copy, old, "terminationGracePeriodSeconds");
	if (!bl_same(copy, old))
		bl_check_forbidden(
			ck, NULL,
			"pod updates may not change fields other than "
			"`spec.containers[*].image`,`spec.initContainers[*].image`,"
			"`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to "
			"existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to "
			"be set to 1 if it was previously negative)");
}

void bl_pod_validate_update(const json_t *obj, const json_t *old_obj, struct bl_causes *c)
{
	struct bl_check ck = {.causes = c};
	const json_t *spec = bl_get(obj, "spec");
	const json_t *old = bl_get(old_obj, "spec");

	bl_path_push(&ck.at, "spec");
	if (!check_counts(&ck, spec, old) || !check_deadline(&ck, spec, old))
		return;
	check_tolerations(&ck, bl_get(spec, "tolerations"), bl_get(old, "tolerations"));
	check_gates(&ck, bl_get(spec, "schedulingGates"), bl_get(old, "schedulingGates"));
	check_rest(&ck, spec, old);
}

static void check_ips(struct bl_check *ck, const char *name, const json_t *ips)
{
	size_t count = json_array_size(ips);
	size_t mark = bl_path_push(&ck->at, name);
	int families[2] = {};
	bool good = true;

	for (size_t i = 0; i < count; i++) {
		const char *ip = bl_str(json_array_get(ips, i), "ip");
		size_t inner = bl_path_push_index(&ck->at, i);

		good &= bl_check_ip(ck, NULL, ip);
		if (i < 2)
			families[i] = bl_ip_family(ip);
		for (size_t k = 0; k < i; k++) {
			if (!bl_streq(bl_str(json_array_get(ips, k), "ip"), ip))
				continue;
			bl_check_duplicate(ck, NULL, json_array_get(ips, i));
			break;
		}
		bl_path_pop(&ck->at, inner);
	}
	if (good && (count > 2 || (count == 2 && families[0] == families[1])))
		bl_check_invalid(ck, NULL, ips,
				 "may specify no more than one IP for each IP family");
	bl_path_pop(&ck->at, mark);
}

static const json_t *status_of(const json_t *statuses, const char *name)
{
	for (size_t i = 0; i < json_array_size(statuses); i++) {
		if (bl_streq(bl_str(json_array_get(statuses, i), "name"), name))
			return json_array_get(statuses, i);
	}
	return NULL;
}

/* A container that ended for good is not seen running again. */
static void check_transitions(struct bl_check *ck, const json_t *now, const json_t *was,
			      const char *restart)
{
	size_t mark = bl_path_push(&ck->at, "containerStatuses");

	for (size_t i = 0; i < json_array_size(was) && !bl_streq(restart, "Always"); i++) {
		const json_t *before = json_array_get(was, i);
		const json_t *ended = bl_get(bl_get(before, "state"), "terminated");
		const json_t *after = status_of(now, bl_str(before, "name"));
		size_t inner;

		if (!ended || !after || bl_has(bl_get(after, "state"), "terminated") ||
		    (bl_streq(restart, "OnFailure") && bl_int(ended, "exitCode") != 0))
			continue;
		inner = bl_path_push_index(&ck->at, i);
		bl_check_forbidden(ck, "state", "may not be transitioned to non-terminated state");
		bl_path_pop(&ck->at, inner);
	}
	bl_path_pop(&ck->at, mark);
}

void bl_pod_validate_status(const json_t *obj, const json_t *old_obj, struct bl_causes *c)
{
	struct bl_check ck = {.causes = c};
	const json_t *status = bl_get(obj, "status");
	const json_t *old = bl_get(old_obj, "status");

	bl_path_push(&ck.at, "status");
	if (bl_has_str(status, "nominatedNodeName"))
		(void)bl_check_rules(&ck, "nominatedNodeName", bl_str(status, "nominatedNodeName"),
				     bl_rule_dns_subdomain);
	check_transitions(&ck, bl_get(status, "containerStatuses"),
			  bl_get(old, "containerStatuses"),
			  bl_str(bl_get(obj, "spec"), "restartPolicy"));
	check_ips(&ck, "podIPs", bl_get(status, "podIPs"));
	check_ips(&ck, "hostIPs", bl_get(status, "hostIPs"));
}
