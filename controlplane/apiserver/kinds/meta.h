/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_APISERVER_KINDS_META_H
#define BL_APISERVER_KINDS_META_H

#include "apiserver/kind.h"

/*
 * The checks of metadata, called by the server beside validate(). Name and namespace are filled in before; a generated
 * name too. On update the metadata that a client may leave out (uid, resourceVersion, creationTimestamp and so on) has been
 * carried over.
 */

/* A create: names, labels, annotations, owners, finalizers. */
void bl_meta_validate(const struct bl_kind *kind, const json_t *obj, struct bl_causes *c);

/*
 * An update or an update of a subresource: the same and what may not change. The real server runs some of these checks in
 * its generic part and again in each kind's, and gives each cause as often; so does this.
 */
void bl_meta_validate_update(const struct bl_kind *kind, const json_t *obj, const json_t *old,
			     bool status, struct bl_causes *c);

/* Labels of any map of a kind (metadata.labels, spec.selector): causes at the path's child `name`. */
void bl_check_labels(struct bl_check *ck, const char *name, const json_t *labels);

/* metav1.LabelSelector at the path's child `name`; absent is fine. */
void bl_check_label_selector(struct bl_check *ck, const char *name, const json_t *selector);

/* Keys and total size, at the path's child `name`. */
void bl_check_annotations(struct bl_check *ck, const char *name, const json_t *annotations);

#endif
