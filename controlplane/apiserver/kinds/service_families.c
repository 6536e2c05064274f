/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: Addresses and address families of a Service.
 *
 * Four fields say the same thing from four sides: clusterIP is clusterIPs[0]; clusterIPs holds at
 * most one address a family; ipFamilies gives the families in the same order; ipFamilyPolicy says
 * how many there should be. Their shape and their agreement are checked here, in the order of
 * ValidateServiceClusterIPsRelatedFields: what is malformed ends the check, since nothing can be
 * said of its family.
 *
 * Over time the primary address and family never change; a secondary may come (an upgrade), or go
 * where the policy says SingleStack (a downgrade). Leaving or entering the type ExternalName, which
 * has neither, is free; so are the families of a service that is and stays headless.
 */
#include "apiserver/kinds/net.h"
#include "apiserver/kinds/service.h"
#include "base/str.h"

static void check_sync(struct bl_check *ck, const json_t *spec)
{
	const json_t *ips = bl_get(spec, "clusterIPs");
	const char *ip = bl_str(spec, "clusterIP");

	if (*ip == '\0') {
		if (json_array_size(ips) > 0)
			bl_check_invalid(ck, "clusterIPs", ips,
					 "must be empty when `clusterIP` is not specified");
	} else if (json_array_size(ips) == 0) {
		bl_check_required(ck, "clusterIPs", "");
	} else if (!bl_streq(bl_str_at_index(ips, 0), ip)) {
		bl_check_invalid(ck, "clusterIPs", ips, "first value must match `clusterIP`");
	}
}

static void check_families(struct bl_check *ck, const json_t *families)
{
	static const char *const known[] = {"IPv4", "IPv6", NULL};

	for (size_t i = 0; i < json_array_size(families); i++) {
		const json_t *family = json_array_get(families, i);
		size_t mark = bl_path_push(&ck->at, "ipFamilies");

		bl_path_push_index(&ck->at, i);
		(void)bl_check_one_of(ck, NULL, bl_str_at_index(families, i), known);
		for (size_t k = 0; k < i; k++) {
			if (!json_equal(json_array_get(families, k), family))
				continue;
			bl_check_duplicate(ck, NULL, family);
			break;
		}
		bl_path_pop(&ck->at, mark);
	}
}

/* Each is an address, or the only one is None. */
static bool check_ips(struct bl_check *ck, const json_t *ips)
{
	size_t count = json_array_size(ips);
	bool good = true;

	for (size_t i = 0; i < count; i++) {
		size_t mark;

		if (i == 0 && bl_streq(bl_str_at_index(ips, 0), "None")) {
			if (count > 1) {
				good = false;
				bl_check_invalid(ck, "clusterIPs", ips,
						 "'None' must be the first and only value");
			}
			continue;
		}
		mark = bl_path_push(&ck->at, "clusterIPs");
		bl_path_push_index(&ck->at, i);
		good &= bl_check_ip(ck, NULL, bl_str_at_index(ips, i));
		bl_path_pop(&ck->at, mark);
	}
	if (count > 2)
		bl_check_invalid(ck, "clusterIPs", ips, "may only hold up to 2 values");
	return good;
}

static bool is_dual(const json_t *ips)
{
	bool v4 = false;
	bool v6 = false;

	for (size_t i = 0; i < json_array_size(ips); i++) {
		int family = bl_ip_family(bl_str_at_index(ips, i));

		v4 |= family == 4;
		v6 |= family == 6;
	}
	return v4 && v6;
}

/* Each address is of the family that has its index. */
static void check_agreement(struct bl_check *ck, const json_t *ips, const json_t *families)
{
	for (size_t i = 0; i < json_array_size(ips) && i < json_array_size(families); i++) {
		const char *ip = bl_str_at_index(ips, i);
		const char *want = bl_str_at_index(families, i);
		bool v6 = bl_ip_family(ip) == 6;
		size_t mark;

		if ((!bl_streq(want, "IPv4") || !v6) && (!bl_streq(want, "IPv6") || v6))
			continue;
		mark = bl_path_push(&ck->at, "clusterIPs");
		bl_path_push_index(&ck->at, i);
		bl_check_addf(ck, BL_CAUSE_INVALID, NULL, json_array_get(ips, i),
			      "expected an %s value as indicated by `ipFamilies[%zu]`", want, i);
		bl_path_pop(&ck->at, mark);
	}
}

