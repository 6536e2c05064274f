/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: The metadata that every object has.
 *
 * The rules are those of k8s.io/apimachinery/pkg/api/validation (objectmeta.go) with what the core
 * group adds for finalizers. A row of the table of kinds says what the name must look like;
 * everything else is the same for all kinds.
 *
 * On an update the real server checks metadata several times: its generic part runs the rules of a
 * create and those of an update, and then each kind's strategy runs the update's rules once more
 * and, by way of its own validation, mostly the create's too. Clients see one cause a run. A label
 * that breaks its grammar thus gives four causes on update of a Service, three of a Lease, one on
 * create. That is copied, since clients compare answers; the message joins the causes and drops
 * what repeats.
 */
#include "apiserver/kinds/meta.h"

#include "apiserver/kinds/names.h"
#include "base/str.h"

static void check_owner(struct bl_check *ck, const json_t *ref)
{
	const char *version = bl_str(ref, "apiVersion");
	const char *slash = strchr(version, '/');
	const char *kind = bl_str(ref, "kind");

	/* "group/version" or "version"; with two slashes it is neither. */
	if ((slash && (slash[1] == '\0' || strchr(slash + 1, '/'))) || *version == '\0')
		bl_check_invalid_str(ck, "apiVersion", version, "version must not be empty");
	if (*kind == '\0')
		bl_check_invalid_str(ck, "kind", kind, "must not be empty");
	if (!bl_has_str(ref, "name"))
		bl_check_invalid_str(ck, "name", "", "must not be empty");
	if (!bl_has_str(ref, "uid"))
		bl_check_invalid_str(ck, "uid", "", "must not be empty");
	if (bl_streq(version, "v1") && bl_streq(kind, "Event"))
		bl_check_invalid(ck, NULL, ref,
				 "/v1, Kind=Event is disallowed from being an owner");
}

static void check_owners(struct bl_check *ck, const json_t *refs)
{
	size_t mark = bl_path_push(&ck->at, "ownerReferences");
	const json_t *first = NULL;

	for (size_t i = 0; i < json_array_size(refs); i++) {
		const json_t *ref = json_array_get(refs, i);

		check_owner(ck, ref);
		if (!bl_bool(ref, "controller"))
			continue;
		if (!first) {
			first = ref;
			continue;
		}
		bl_check_addf(ck, BL_CAUSE_INVALID, NULL, refs,
			      "Only one reference can have Controller set to true. Found \"true\" "
			      "in references for %s/%s and %s/%s",
			      bl_str(first, "kind"), bl_str(first, "name"), bl_str(ref, "kind"),
			      bl_str(ref, "name"));
	}
	bl_path_pop(&ck->at, mark);
}

static void check_finalizers(struct bl_check *ck, const json_t *finalizers)
{
	bool orphan = false;
	bool foreground = false;

	for (size_t i = 0; i < json_array_size(finalizers); i++) {
		const char *name = bl_str_at_index(finalizers, i);

		(void)bl_check_rules(ck, "finalizers", name, bl_rule_qualified_name);
		orphan |= bl_streq(name, "orphan");
		foreground |= bl_streq(name, "foregroundDeletion");
	}
	if (orphan && foreground)
		bl_check_invalid(ck, "finalizers", finalizers,
				 "finalizer orphan and foregroundDeletion cannot be both set");
}

/* What the core group adds: a finalizer without a domain must be one that is known. */
static void check_known_finalizers(struct bl_check *ck, const json_t *finalizers)
{
	for (size_t i = 0; i < json_array_size(finalizers); i++) {
		const char *name = bl_str_at_index(finalizers, i);
		size_t mark;

		if (strchr(name, '/') || bl_streq(name, "orphan") ||
		    bl_streq(name, "foregroundDeletion") || bl_streq(name, "kubernetes"))
			continue;
		mark = bl_path_push(&ck->at, "finalizers");
		bl_path_push_index(&ck->at, i);
		bl_check_invalid_str(ck, NULL, name,
				     "name is neither a standard finalizer name nor is it fully "
				     "qualified");
		bl_path_pop(&ck->at, mark);
	}
}

