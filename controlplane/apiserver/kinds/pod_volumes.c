/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: Volumes of a Pod and where containers mount them.
 *
 * A volume has exactly one source, of some thirty; what stands beside the first one, in the order
 * in which the real server looks, is forbidden by its own name. The sources that a pod of this
 * control plane can use are checked in full (folders, ConfigMaps, Secrets, the pod's own fields,
 * claims); of the others only that there is one source.
 *
 * A mount names a volume of the pod and an absolute path that no other mount of the container has.
 *
 * Paths inside a volume are relative and never climb: "..", as a whole part of a path, is refused.
 */
#include "apiserver/kinds/names.h"
#include "apiserver/kinds/pod.h"
#include "apiserver/kinds/quantity.h"
#include "base/str.h"

/* "..", as a part of a path. */
static bool has_backsteps(const char *path)
{
	for (const char *p = path; (p = strstr(p, "..")); p += 2) {
		if ((p == path || p[-1] == '/') && (p[2] == '\0' || p[2] == '/'))
			return true;
	}
	return false;
}

static void check_local_path(struct bl_check *ck, const char *name, const char *path)
{
	if (*path == '/')
		bl_check_invalid_str(ck, name, path, "must be a relative path");
	if (has_backsteps(path))
		bl_check_invalid_str(ck, name, path, "must not contain '..'");
}

static void check_mode(struct bl_check *ck, const char *name, const json_t *source)
{
	static const char rule[] = "must be a number between 0 and 0777 (octal), both inclusive";
	long long mode = bl_int(source, name);

	if (bl_has(source, name) && (mode < 0 || mode > 0777))
		bl_check_invalid(ck, name, bl_get(source, name), rule);
}

static void check_items(struct bl_check *ck, const json_t *items)
{
	for (size_t i = 0; i < json_array_size(items); i++) {
		const json_t *item = json_array_get(items, i);
		size_t mark = bl_path_push(&ck->at, "items");

		bl_path_push_index(&ck->at, i);
		if (!bl_has_str(item, "key"))
			bl_check_required(ck, "key", "");
		if (!bl_has_str(item, "path"))
			bl_check_required(ck, "path", "");
		else
			check_local_path(ck, "path", bl_str(item, "path"));
		check_mode(ck, "mode", item);
		bl_path_pop(&ck->at, mark);
	}
}

static void check_empty_dir(struct bl_check *ck, const json_t *source)
{
	__int128 nano = 0;

	(void)bl_quantity_parse(bl_get(source, "sizeLimit"), &nano);
	if (nano < 0)
		bl_check_forbidden(ck, "sizeLimit",
				   "SizeLimit field must be a valid resource quantity");
}

static void check_host_path(struct bl_check *ck, const json_t *source)
{
	static const char *const types[] = {
		"",	"BlockDevice",	"CharDevice", "Directory", "DirectoryOrCreate",
		"File", "FileOrCreate", "Socket",     NULL};

	if (!bl_has_str(source, "path")) {
		bl_check_required(ck, "path", "");
		return;
	}
	if (has_backsteps(bl_str(source, "path")))
		bl_check_invalid(ck, "path", bl_get(source, "path"), "must not contain '..'");
	(void)bl_check_one_of(ck, "type", bl_str(source, "type"), types);
}

static void check_secret(struct bl_check *ck, const json_t *source)
{
	if (!bl_has_str(source, "secretName"))
		bl_check_required(ck, "secretName", "");
	check_mode(ck, "defaultMode", source);
	check_items(ck, bl_get(source, "items"));
}

static void check_config_map(struct bl_check *ck, const json_t *source)
{
	if (!bl_has_str(source, "name"))
		bl_check_required(ck, "name", "");
	check_mode(ck, "defaultMode", source);
	check_items(ck, bl_get(source, "items"));
}

static void check_claim(struct bl_check *ck, const json_t *source)
{
	if (!bl_has_str(source, "claimName"))
		bl_check_required(ck, "claimName", "");
}

static void check_fields(struct bl_check *ck, const json_t *items)
{
	for (size_t i = 0; i < json_array_size(items); i++) {
		const json_t *item = json_array_get(items, i);
		/* The real server leaves the list's name and index out of the path. */
		if (!bl_has_str(item, "path"))
			bl_check_required(ck, "path", "");
		else
			check_local_path(ck, "path", bl_str(item, "path"));
		if (bl_has(item, "fieldRef") && bl_has(item, "resourceFieldRef"))
			bl_check_invalid_str(ck, NULL, "resource",
					     "fieldRef and resourceFieldRef can not be specified "
					     "simultaneously");
		if (bl_has(item, "fieldRef"))
			bl_pod_check_field_ref(ck, "fieldRef", bl_get(item, "fieldRef"), false);
		else if (!bl_has(item, "resourceFieldRef"))
			bl_check_required(ck, "fieldRef",
					  "must specify one of: `fieldRef` or `resourceFieldRef`");
		check_mode(ck, "mode", item);
	}
}

static void check_downward(struct bl_check *ck, const json_t *source)
{
	check_mode(ck, "defaultMode", source);
	check_fields(ck, bl_get(source, "items"));
}