/* One of each, where the policy says so. */
static void check_policy(struct bl_check *ck, const json_t *spec)
{
	static const char *const lists[] = {"clusterIPs", "ipFamilies"};

	if (!bl_streq(bl_str(spec, "ipFamilyPolicy"), "SingleStack"))
		return;
	for (size_t i = 0; i < 2; i++) {
		if (bl_count(spec, lists[i]) == 2)
			bl_check_addf(ck, BL_CAUSE_INVALID, "ipFamilyPolicy",
				      bl_get(spec, "ipFamilyPolicy"),
				      "must be 'RequireDualStack' or 'PreferDualStack' when "
				      "multiple %s are specified",
				      lists[i]);
	}
}

void bl_service_check_families(struct bl_check *ck, const json_t *spec)
{
	static const char *const policies[] = {"PreferDualStack", "RequireDualStack", "SingleStack",
					       NULL};
	const json_t *ips = bl_get(spec, "clusterIPs");
	const json_t *families = bl_get(spec, "ipFamilies");

	if (bl_service_is_type(spec, "ExternalName"))
		return;
	check_sync(ck, spec);
	check_families(ck, families);
	if (bl_has(spec, "ipFamilyPolicy"))
		(void)bl_check_one_of(ck, "ipFamilyPolicy", bl_str(spec, "ipFamilyPolicy"),
				      policies);
	if (!check_ips(ck, ips))
		return;
	if (json_array_size(ips) > 1 && !is_dual(ips))
		bl_check_invalid(ck, "clusterIPs", ips,
				 "may specify no more than one IP for each IP family");
	if (!bl_service_is_headless(spec))
		check_agreement(ck, ips, families);
	check_policy(ck, spec);
}

/* What the two lists have in common stays what it is, the policy allows what goes. */
static void check_list(struct bl_check *ck, const json_t *spec, const json_t *old, const char *name,
		       const char *unset)
{
	const json_t *now = bl_get(spec, name);
	const json_t *was = bl_get(old, name);
	size_t n = json_array_size(now);
	size_t m = json_array_size(was);
	size_t mark = bl_path_push(&ck->at, name);
	size_t common = n == m ? n : (n && m ? 1 : 0);
	bool ips = bl_streq(name, "clusterIPs");

	if (m > n && n == 0)
		bl_check_invalid(ck, "[0]", now, unset);
	for (size_t i = 0; i < common; i++) {
		size_t inner;

		if (json_equal(json_array_get(now, i), json_array_get(was, i)))
			continue;
		/* The real server always names the first family. */
		inner = bl_path_push_index(&ck->at, ips ? i : 0);
		bl_check_invalid(ck, NULL, now, "may not change once set");
		bl_path_pop(&ck->at, inner);
	}
	bl_path_pop(&ck->at, mark);
	if (m > n && n == 1 && !bl_streq(bl_str(spec, "ipFamilyPolicy"), "SingleStack"))
		bl_check_invalid(ck, "ipFamilyPolicy", bl_get(spec, "ipFamilyPolicy"),
				 ips ? "must be set to 'SingleStack' when releasing the secondary "
				       "clusterIP"
				     : "must be set to 'SingleStack' when releasing the secondary "
				       "ipFamily");
}

void bl_service_check_families_update(struct bl_check *ck, const json_t *spec, const json_t *old)
{
	bool headless = bl_service_is_headless(spec);
	bool was_headless = bl_service_is_headless(old);

	if (bl_service_is_type(spec, "ExternalName") || bl_service_is_type(old, "ExternalName"))
		return;
	if (!headless || !was_headless)
		check_list(ck, spec, old, "clusterIPs", "primary clusterIP can not be unset");
	if (!headless && !was_headless)
		check_list(ck, spec, old, "ipFamilies", "primary ipFamily can not be unset");
}