/* What a create and an update have in common. */
static void check_maps(struct bl_check *ck, const json_t *meta)
{
	bl_check_labels(ck, "labels", bl_get(meta, "labels"));
	bl_check_annotations(ck, "annotations", bl_get(meta, "annotations"));
	check_owners(ck, bl_get(meta, "ownerReferences"));
}

/* ValidateObjectMeta: `rule` is what the name must look like. */
static void check_create(struct bl_check *ck, const struct bl_kind *kind, const json_t *meta,
			 bl_rule_fn rule)
{
	const char *generate = bl_str(meta, "generateName");
	const char *name = bl_str(meta, "name");
	char masked[512];
	size_t n = strlen(generate);

	if (n > 0 && n < sizeof(masked)) {
		/* What is generated behind a trailing dash is alphanumeric. */
		memcpy(masked, generate, n + 1);
		if (n > 1 && masked[n - 1] == '-') {
			masked[n - 2] = 'a';
			masked[n - 1] = '\0';
		}
		(void)bl_check_rules(ck, "generateName", masked, rule);
	}
	if (*name == '\0')
		bl_check_required(ck, "name", "name or generateName is required");
	else
		(void)bl_check_rules(ck, "name", name, rule);

	if (kind->namespaced)
		(void)bl_check_rules(ck, "namespace", bl_str(meta, "namespace"), bl_rule_dns_label);
	else if (bl_has_str(meta, "namespace"))
		bl_check_forbidden(ck, "namespace", "not allowed on this type");
	check_maps(ck, meta);
	check_finalizers(ck, bl_get(meta, "finalizers"));
}

static void check_new_finalizers(struct bl_check *ck, const json_t *meta, const json_t *old)
{
	const json_t *now = bl_get(meta, "finalizers");
	const json_t *before = bl_get(old, "finalizers");

	for (size_t i = 0; i < json_array_size(now); i++) {
		bool found = false;

		for (size_t k = 0; k < json_array_size(before) && !found; k++)
			found = json_equal(json_array_get(now, i), json_array_get(before, k));
		if (found)
			continue;
		bl_check_forbidden(ck, "finalizers",
				   "no new finalizers can be added if the object is being deleted");
		return;
	}
}

/* ValidateObjectMetaUpdate. */
static void check_update(struct bl_check *ck, const json_t *meta, const json_t *old)
{
	static const char *const fixed[] = {"name",
					    "namespace",
					    "uid",
					    "creationTimestamp",
					    "deletionTimestamp",
					    "deletionGracePeriodSeconds"};

	if (bl_has(old, "deletionTimestamp"))
		check_new_finalizers(ck, meta, old);
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		(void)bl_check_immutable(ck, fixed[i], bl_get(meta, fixed[i]),
					 bl_get(old, fixed[i]));
	check_maps(ck, meta);
}

static bl_rule_fn name_rule(const struct bl_kind *kind)
{
	return kind->check_name ? kind->check_name : bl_rule_dns_subdomain;
}

void bl_meta_validate(const struct bl_kind *kind, const json_t *obj, struct bl_causes *c)
{
	struct bl_check ck = {.causes = c};
	const json_t *meta = bl_get(obj, "metadata");

	bl_path_push(&ck.at, "metadata");
	check_create(&ck, kind, meta, name_rule(kind));
	check_known_finalizers(&ck, bl_get(meta, "finalizers"));
}

void bl_meta_validate_update(const struct bl_kind *kind, const json_t *obj, const json_t *old,
			     bool status, struct bl_causes *c)
{
	struct bl_check ck = {.causes = c};
	const json_t *meta = bl_get(obj, "metadata");

	bl_path_push(&ck.at, "metadata");
	/* The generic part, then the kind's own. */
	check_create(&ck, kind, meta, bl_rule_path_segment);
	check_update(&ck, meta, bl_get(old, "metadata"));
	check_update(&ck, meta, bl_get(old, "metadata"));
	if (!status && !kind->update_checks_meta_less) {
		check_create(&ck, kind, meta, name_rule(kind));
		check_known_finalizers(&ck, bl_get(meta, "finalizers"));
	}
}
