/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_APISERVER_KINDS_POD_H
#define BL_APISERVER_KINDS_POD_H

#include "apiserver/kind.h"
#include "apiserver/kinds/check.h"

/* The parts of a Pod's row, one file an idea. Checks stand at the path of what they check. */

/* pod_defaults.c */
void bl_pod_defaults(json_t *obj);

/* pod_admission.c: what the real server's admission adds and refuses at create */
void bl_pod_admit(json_t *obj);
void bl_pod_add_tolerations(json_t *spec); /* at update too */
const char *bl_pod_forbids(const json_t *obj, char buf[256]);

/* pod_resources.c */
void bl_pod_check_resources(struct bl_check *ck, const json_t *container);
const char *bl_pod_qos_class(const json_t *spec);

/* pod_volumes.c */
void bl_pod_check_volumes(struct bl_check *ck, const json_t *spec);
void bl_pod_check_mounts(struct bl_check *ck, const json_t *container, const json_t *volumes);

/* pod_env.c */
void bl_pod_check_env(struct bl_check *ck, const json_t *container);
void bl_pod_check_field_ref(struct bl_check *ck, const char *name, const json_t *ref, bool env);

/* pod_probes.c */
void bl_pod_check_probes(struct bl_check *ck, const json_t *container);
void bl_pod_check_lifecycle(struct bl_check *ck, const json_t *container);

/* pod_affinity.c */
void bl_pod_check_affinity(struct bl_check *ck, const json_t *affinity);

/* pod_containers.c: containers, initContainers, ephemeralContainers, at the path of the spec */
void bl_pod_check_containers(struct bl_check *ck, const json_t *spec);

/* pod_spec.c */
void bl_pod_validate(const json_t *obj, struct bl_causes *c);

/* pod_update.c */
void bl_pod_validate_update(const json_t *obj, const json_t *old, struct bl_causes *c);
void bl_pod_validate_status(const json_t *obj, const json_t *old, struct bl_causes *c);

/* pod_warnings.c */
void bl_pod_warn(const json_t *obj, const json_t *old, json_t *warnings);

/* pod_table.c */
extern const struct bl_column bl_pod_columns[];
json_t *bl_pod_cells(const json_t *obj, long long now_ns);

/* Calls fn with each container: containers, initContainers, ephemeralContainers. */
void bl_pod_each_container(json_t *spec, void (*fn)(json_t *container, void *arg), void *arg);

#endif
