/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_APISERVER_SCHEMA_TABLE_H
#define BL_APISERVER_SCHEMA_TABLE_H

#include "apiserver/schema_types.h"

/*
 * The words in which the tables of this folder are written; nobody outside it includes this. A row is a field:
 *
 *	OPT     left out when empty               PTR     kept as given, empty too (a pointer in the API's Go types)
 *	REQ     required, always present          ALW     always present, not required
 *	OBJ     an object behind a pointer        SUB     an object that is always present
 *	MAP     string -> class                   LIST    an atomic list of a class       SET  scalars merged by value
 *	OBJS    an atomic list of objects         KEYED   objects by list-map keys, with the merge key of a strategic patch
 *
 * What a row needs beyond that follows its doc as designated initialisers: MERGED(key), REQUIRED, ATOMIC, RETAIN.
 */
#define CORE "io.k8s.api.core.v1."
#define META "io.k8s.apimachinery.pkg.apis.meta.v1."

#define ROW(name_, class_, shape_, presence_, doc_, ...)                                  \
	{                                                                                 \
		.name = (name_), .class = BL_SCHEMA_##class_, .shape = BL_SHAPE_##shape_, \
		.presence = BL_PRESENT_##presence_, .doc = (doc_), ##__VA_ARGS__          \
	}

#define OPT(name, class, doc, ...)  ROW(name, class, ONE, FULL, doc, ##__VA_ARGS__)
#define PTR(name, class, doc, ...)  ROW(name, class, ONE, GIVEN, doc, ##__VA_ARGS__)
#define ALW(name, class, doc, ...)  ROW(name, class, ONE, ALWAYS, doc, ##__VA_ARGS__)
#define REQ(name, class, doc, ...)  ROW(name, class, ONE, ALWAYS, doc, REQUIRED, ##__VA_ARGS__)
#define MAP(name, class, doc, ...)  ROW(name, class, MAP, FULL, doc, ##__VA_ARGS__)
#define LIST(name, class, doc, ...) ROW(name, class, LIST_ATOMIC, FULL, doc, ##__VA_ARGS__)
#define SET(name, class, doc, ...)  ROW(name, class, LIST_SET, FULL, doc, ##__VA_ARGS__)
#define OBJ(name, sym, doc, ...)    ROW(name, OBJECT, ONE, GIVEN, doc, OF(sym), ##__VA_ARGS__)
#define SUB(name, sym, doc, ...)    ROW(name, OBJECT, ONE, ALWAYS, doc, OF(sym), ##__VA_ARGS__)
#define OBJS(name, sym, doc, ...)   ROW(name, OBJECT, LIST_ATOMIC, FULL, doc, OF(sym), ##__VA_ARGS__)
#define KEYED(name, sym, by, merge, doc, ...) \
	ROW(name, OBJECT, LIST_MAP, FULL, doc, OF(sym), .keys = (by), MERGED(merge), ##__VA_ARGS__)
#define END \
	{   \
	}

#define OF(sym)	    .type = &(sym)
#define REQUIRED    .required = true
#define ATOMIC	    .atomic = true
#define RETAIN	    .retain_keys = true
#define MERGED(key) .merge_key = (key)
#define DEFAULT_TCP .key_defaults = "protocol=TCP"

/* A type from the rows that are called sym_fields. */
#define TYPE(sym, name_, doc_, ...)         \
	const struct bl_schema_type sym = { \
		.name = (name_), .doc = (doc_), .fields = sym##_fields, ##__VA_ARGS__}

/* What each served kind starts with. */
#define KIND_ROWS                                                                   \
	OPT("apiVersion", STRING, "Group and version of this form of the object."), \
		OPT("kind", STRING, "The kind of the object."),                     \
		SUB("metadata", bl_schema_object_meta,                              \
		    "Name, labels and what else every object has.")

/* Types that more than one table file uses. */
extern const struct bl_schema_type bl_schema_affinity;
extern const struct bl_schema_type bl_schema_condition;
extern const struct bl_schema_type bl_schema_container;
extern const struct bl_schema_type bl_schema_container_status;
extern const struct bl_schema_type bl_schema_ephemeral_container;
extern const struct bl_schema_type bl_schema_label_selector;
extern const struct bl_schema_type bl_schema_local_reference;
extern const struct bl_schema_type bl_schema_node_selector;
extern const struct bl_schema_type bl_schema_object_reference;
extern const struct bl_schema_type bl_schema_pod_security_context;
extern const struct bl_schema_type bl_schema_security_context;
extern const struct bl_schema_type bl_schema_probe;
extern const struct bl_schema_type bl_schema_lifecycle;
extern const struct bl_schema_type bl_schema_env_var;
extern const struct bl_schema_type bl_schema_env_from;
extern const struct bl_schema_type bl_schema_field_selector;
extern const struct bl_schema_type bl_schema_resource_field_selector;
extern const struct bl_schema_type bl_schema_resources;
extern const struct bl_schema_type bl_schema_spread_constraint;
extern const struct bl_schema_type bl_schema_toleration;
extern const struct bl_schema_type bl_schema_typed_local_reference;
extern const struct bl_schema_type bl_schema_volume;

#endif