static void check_projected(struct bl_check *ck, const json_t *source)
{
	const json_t *sources = bl_get(source, "sources");

	check_mode(ck, "defaultMode", source);
	for (size_t i = 0; i < json_array_size(sources); i++) {
		const json_t *one = json_array_get(sources, i);
		size_t mark = bl_path_push(&ck->at, "sources");

		bl_path_push_index(&ck->at, i);
		if (json_object_size(one) == 0)
			bl_check_required(ck, NULL, "must specify a source");
		if (json_object_size(one) > 1)
			bl_check_forbidden(ck, NULL, "may not specify more than 1 volume type");
		bl_path_pop(&ck->at, mark);
	}
}

/* In the order in which the real server looks; those without a function are not looked into. */
static const struct source {
	const char *name;
	void (*check)(struct bl_check *ck, const json_t *source);
} sources[] = {
	{"emptyDir", check_empty_dir},
	{"hostPath", check_host_path},
	{"gitRepo", NULL},
	{"gcePersistentDisk", NULL},
	{"awsElasticBlockStore", NULL},
	{"secret", check_secret},
	{"nfs", NULL},
	{"iscsi", NULL},
	{"glusterfs", NULL},
	{"flexVolume", NULL},
	{"configMap", check_config_map},
	{"persistentVolumeClaim", check_claim},
	{"rbd", NULL},
	{"cinder", NULL},
	{"cephfs", NULL},
	{"flocker", NULL},
	{"fc", NULL},
	{"downwardAPI", check_downward},
	{"azureFile", NULL},
	{"vsphereVolume", NULL},
	{"photonPersistentDisk", NULL},
	{"portworxVolume", NULL},
	{"quobyte", NULL},
	{"azureDisk", NULL},
	{"storageos", NULL},
	{"projected", check_projected},
	{"scaleIO", NULL},
	{"csi", NULL},
	{"ephemeral", NULL},
	{"image", NULL},
};

static void check_source(struct bl_check *ck, const json_t *volume)
{
	unsigned int count = 0;

	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		size_t mark;

		if (!bl_has(volume, sources[i].name))
			continue;
		if (count++ > 0) {
			bl_check_forbidden(ck, sources[i].name,
					   "may not specify more than 1 volume type");
			continue;
		}
		mark = bl_path_push(&ck->at, sources[i].name);
		if (sources[i].check)
			sources[i].check(ck, bl_get(volume, sources[i].name));
		bl_path_pop(&ck->at, mark);
	}
	if (count == 0)
		bl_check_required(ck, NULL, "must specify a volume type");
}

static bool named_before(const json_t *volumes, size_t end, const char *name)
{
	for (size_t i = 0; i < end; i++) {
		if (bl_streq(bl_str(json_array_get(volumes, i), "name"), name))
			return true;
	}
	return false;
}

void bl_pod_check_volumes(struct bl_check *ck, const json_t *spec)
{
	const json_t *volumes = bl_get(spec, "volumes");

	for (size_t i = 0; i < json_array_size(volumes); i++) {
		const json_t *volume = json_array_get(volumes, i);
		const char *name = bl_str(volume, "name");
		size_t mark = bl_path_push(&ck->at, "volumes");

		bl_path_push_index(&ck->at, i);
		check_source(ck, volume);
		if (*name == '\0')
			bl_check_required(ck, "name", "");
		else if (bl_check_rules(ck, "name", name, bl_rule_dns_label) &&
			 named_before(volumes, i, name))
			bl_check_duplicate(ck, "name", bl_get(volume, "name"));
		bl_path_pop(&ck->at, mark);
	}
}

static void check_mount(struct bl_check *ck, const json_t *mounts, size_t i, const json_t *volumes)
{
	const json_t *mount = json_array_get(mounts, i);
	const char *path = bl_str(mount, "mountPath");

	if (!bl_has_str(mount, "name"))
		bl_check_required(ck, "name", "");
	if (!named_before(volumes, json_array_size(volumes), bl_str(mount, "name")))
		bl_check_add(ck, BL_CAUSE_NOT_FOUND, "name", bl_get(mount, "name"), "");
	if (*path == '\0')
		bl_check_required(ck, "mountPath", "");
	for (size_t k = 0; k < i; k++) {
		if (!bl_streq(bl_str(json_array_get(mounts, k), "mountPath"), path))
			continue;
		bl_check_invalid_str(ck, "mountPath", path, "must be unique");
		break;
	}
	if (bl_has_str(mount, "subPath"))
		check_local_path(ck, "subPath", bl_str(mount, "subPath"));
	if (bl_has_str(mount, "subPathExpr")) {
		if (bl_has_str(mount, "subPath"))
			bl_check_invalid(ck, "subPathExpr", bl_get(mount, "subPathExpr"),
					 "subPathExpr and subPath are mutually exclusive");
		check_local_path(ck, "subPathExpr", bl_str(mount, "subPathExpr"));
	}
}

void bl_pod_check_mounts(struct bl_check *ck, const json_t *container, const json_t *volumes)
{
	const json_t *mounts = bl_get(container, "volumeMounts");

	for (size_t i = 0; i < json_array_size(mounts); i++) {
		size_t mark = bl_path_push(&ck->at, "volumeMounts");

		bl_path_push_index(&ck->at, i);
		check_mount(ck, mounts, i, volumes);
		bl_path_pop(&ck->at, mark);
	}
}
